// SPDX-License-Identifier: MIT
/*
 * On a kernel that manages user interrupts itself: a thread is the kernel's or the module's, never
 * both, and the module's threads keep working while the kernel saves and loads their state. Needs
 * /dev/cpu/N/msr.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "cases.h"

#define SYS_UINTR_REGISTER_HANDLER 471
#define SYS_UINTR_UNREGISTER_HANDLER 472
#define KERNELS_VECTOR 0xec
#define MSRS 6
#define ROUNDS 300
#define FORKS 300

static long kernel_register(void)
{
	return syscall(SYS_UINTR_REGISTER_HANDLER, count_interrupt, 0) ? -errno : 0;
}

static long kernel_unregister(void)
{
	return syscall(SYS_UINTR_UNREGISTER_HANDLER, 0) ? -errno : 0;
}

/* What the CPU of the calling thread, which stays on it, holds: RR to TT. */
static void read_msrs(uint64_t *value)
{
	char path[32];
	int cpu = sched_getcpu(), fd, i;

	EXPECT(1, move_to_cpu(0, cpu));
	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0);
	for (i = 0; i < MSRS; i++)
		EXPECT(8, pread(fd, &value[i], 8, CRTOS_MSR_UINTR_RR + i));
	close(fd);
}

static uint64_t msr(int number)
{
	uint64_t value[MSRS];

	read_msrs(value);
	return value[number - CRTOS_MSR_UINTR_RR];
}

static void become_the_kernels(void)
{
	EXPECT(0, kernel_register());
	EXPECT(-EBUSY, kernel_register());
	EXPECT((long)count_interrupt, msr(CRTOS_MSR_UINTR_HANDLER));
	REQUIRE(msr(CRTOS_MSR_UINTR_PD));
}

/* The module refuses each way to get state, and changes nothing. */
static void kernels_thread(void)
{
	struct thread t = { .vector = 1 };
	uint64_t before[MSRS], after[MSRS];

	thread_start(&t);
	REQUIRE(t.fd >= 0);
	become_the_kernels();
	read_msrs(before);
	EXPECT(-EBUSY, uintr_register(&mine));
	EXPECT(-EBUSY, uintr_sender(t.fd));
	EXPECT(-EINVAL, uintr_self(1));
	EXPECT(-EINVAL, uintr_unregister());
	read_msrs(after);
	EXPECT(0, memcmp(before, after, sizeof(before)));
	thread_stop(&t);
}

/* The process has a table; a thread of the kernel's does not get it behind the kernel's back. */
static void *own_the_thread(void *arg)
{
	(void)arg;
	become_the_kernels();
	senduipi(0);
	return NULL;
}

static void kernels_thread_beside_a_sender(void)
{
	pthread_t thread;
	pid_t pid = fork_child();

	if (!pid) {
		become_receiver();
		EXPECT(0, uintr_self(2));
		senduipi(0);
		REQUIRE(reaches(&mine.got[2], 1, SECONDS));
		EXPECT(0, pthread_create(&thread, NULL, own_the_thread, NULL));
		pthread_join(thread, NULL);
		_exit(0);
	}
	EXPECT(-SIGILL, ended(pid));
}

static void own_again(void)
{
	become_the_kernels();
	EXPECT(-EBUSY, uintr_register(&mine));
	EXPECT(0, kernel_unregister());
	EXPECT(0, msr(CRTOS_MSR_UINTR_PD));
	become_receiver();
	EXPECT(0, uintr_self(3));
	senduipi(0);
	REQUIRE(reaches(&mine.got[3], 1, SECONDS));
	EXPECT(0, uintr_unregister());
	EXPECT(0, msr(CRTOS_MSR_UINTR_PD));
}

static void child_of_the_kernels(void)
{
	pid_t pid;

	become_the_kernels();
	pid = fork_child();
	if (!pid) {
		EXPECT(0, msr(CRTOS_MSR_UINTR_PD));
		become_receiver();
		EXPECT(0, uintr_self(4));
		senduipi(0);
		REQUIRE(reaches(&mine.got[4], 1, SECONDS));
		_exit(0);
	}
	EXPECT(0, ended(pid));
	REQUIRE(msr(CRTOS_MSR_UINTR_PD));
}

/* The kernel does not know of the module and takes the thread over; the module lets go. */
static void taken_over(void)
{
	struct thread t = { .vector = 5, .spin = 1 };
	uint64_t pd;
	int i;

	thread_start(&t);
	REQUIRE(t.fd >= 0);
	become_receiver();
	EXPECT(0, uintr_sender(t.fd));
	pd = msr(CRTOS_MSR_UINTR_PD);
	EXPECT(0, kernel_register());
	for (i = 0; i < 10; i++) {
		REQUIRE(msr(CRTOS_MSR_UINTR_PD) && msr(CRTOS_MSR_UINTR_PD) != pd);
		EXPECT(0, msr(CRTOS_MSR_UINTR_TT));
		usleep(1000);
	}
	EXPECT(0, uintr_unregister());
	pd = msr(CRTOS_MSR_UINTR_PD);
	REQUIRE(pd);
	usleep(1000);
	EXPECT(pd, msr(CRTOS_MSR_UINTR_PD));
	EXPECT(0, kernel_unregister());
	thread_stop(&t);
}

/* Fork saves the state, and so clears UINV, while the thread goes on. */
static void *fork_all_the_time(void *arg)
{
	struct thread *t = arg;
	pid_t pid;

	t->fd = uintr_register(&t->r);
	if (!t->fd)
		t->fd = uintr_vector_fd(t->vector);
	stui();
	t->ready = 1;
	while (!t->stop) {
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return NULL;
}

static void forking_receiver(void)
{
	struct thread t = { .vector = 6 };
	unsigned long i;

	EXPECT(0, pthread_create(&t.id, NULL, fork_all_the_time, &t));
	while (!t.ready)
		sched_yield();
	EXPECT(0, uintr_sender(t.fd));
	for (i = 1; i <= ROUNDS; i++) {
		senduipi(0);
		REQUIRE(reaches(&t.r.got[6], i, SECONDS));
	}
	EXPECT(ROUNDS, t.r.total);
	thread_stop(&t);
}

/* The CPU takes notifications by itself again, at once, often without a context switch after the fork. */
static void spinning_after_fork(void)
{
	unsigned long i;
	pid_t pid;

	become_receiver();
	EXPECT(0, uintr_self(7));
	for (i = 1; i <= ROUNDS; i++) {
		pid = fork();
		if (!pid)
			_exit(0);
		EXPECT(KERNELS_VECTOR, msr(CRTOS_MSR_UINTR_MISC) >> CRTOS_MISC_UINV_SHIFT);
		senduipi(0);
		REQUIRE(reaches(&mine.got[7], i, SECONDS));
		waitpid(pid, NULL, 0);
	}
}

/* One send in each round, at any time around the receiver's fork. */
struct fork_rounds {
	volatile unsigned long round;
	volatile double seconds; /* that a fork takes */
	volatile int ready;
	int fd;
};

static void *send_around_forks(void *arg)
{
	struct fork_rounds *f = arg;
	unsigned long done = 0;
	unsigned int seed = 1;
	double until;
	long index;

	EXPECT(1, move_to_cpu(0, 0));
	index = uintr_sender(f->fd);
	REQUIRE(index >= 0);
	f->ready = 1;
	while (done < FORKS) {
		if (f->round == done)
			continue;
		until = now() + f->seconds * rand_r(&seed) / RAND_MAX;
		while (now() < until)
			;
		senduipi(index);
		done++;
	}
	return NULL;
}

/* Else one who spins is switched out for a moment in each second. */
static void no_throttling(void)
{
	int fd = open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY | O_CLOEXEC);

	REQUIRE(fd >= 0);
	EXPECT(2, write(fd, "-1", 2));
	close(fd);
}

/*
 * A notification between the saving in fork and the return to user mode finds no UINV, and only the
 * return can make up for it: nothing else runs on this CPU.
 */
static void notified_inside_fork(void)
{
	struct sched_param priority = { .sched_priority = 1 };
	struct fork_rounds f = { 0 };
	double start, end;
	pthread_t sender;
	pid_t pid;

	become_receiver();
	f.fd = uintr_vector_fd(8);
	REQUIRE(f.fd >= 0);
	start = now();
	pid = fork_child();
	if (!pid)
		_exit(0);
	f.seconds = now() - start;
	EXPECT(0, ended(pid));
	EXPECT(0, pthread_create(&sender, NULL, send_around_forks, &f));
	while (!f.ready)
		sched_yield();
	no_throttling();
	EXPECT(1, move_to_cpu(0, 1));
	EXPECT(0, sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority));
	while (f.round < FORKS) {
		f.round++;
		start = now();
		pid = fork();
		if (!pid)
			_exit(0);
		end = now() + SECONDS;
		f.seconds += (end - SECONDS - start - f.seconds) / 8;
		while (mine.got[8] < f.round && now() < end)
			__builtin_ia32_pause();
		EXPECT(f.round, mine.got[8]);
		waitpid(pid, NULL, 0);
	}
	pthread_join(sender, NULL);
}

static const struct test tests[] = {
	{ "the module leaves a thread of the kernel's alone", kernels_thread },
	{ "a thread of the kernel's does not send with its process's table",
	  kernels_thread_beside_a_sender },
	{ "what the kernel gave back is the module's to use", own_again },
	{ "a child of the kernel's thread is free", child_of_the_kernels },
	{ "the module gives way when the kernel takes a thread over", taken_over },
	{ "a receiver that forks loses nothing", forking_receiver },
	{ "nor does one that spins after a fork", spinning_after_fork },
	{ "nor what comes inside the fork", notified_inside_fork },
};

int main(void)
{
	device = open("/dev/crtos", O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror("/dev/crtos");
		return 2;
	}
	case_seconds = 120;
	return RUN_TESTS(tests);
}
