/* SPDX-License-Identifier: MIT */
/*
 * Tests of user interrupts that each run in a process of their own, and receivers in threads for
 * them. A test ends at the first of its conditions that does not hold.
 */
#ifndef CASES_H
#define CASES_H

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "receiver.h"
#include "test.h"

#define SECONDS 10 /* longer than anything may take */
#define PAGE 4096

#define REQUIRE(condition) require(__LINE__, #condition, !!(condition), 1)
#define EXPECT(wanted, found) require(__LINE__, #found, (long)(found), (long)(wanted))

static unsigned int case_seconds = 40;
/* Others use user interrupts, too: what is in use at the end is not looked at. */
static int not_alone;
/* Of the thread that runs the test. */
static struct receiver mine;

static inline void require(int line, const char *what, long found, long wanted)
{
	if (found == wanted)
		return;
	printf("# line %d: %s is %ld, not %ld\n", line, what, found, wanted);
	fflush(stdout);
	_exit(1);
}

static inline void become_receiver(void)
{
	EXPECT(0, uintr_register(&mine));
	stui();
}

/* A process that does not outlive this one. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Its exit status, or minus the signal that killed it. */
static inline int ended(pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * How many UPIDs are in use, once that is so many or it has been long enough: an end takes a moment
 * longer than those who wait for it can see.
 */
static inline unsigned int upids_used(unsigned int awaited)
{
	double end = now() + SECONDS;
	struct crtos_check c;

	do {
		EXPECT(0, crtos_check(&c));
		if (c.upids_used == awaited)
			break;
		usleep(1000);
	} while (now() < end);
	return c.upids_used;
}

/* Nobody else uses user interrupts. */
static inline int all_given_back(void)
{
	double end = now() + SECONDS;
	struct crtos_check c;

	do {
		if (crtos_check(&c))
			return 0;
		if (!c.upids_used && !c.uitts_used && !c.receivers)
			return 1;
		usleep(1000);
	} while (now() < end);
	printf("# %u UPIDs, %u tables and %u receivers are left\n", c.upids_used, c.uitts_used,
	       c.receivers);
	return 0;
}

/* --- receivers in threads -------------------------------------------------------------------- */

struct thread {
	pthread_t id;
	struct receiver r;
	uint64_t vector;
	int spin; /* do not enter the kernel */
	volatile int fd; /* vector descriptor, or the error */
	volatile int ready, stop;
};

static inline void *receiver_thread(void *arg)
{
	struct thread *t = arg;

	t->fd = uintr_register(&t->r);
	if (!t->fd)
		t->fd = uintr_vector_fd(t->vector);
	stui();
	t->ready = 1;
	while (!t->stop) {
		if (t->spin)
			__builtin_ia32_pause();
		else if (t->fd >= 0)
			uintr_wait(1000);
		else
			usleep(1000);
	}
	return NULL;
}

static inline void thread_start(struct thread *t)
{
	double end = now() + SECONDS;

	EXPECT(0, pthread_create(&t->id, NULL, receiver_thread, t));
	while (!t->ready && now() < end)
		sched_yield();
	REQUIRE(t->ready);
}

static inline void thread_stop(struct thread *t)
{
	t->stop = 1;
	EXPECT(0, pthread_join(t->id, NULL));
}

/* --- running them ---------------------------------------------------------------------------- */

struct test {
	const char *name;
	void (*run)(void);
};

static inline void run_test(const struct test *test)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(case_seconds);
		test->run();
		_exit(0);
	}
	status = ended(pid);
	if (status < 0)
		printf("# signal %d\n", -status);
	check((not_alone || all_given_back()) && !status, "%s", test->name);
}

static inline int run_tests(const struct test *tests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		run_test(&tests[i]);
	return test_end();
}

#define RUN_TESTS(tests) run_tests(tests, sizeof(tests) / sizeof((tests)[0]))

#endif
