// SPDX-License-Identifier: MIT
/*
 * System calls that a user interrupt ends (CRTOS_WAITING_*): senders, ends of threads and CPUs that
 * race with the sleep.
 *
 *	uintr-waiting-races [ROUNDS]	all tests, the race with so many rounds (100000); prints TAP
 */
#define _GNU_SOURCE
#include "sleeps.h"

#define STARTS 200 /* processes that end in their sleep */

static unsigned long race_rounds = 100000;

static unsigned int random_state = 1;

static unsigned int random_below(unsigned int limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % limit;
}

static void burn(unsigned long loops)
{
	while (loops--)
		__asm__ volatile("");
}

static volatile unsigned long answered;

static void *send_at_random(void *unused)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long round;

	/* From before the receiver enters the kernel until after it sleeps. */
	for (round = 1; round <= race_rounds; round++) {
		if (!random_below(64))
			move_to_cpu(sleeper, (int)random_below((unsigned int)cpus));
		burn(random_below(1u << random_below(18)));
		senduipi(0);
		while (answered != round)
			;
	}
	return unused;
}

static void race(void)
{
	struct call calls[KINDS];
	unsigned long eintr = 0, skipped = 0;
	unsigned long seen;
	size_t i;
	long ret;

	alarm((unsigned int)(60 + race_rounds / 50));
	for (i = 0; i < KINDS; i++)
		calls[i] = kinds[i].prepare();
	become(FLAGS);
	sleeper = gettid();
	start_helper(send_at_random);
	while (answered < race_rounds) {
		seen = answered;
		/* So that it comes before the call, too. */
		burn((seen * 2654435761u >> 8) % (1u << seen % 14));
		ret = guarded_call(&calls[i++ % KINDS], &mine.total, seen);
		eintr += ret == -EINTR;
		skipped += ret == SKIPPED;
		REQUIRE(ret == -EINTR || ret == SKIPPED);
		EXPECT(seen + 1, mine.total);
		answered = seen + 1;
	}
	EXPECT(0, pthread_join(helper, NULL));
	EXPECT(race_rounds, mine.total);
	printf("# %lu calls ended, %lu not begun\n", eintr, skipped);
	fflush(stdout);
	REQUIRE(eintr > race_rounds / 20);
}

static void *sleep_and_be_cancelled(void *arg)
{
	struct thread *t = arg;
	struct crtos_uintr_handler handler = { (uint64_t)count_interrupt, FLAGS, 0 };

	receiver = &t->r;
	t->fd = device_call(CRTOS_IOC_UINTR_REGISTER, &handler);
	if (!t->fd)
		t->fd = uintr_vector_fd(1);
	stui();
	t->ready = 1;
	while (!t->stop)
		pause();
	return NULL;
}

/* The receiver is killed in its sleep, before, while or after a user interrupt wakes it. */
static void killed_while_woken(void)
{
	int i;

	for (i = 0; i < STARTS; i++) {
		struct thread t = { .vector = 1 };
		pid_t pid = fork_child();

		if (pid) {
			EXPECT(-SIGKILL, ended(pid));
			continue;
		}
		random_state = (unsigned int)i + 1;
		EXPECT(0, pthread_create(&t.id, NULL, sleep_and_be_cancelled, &t));
		while (!t.ready)
			sched_yield();
		EXPECT(0, uintr_sender(t.fd));
		burn(random_below(200000));
		senduipi(0);
		burn(random_below(20000));
		kill(getpid(), SIGKILL);
		pause();
	}
	EXPECT(0, upids_used(0));
}

/* exec by another thread ends the sleeper. */
static void exec_while_parked(void)
{
	pid_t pid = fork_child();
	struct thread t = { .vector = 1 };

	if (!pid) {
		EXPECT(0, pthread_create(&t.id, NULL, sleep_and_be_cancelled, &t));
		while (!t.ready)
			sched_yield();
		EXPECT(0, uintr_sender(t.fd));
		senduipi(0);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	EXPECT(0, ended(pid));
	EXPECT(0, upids_used(0));
}

static int set_online(int cpu, const char *value)
{
	char name[64];
	int fd, ret;

	snprintf(name, sizeof(name), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(name, O_WRONLY);
	ret = fd >= 0 && write(fd, value, 1) == 1;
	close(fd);
	return ret;
}

static int last_cpu;

static void *offline_and_send(void *unused)
{
	wait_for_state('S');
	EXPECT(1, set_online(last_cpu, "0"));
	EXPECT('S', state_of(sleeper));
	senduipi(0);
	return unused;
}

static void cpu_goes_while_parked(void)
{
	struct call call = read_pipe();
	long ret;

	last_cpu = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	become(FLAGS);
	start_helper(offline_and_send);
	REQUIRE(move_to_cpu(0, last_cpu));
	ret = sleep_in(call);
	EXPECT(0, pthread_join(helper, NULL));
	EXPECT(1, set_online(last_cpu, "1"));
	EXPECT(-EINTR, ret);
	EXPECT(1, mine.total);
}

static const struct test tests[] = {
	{ "the CPU of a sleeper goes offline", cpu_goes_while_parked },
	{ "killed while it is woken", killed_while_woken },
	{ "exec while a thread sleeps", exec_while_parked },
	{ "no wake-up is lost", race },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		race_rounds = strtoul(argv[1], NULL, 0);
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	return RUN_TESTS(tests);
}
