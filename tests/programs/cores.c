// SPDX-License-Identifier: MIT
/*
 * cores HOW [unreadable | limit]: dies, with two more threads of which one waits in a system call and one computes, for those
 * who look at the core file. HOW: segv, abort, quit, jump (to where nothing is), or thread: of a timer's signal to the one
 * that waits, while the first waits too. With the limit that it was started with if told so, else with none.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

volatile int spinning, waiting;
volatile unsigned long counter = 0x1122334455667788;
const char constant[] = "a constant";
char variable[] = "a variable, 1st";
char *heap, *hidden;
int pipe_ends[2];
pid_t waiter_tid;

__attribute__((noinline)) static void *wait_in_call(void *unused)
{
	char c;

	waiter_tid = gettid();
	waiting = 1;
	if (read(pipe_ends[0], &c, 1) < 0)
		return NULL;
	return unused;
}

__attribute__((noinline)) static void *spin_in_user_mode(void *unused)
{
	register double x __asm__("xmm7") = 3.5;

	spinning = 1;
	for (;;)
		__asm__ volatile("mov $0x5a5a5a5a5a, %%r12" : "+x"(x) : : "r12");
	return unused;
}

/* To the thread that waits, when the first one has come to wait. */
static void signal_later(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGSEGV };
	const struct itimerspec time = { .it_value.tv_nsec = 50000000 };
	timer_t timer;

	event._sigev_un._tid = waiter_tid;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &time, NULL))
		exit(6);
}

__attribute__((noinline)) static void deepest(const char *how, int depth)
{
	volatile int *nowhere = (int *)0x123450;

	if (depth)
		deepest(how, depth - 1);
	else if (!strcmp(how, "segv"))
		*nowhere = 1;
	else if (!strcmp(how, "abort"))
		abort();
	else if (!strcmp(how, "quit"))
		raise(SIGQUIT);
	else if (!strcmp(how, "thread"))
		signal_later();
	else if (!strcmp(how, "jump"))
		((void (*)(void))0x123450)();
	__asm__ volatile("" : : : "memory");
}

int main(int argc, char *argv[])
{
	pthread_t waiter, spinner;
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (argc < 2)
		return 2;
	if (argc < 3 && setrlimit(RLIMIT_CORE, &unlimited))
		return 3;
	if (argc > 2 && !strcmp(argv[2], "unreadable"))
		prctl(PR_SET_DUMPABLE, 0);
	heap = malloc(300000);
	strcpy(heap + 250000, "on the heap");
	hidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	variable[12] = '2';
	if (pipe(pipe_ends) || pthread_create(&waiter, NULL, wait_in_call, NULL) ||
	    pthread_create(&spinner, NULL, spin_in_user_mode, NULL))
		return 4;
	while (!spinning || !waiting)
		usleep(1000);
	usleep(20000);
	deepest(argv[1], 3);
	pause();
	return 5;
}
