// SPDX-License-Identifier: MIT
/*
 * wakeups ID ROUNDS [WORK]: a thread of SCHED_FIFO 90 sleeps ROUNDS times for half a millisecond, and tells the
 * counting plugin of each return as arrival ID (0 to 7). What is done beside it on the same processor:
 *
 *	spin	another thread computes
 *	calls	another thread makes system calls that take long, another process forks
 *	forks	another thread forks, for which those of its process wait; a process of a priority between computes
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

#define LOW 10
#define MIDDLE 50
#define HIGH 90
#define BYTES (8l << 20)
#define MIDDLE_TURNS 10000000l

static volatile bool stop;
static unsigned long turns;

/* The arrival is the first instruction behind the system call. */
#define SLEEP(id)                                               \
	__asm__ volatile("syscall\n\t" ARRIVAL(id)              \
			 : "=a"(ret)                            \
			 : "a"(SYS_clock_nanosleep), "D"(clock), "S"(0), "d"(&length), "r"(none) \
			 : "rcx", "r11", "memory")

static long sleep_once(int id)
{
	const struct timespec length = { .tv_nsec = 500000 };
	const long clock = CLOCK_MONOTONIC;
	register long none __asm__("r10") = 0;
	long ret = -1;

	switch (id) {
	case 0:
		SLEEP(0);
		break;
	case 1:
		SLEEP(1);
		break;
	case 2:
		SLEEP(2);
		break;
	case 3:
		SLEEP(3);
		break;
	case 4:
		SLEEP(4);
		break;
	case 5:
		SLEEP(5);
		break;
	case 6:
		SLEEP(6);
		break;
	case 7:
		SLEEP(7);
		break;
	}
	return ret;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void *spin(void *arg)
{
	while (!stop)
		turns++;
	return arg;
}

static char *area_map(void)
{
	char *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(area != MAP_FAILED, "mmap");
	return area;
}

static void nothing(int number)
{
	(void)number;
}

static void *calls(void *arg)
{
	struct sigaction action = { .sa_handler = nothing };
	char *area;

	while (!stop) {
		area = area_map();
		must(!mprotect(area, BYTES / 2, PROT_READ), "mprotect");
		must(!madvise(area + BYTES / 2, BYTES / 2, MADV_DONTNEED), "madvise");
		must(!munmap(area, BYTES), "munmap");
		must(!sigaction(SIGUSR1, &action, NULL) && !raise(SIGUSR1), "raise");
		turns++;
	}
	return arg;
}

static void *forks(void *arg)
{
	char *area = area_map();
	pid_t child;
	int status;

	while (!stop) {
		child = fork();
		must(child >= 0, "fork");
		if (!child)
			_exit(0);
		must(waitpid(child, &status, 0) == child && !status, "waitpid");
		turns++;
	}
	must(!munmap(area, BYTES), "munmap");
	return arg;
}

/* Sleeps long enough for a fork to begin, and computes longer than one takes. */
static void *spells(void *arg)
{
	const struct timespec length = { .tv_nsec = 20000000 };
	volatile long i;

	for (;;) {
		nanosleep(&length, NULL);
		for (i = 0; i < MIDDLE_TURNS; i++)
			;
	}
	return arg;
}

static pid_t process(void *(*work)(void *arg), int priority)
{
	struct sched_param param = { .sched_priority = priority };
	pid_t child = fork();

	must(child >= 0, "fork");
	if (child)
		return child;
	must(!prctl(PR_SET_PDEATHSIG, SIGKILL) && !sched_setscheduler(0, SCHED_FIFO, &param),
	     "sched_setscheduler");
	work(NULL);
	_exit(0);
}

static pthread_t thread(void *(*work)(void *arg), int priority)
{
	struct sched_param param = { .sched_priority = priority };
	pthread_attr_t attributes;
	pthread_t made;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &param);
	must(!pthread_create(&made, &attributes, work, NULL), "pthread_create");
	return made;
}

static const struct work {
	const char *name;
	void *(*thread)(void *arg);
	void *(*process)(void *arg);
	int priority;
} works[] = {
	{ "none", NULL, NULL, 0 },
	{ "spin", spin, NULL, 0 },
	{ "calls", calls, forks, LOW },
	{ "forks", forks, spells, MIDDLE },
};

static const struct work *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!strcmp(works[i].name, name))
			return &works[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct work *work = find(argc == 4 ? argv[3] : "none");
	struct sched_param high = { .sched_priority = HIGH };
	pthread_t other = 0;
	pid_t child = 0;
	long rounds, i;
	int id;

	if (argc < 3 || !work)
		return 2;
	id = atoi(argv[1]);
	rounds = atol(argv[2]);
	must(!sched_setscheduler(0, SCHED_FIFO, &high), "sched_setscheduler");
	if (work->process)
		child = process(work->process, work->priority);
	if (work->thread)
		other = thread(work->thread, LOW);
	for (i = 0; i < rounds; i++)
		must(!sleep_once(id), "clock_nanosleep");
	stop = true;
	if (child) {
		kill(child, SIGKILL);
		must(waitpid(child, NULL, 0) == child, "waitpid");
	}
	if (work->thread)
		pthread_join(other, NULL);
	printf("%ld wake-ups, %lu turns of the other thread\n", rounds, turns);
	return 0;
}
