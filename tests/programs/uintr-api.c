// SPDX-License-Identifier: MIT
/*
 * User interrupts between Linux threads, the receiver's side: what <crtos/uapi.h> promises of
 * registration, delivery and waiting. Bad input to a thread that has nothing is the matter of
 * ioctl-table, the sender's side that of uintr-sender.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "cases.h"

#define RED_ZONE 128
#define HANDLER_MAX 512 /* more than the code of count_interrupt() */
#define RECEIVERS_MAX 1024
#define FRAME_AND_ALIGN (sizeof(struct crtos_uintr_frame) + 16)

/* --- registration ---------------------------------------------------------------------------- */

static void registration(void)
{
	uint32_t flag = 1;

	clui();
	EXPECT(0, uintr_register(&mine));
	EXPECT(0, testui());
	EXPECT(-EBUSY, uintr_register(&mine));
	EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_UNREGISTER, &flag));
	EXPECT(-ENOSPC, uintr_vector_fd(CRTOS_UINTR_VECTORS));
	EXPECT(-ENOSPC, uintr_self(CRTOS_UINTR_VECTORS));
	EXPECT(-EINVAL, uintr_wait(1000000001));
	stui();
	EXPECT(1, testui());
	EXPECT(0, uintr_unregister());
	EXPECT(-EINVAL, uintr_unregister());
	EXPECT(-EINVAL, uintr_vector_fd(0));
	EXPECT(-EOPNOTSUPP, uintr_wait(1000));
	EXPECT(0, uintr_register(&mine));
}

static void descriptor(void)
{
	int fd;

	become_receiver();
	fd = uintr_vector_fd(5);
	REQUIRE(fd >= 0);
	EXPECT(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT(0, uintr_sender(fd));
	EXPECT(-EOPNOTSUPP, uintr_sender(device));
	close(fd);
	EXPECT(-EBADF, uintr_sender(fd));
	senduipi(0);
	REQUIRE(reaches(&mine.got[5], 1, SECONDS));
}

static int registered = -1;

static void on_signal_register(int signal)
{
	(void)signal;
	registered = uintr_register(&mine);
	stui();
}

static void registered_in_signal_handler(void)
{
	clui();
	signal(SIGUSR1, on_signal_register);
	raise(SIGUSR1);
	EXPECT(0, registered);
	EXPECT(1, testui());
	EXPECT(0, uintr_self(6));
	senduipi(0);
	REQUIRE(reaches(&mine.got[6], 1, SECONDS));
}

static void all_upids(void)
{
	struct crtos_check c;
	struct thread *t;
	unsigned int i, n;

	EXPECT(0, crtos_check(&c));
	n = c.upids_total - c.upids_used;
	REQUIRE(n <= RECEIVERS_MAX);
	t = calloc(n, sizeof(*t));
	for (i = 0; i < n; i++) {
		thread_start(&t[i]);
		REQUIRE(t[i].fd >= 0);
	}
	EXPECT(-ENOSPC, uintr_register(&mine));
	EXPECT(0, crtos_check(&c));
	EXPECT(c.upids_total, c.upids_used);
	thread_stop(&t[n / 2]);
	EXPECT(-ENOSPC, uintr_register(&mine)); /* the descriptor keeps it */
	close(t[n / 2].fd);
	EXPECT(c.upids_total - 1, upids_used(c.upids_total - 1));
	EXPECT(0, uintr_register(&mine));
}

/* --- delivery -------------------------------------------------------------------------------- */

static void every_vector(void)
{
	unsigned int v;

	become_receiver();
	for (v = 0; v < CRTOS_UINTR_VECTORS; v++)
		EXPECT(v, uintr_self(v));
	for (v = 0; v < CRTOS_UINTR_VECTORS; v++) {
		senduipi(v);
		REQUIRE(reaches(&mine.total, v + 1, SECONDS));
		EXPECT(1, mine.got[v]);
		EXPECT(v, mine.order[v % ORDER]);
	}
	EXPECT(1, testui());
}

static void highest_first(void)
{
	static const unsigned int vectors[] = { 3, 63, 0, 32, 31 };
	static const unsigned int order[] = { 63, 32, 31, 3, 0 };
	unsigned int i;

	become_receiver();
	clui();
	for (i = 0; i < 5; i++)
		EXPECT(i, uintr_self(vectors[i]));
	for (i = 0; i < 5; i++)
		senduipi(i);
	stui();
	REQUIRE(reaches(&mine.total, 5, SECONDS));
	for (i = 0; i < 5; i++)
		EXPECT(order[i], mine.order[i]);
	usleep(1000);
	EXPECT(5, mine.total);
}

static void coalescing(void)
{
	become_receiver();
	EXPECT(0, uintr_self(5));
	clui();
	senduipi(0);
	senduipi(0);
	usleep(1000);
	senduipi(0);
	stui();
	REQUIRE(reaches(&mine.got[5], 1, SECONDS));
	usleep(10000);
	EXPECT(1, mine.total);
}

static void pending_while_masked(void)
{
	int cpu, cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	become_receiver();
	EXPECT(0, uintr_self(40));
	clui();
	senduipi(0);
	for (cpu = 0; cpu < cpus; cpu++) {
		move_to_cpu(0, cpu);
		usleep(5000);
		EXPECT(0, testui());
		EXPECT(0, mine.total);
	}
	stui();
	REQUIRE(reaches(&mine.got[40], 1, SECONDS));
}

static void on_every_cpu(void)
{
	int cpu, cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long round, sent = 0;

	become_receiver();
	EXPECT(0, uintr_self(1));
	for (round = 0; round < 10; round++) {
		for (cpu = 0; cpu < cpus; cpu++) {
			REQUIRE(move_to_cpu(0, cpu));
			senduipi(0);
			REQUIRE(reaches(&mine.total, ++sent, SECONDS));
		}
	}
}

static void red_zone(void)
{
	uint64_t depth;

	become_receiver();
	EXPECT(0, uintr_self(1));
	senduipi(0);
	REQUIRE(reaches(&mine.total, 1, SECONDS));
	depth = mine.interrupted_rsp - mine.frame;
	REQUIRE(depth >= RED_ZONE + sizeof(struct crtos_uintr_frame));
	REQUIRE(depth <= RED_ZONE + FRAME_AND_ALIGN);
}

/* Memory that has no page behind it yet. */
static char *cold(size_t size)
{
	unsigned char there = 1;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	EXPECT(0, mincore(p + size - PAGE, PAGE, &there));
	EXPECT(0, there & 1);
	return p;
}

/* One interrupt of entry 0; its frame must lie at the very top of the area. */
static void lands_below(const char *top, unsigned long nth)
{
	senduipi(0);
	REQUIRE(reaches(&mine.total, nth, SECONDS));
	REQUIRE(mine.frame + sizeof(struct crtos_uintr_frame) <= (uint64_t)top);
	REQUIRE(mine.frame + FRAME_AND_ALIGN > (uint64_t)top);
	EXPECT(0, mine.frame % 16);
}

static void alternate_stack(void)
{
	const size_t size = 4 * PAGE;
	char *area = cold(size);

	become_receiver();
	EXPECT(0, uintr_self(1));
	EXPECT(-EINVAL, uintr_stack(area, PAGE - 1));
	EXPECT(0, uintr_stack(area, size));
	lands_below(area + size, 1);
	EXPECT(0, uintr_stack(area, size - 8));
	lands_below(area + size - 8, 2);
	EXPECT(0, uintr_stack(NULL, 0));
	senduipi(0);
	REQUIRE(reaches(&mine.total, 3, SECONDS));
	REQUIRE(mine.frame < (uint64_t)area || mine.frame >= (uint64_t)area + size);
	REQUIRE(mine.interrupted_rsp - mine.frame <= RED_ZONE + FRAME_AND_ALIGN);
}

/* The pages that delivery needs are not there: it faults in the middle, and is done once. */
static void cold_handler_and_stack(void)
{
	const size_t size = 4 * PAGE;
	char *area = cold(size), *code;
	struct rusage before, after;
	int fd = memfd_create("handler", 0);

	EXPECT(HANDLER_MAX, write(fd, (const void *)count_interrupt, HANDLER_MAX));
	EXPECT(0, ftruncate(fd, PAGE));
	code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	REQUIRE(code != MAP_FAILED);

	receiver = &mine;
	EXPECT(0, uintr_register_handler((uint64_t)code));
	clui();
	EXPECT(0, uintr_stack(area, size));
	EXPECT(0, uintr_self(7));
	EXPECT(1, uintr_self(9));
	senduipi(0);
	senduipi(1);
	EXPECT(0, getrusage(RUSAGE_THREAD, &before));
	stui();
	REQUIRE(reaches(&mine.total, 2, SECONDS));
	EXPECT(0, getrusage(RUSAGE_THREAD, &after));
	REQUIRE(after.ru_minflt - before.ru_minflt >= 2);
	EXPECT(1, mine.got[7]);
	EXPECT(1, mine.got[9]);
	EXPECT(9, mine.order[0]);
	EXPECT(1, testui());
	usleep(1000);
	EXPECT(2, mine.total);
}

static void no_stack_there(void)
{
	char *area = cold(4 * PAGE);
	int *come_so_far = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				0);
	pid_t pid = fork_child();

	if (!pid) {
		become_receiver();
		EXPECT(0, uintr_self(1));
		EXPECT(0, uintr_stack(area, 4 * PAGE));
		EXPECT(0, munmap(area, 4 * PAGE));
		*come_so_far = 1;
		senduipi(0);
		usleep(100000);
		_exit(0);
	}
	EXPECT(-SIGSEGV, ended(pid));
	EXPECT(1, *come_so_far);
}

/* --- waiting --------------------------------------------------------------------------------- */

static void wait_times_out(void)
{
	double start;

	become_receiver();
	EXPECT(0, uintr_wait(0));
	start = now();
	EXPECT(0, uintr_wait(100000));
	REQUIRE(now() - start >= 0.1);
	REQUIRE(now() - start < SECONDS);
	EXPECT(1, testui());
}

static void wait_finds_pending(void)
{
	become_receiver();
	EXPECT(0, uintr_self(3));
	clui();
	senduipi(0);
	EXPECT(-EINTR, uintr_wait(SECONDS * 1000000));
	EXPECT(-EINTR, uintr_wait(SECONDS * 1000000));
	EXPECT(0, testui());
	EXPECT(0, mine.total);
	stui();
	REQUIRE(reaches(&mine.total, 1, SECONDS));
	EXPECT(0, uintr_wait(1000));
	EXPECT(1, mine.total);
}

static void *send_later(void *arg)
{
	int index = uintr_sender(*(int *)arg);

	usleep(50000);
	if (index >= 0)
		senduipi((uint64_t)index);
	return NULL;
}

static void wait_is_woken(void)
{
	pthread_t sender;
	double start;
	int fd;

	become_receiver();
	fd = uintr_vector_fd(3);
	REQUIRE(fd >= 0);
	start = now();
	EXPECT(0, pthread_create(&sender, NULL, send_later, &fd));
	EXPECT(-EINTR, uintr_wait(2 * SECONDS * 1000000));
	REQUIRE(now() - start < SECONDS);
	EXPECT(1, mine.got[3]);
	EXPECT(0, pthread_join(sender, NULL));
}

static void on_signal(int signal)
{
	(void)signal;
}

static void wait_is_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval timer = { .it_value = { .tv_usec = 50000 } };
	double start = now();

	become_receiver();
	EXPECT(0, sigaction(SIGALRM, &action, NULL));
	EXPECT(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT(-EINTR, uintr_wait(2 * SECONDS * 1000000));
	REQUIRE(now() - start < SECONDS);
	EXPECT(0, mine.total);
}

static const struct test tests[] = {
	{ "register, unregister, register again", registration },
	{ "a vector descriptor is close-on-exec and no other", descriptor },
	{ "registered inside a signal handler", registered_in_signal_handler },
	{ "no more receivers than UPIDs", all_upids },
	{ "every vector arrives with its number", every_vector },
	{ "the highest vector first", highest_first },
	{ "one vector sent three times is one interrupt", coalescing },
	{ "an interrupt stays pending while UIF = 0", pending_while_masked },
	{ "delivery on every CPU", on_every_cpu },
	{ "the red zone is left alone", red_zone },
	{ "an alternate stack is used from its top", alternate_stack },
	{ "handler and stack that must be paged in", cold_handler_and_stack },
	{ "an alternate stack that is not there kills", no_stack_there },
	{ "wait returns after its time", wait_times_out },
	{ "wait returns at once when an interrupt is pending", wait_finds_pending },
	{ "wait is ended by a user interrupt", wait_is_woken },
	{ "wait is ended by a signal", wait_is_interrupted },
};

int main(void)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	return RUN_TESTS(tests);
}
