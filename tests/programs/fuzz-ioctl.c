// SPDX-License-Identifier: MIT
/*
 * Random calls of everything that /dev/crtos offers, by several processes of several threads that share and pass
 * descriptors, fork, die and are killed. Whatever they do, nothing is left of them.
 *
 *	fuzz-ioctl [-s SEED] [-t SECONDS] [-w WORKERS] [-u] [-p] [-l CALLS]
 *
 * -u: as an unprivileged user. -p: partitions are started, stopped and broken, too; one that exists at the end is
 * stopped. -l: print what the first thread does in so many steps, and do nothing: the same for the same seed.
 * Prints TAP.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "fuzz-steps.h"

/* --- workers --------------------------------------------------------------------------------- */

static void on_fault(int signal)
{
	(void)signal;
	if (jump)
		siglongjmp(*jump, 1);
	_exit(1);
}

/* Whoever is blocked goes on. */
static void on_tick(int signal)
{
	unsigned int i;

	if (signal != SIGALRM)
		return;
	for (i = 1; i < THREADS; i++)
		if (tids[i])
			syscall(SYS_tgkill, getpid(), tids[i], SIGUSR1);
}

static void handle(int signal, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER };

	sigaction(signal, &action, NULL);
}

static void seed_fuzzer(struct fuzzer *f, uint64_t seed, uint64_t worker, uint64_t generation,
			uint64_t thread)
{
	unsigned int i;

	f->state = (seed + 1) * 0x9e3779b97f4a7c15ull ^ worker << 48 ^ generation << 8 ^ thread;
	f->state |= 1;
	f->shadow = thread % 2 == 0;
	for (i = 0; i < 8; i++)
		random_number(&f->state);
}

/* The argument, and behind it a buffer that it may name; the page behind that is not there. */
static unsigned char *map_argument(void)
{
	unsigned char *p = mmap(NULL, 3 * ARGUMENT_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	munmap(p + 2 * ARGUMENT_BYTES, ARGUMENT_BYTES);
	return p;
}

struct thread {
	unsigned int number;
	uint64_t seed, worker, generation;
};

static void *thread_main(void *arg)
{
	const struct thread *t = arg;
	struct fuzzer f = { .argument = map_argument() };
	stack_t stack = { .ss_sp = malloc(SIGSTKSZ * 4), .ss_size = SIGSTKSZ * 4 };

	sigaltstack(&stack, NULL);
	tids[t->number] = (pid_t)syscall(SYS_gettid);
	seed_fuzzer(&f, t->seed, t->worker, t->generation, t->number);
	fuzz(&f, LIFE);
	tids[t->number] = 0;
	return NULL;
}

static void worker(uint64_t seed, unsigned int number, uint64_t generation)
{
	const struct itimerval tick = { { 0, TICK_USEC }, { 0, TICK_USEC } };
	static struct thread threads[THREADS];
	pthread_t ids[THREADS];
	unsigned int i;

	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	for (i = 0; i < POOL; i++)
		pool[i] = i < SESSIONS ? open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC) : -1;
	handle(SIGSEGV, on_fault);
	handle(SIGILL, on_fault);
	handle(SIGBUS, on_fault);
	handle(SIGALRM, on_tick);
	handle(SIGUSR1, on_tick);
	handle(CRTOS_SIGNAL, on_tick);
	setitimer(ITIMER_REAL, &tick, NULL);
	for (i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ i, seed, number, generation };
		if (i && pthread_create(&ids[i], NULL, thread_main, &threads[i]))
			_exit(1);
	}
	thread_main(&threads[0]);
	/* Others may go on without the first, or not. */
	if (generation % 2)
		for (i = 1; i < THREADS; i++)
			pthread_join(ids[i], NULL);
	_exit(0);
}

/* --- supervision ----------------------------------------------------------------------------- */

static void spawn(uint64_t seed, unsigned int number, uint64_t generation)
{
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid) {
		setpgid(0, shared->workers[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		worker(seed, number, generation);
	}
	setpgid(pid, shared->workers[0] ? shared->workers[0] : pid);
	shared->workers[number] = pid;
}

/* Worker 0 only gives its process group to the others. */
static void spawn_leader(void)
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	shared->workers[0] = pid;
}

static unsigned int place_of(pid_t pid)
{
	unsigned int i;

	for (i = 1; i <= workers; i++)
		if (shared->workers[i] == pid)
			return i;
	return 0;
}

/* Return: processes that have ended. */
static unsigned long supervise(uint64_t seed, double seconds)
{
	uint64_t generations[WORKERS_MAX + 1] = { 0 };
	double end = now() + seconds;
	unsigned long deaths = 0;
	unsigned int i;
	pid_t pid;

	spawn_leader();
	for (i = 1; i <= workers; i++)
		spawn(seed, i, 0);
	while (now() < end) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid <= 0) {
			usleep(2000);
			continue;
		}
		deaths++;
		i = place_of(pid);
		if (i)
			spawn(seed, i, ++generations[i]);
	}
	return deaths;
}

static unsigned long end_all(void)
{
	unsigned long deaths = 0;

	kill(-shared->workers[0], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		deaths++;
	return deaths;
}

static int settled(void)
{
	struct crtos_partition_status status;
	double end = now() + SETTLED;
	struct crtos_check c;

	do {
		if (crtos_check(&c) || device_call(CRTOS_IOC_PARTITION_STATUS, &status))
			return 0;
		if (!c.upids_used && !c.uitts_used && !c.receivers && !status.processes &&
		    !status.frames_pinned)
			return 1;
		usleep(10000);
	} while (now() < end);
	printf("# left: %u UPIDs, %u tables, %u receivers, %u processes, %lu pinned frames\n",
	       c.upids_used, c.uitts_used, c.receivers, status.processes,
	       (unsigned long)status.frames_pinned);
	return 0;
}

/* A partition that is there, or breaks, or has been stopped meanwhile. */
static int stop_partition(void)
{
	struct crtos_partition_stop stop = { .flags = CRTOS_STOP_KILL };
	int ret = device_call(CRTOS_IOC_PARTITION_STOP, &stop);

	if (ret && ret != -ENODEV)
		printf("# stop: %s: %s\n", strerror(-ret), stop.message);
	return !ret || ret == -ENODEV;
}

static void report(void)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		if (shared->calls[i])
			printf("# %-16s %8lu calls, %8lu succeeded\n", commands[i].name,
			       shared->calls[i], shared->successes[i]);
}

/* A fuzzer that is only ever refused tests little. What is rare may not succeed in a short time. */
static unsigned int never_succeeded(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < COMMANDS; i++) {
		if (commands[i].weight < FREQUENT || shared->successes[i])
			continue;
		printf("# %s never succeeded\n", commands[i].name);
		count++;
	}
	return count;
}

static void *map_shared(void)
{
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return p;
}

static int list(uint64_t seed, unsigned int count)
{
	static unsigned char argument[2 * ARGUMENT_BYTES];
	struct fuzzer f = { .argument = argument, .listing = 1 };

	seed_fuzzer(&f, seed, 1, 0, 0);
	fuzz(&f, count);
	return 0;
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(65534) || setuid(65534)) {
		perror("setuid");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	unsigned long deaths, seed = 1;
	double seconds = 10;
	int option;

	shared = map_shared();
	while ((option = getopt(argc, argv, "s:t:w:upl:")) != -1) {
		if (option == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (option == 't')
			seconds = atof(optarg);
		else if (option == 'w')
			workers = (unsigned int)atoi(optarg);
		else if (option == 'u')
			unprivileged = 1;
		else if (option == 'p')
			with_partition = 1;
		else if (option == 'l')
			return list(seed, (unsigned int)atoi(optarg));
		else
			return 2;
	}
	own_path = argv[0];
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0 || workers < 1 || workers > WORKERS_MAX || pipe(pipe_ends) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, passing)) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
	fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK);
	if (unprivileged)
		become_nobody();
	printf("# seed %lu, %.0f s, %u workers of %d threads\n", seed, seconds, workers, THREADS);
	fflush(stdout);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	deaths = supervise(seed, seconds);
	deaths += end_all();
	/* Descriptors on their way. */
	close(passing[0]);
	close(passing[1]);
	report();
	check(deaths > workers, "%lu processes ended, after %lu steps", deaths, shared->steps);
	check(!with_partition || stop_partition(), "no partition is left running by it");
	check(settled(), "nothing is left of them");
	/* When it has a partition is a matter of luck then. */
	if (!with_partition)
		check(!never_succeeded(), "every frequent operation succeeded now and then");
	return test_end();
}
