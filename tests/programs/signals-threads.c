// SPDX-License-Identifier: MIT
/*
 * Signals from other processes to single threads, and a process that is stopped.
 *
 *	signals-threads				tests itself
 *	signals-threads wait			shows the number of a thread that ends it with status 7 by SIGUSR1
 *	signals-threads send PID TID SIGNAL
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"
#include "test.h"

#define CHECK(what) check(!!(what), "line %d: %s", __LINE__, #what)
#define MANY 40

static void mask(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(how, &set, NULL);
}

static int is_pending(int sig)
{
	sigset_t set;

	return !sigpending(&set) && sigismember(&set, sig);
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* --- senders: in a child, after a while, to a thread of the parent ------------------------------- */

static pid_t target;

static int by_tgkill(pid_t parent)
{
	return syscall(SYS_tgkill, parent, target, SIGUSR1);
}

static int by_tkill(pid_t parent)
{
	(void)parent;
	return syscall(SYS_tkill, target, SIGUSR1);
}

static int queue(pid_t parent, int sig, int value)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return syscall(SYS_rt_tgsigqueueinfo, parent, target, sig, &info);
}

static int by_queue(pid_t parent)
{
	return queue(parent, SIGUSR1, 77);
}

static int many(pid_t parent)
{
	int i;

	for (i = 1; i <= MANY; i++) {
		if (queue(parent, SIGRTMIN + 2, i))
			return -1;
	}
	return 0;
}

static pid_t later(int (*send)(pid_t parent))
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	pause_ms(100);
	_exit(send(parent) ? errno : 0);
}

/* What the sender ended with. */
static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- receivers: threads, one of which is the target ------------------------------------------------ */

struct receiver {
	pthread_t thread;
	sem_t ready;
	pid_t tid;
	long (*function)(void);
	long result;
};

static int pipes[2];
static volatile int go_on;

static void *receive(void *argument)
{
	struct receiver *r = argument;

	r->tid = gettid();
	sem_post(&r->ready);
	r->result = r->function();
	return NULL;
}

static void begin(struct receiver *r, long (*function)(void))
{
	r->function = function;
	sem_init(&r->ready, 0, 0);
	if (pthread_create(&r->thread, NULL, receive, r))
		exit(2);
	while (sem_wait(&r->ready))
		;
}

static long end(struct receiver *r)
{
	pthread_join(r->thread, NULL);
	return r->result;
}

static long computes(void)
{
	while (!caught)
		;
	return caught;
}

static long reads(void)
{
	char byte;
	ssize_t n = read(pipes[0], &byte, 1);

	return n < 0 ? -errno : n;
}

static long sleeps(void)
{
	const struct timespec long_time = { .tv_sec = 100 };

	return nanosleep(&long_time, NULL) ? -errno : 0;
}

static long waits(void)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	mask(SIG_BLOCK, SIGUSR1);
	return sigwaitinfo(&set, &info);
}

/* The signal is blocked: what it is in is not interrupted, and then the signal is there. */
static long polls_and_looks(void)
{
	struct pollfd p = { .fd = pipes[0], .events = POLLIN };
	mask(SIG_BLOCK, SIGUSR1);
	if (poll(&p, 1, 1000))
		return -1;
	return is_pending(SIGUSR1);
}

static long takes_many_in_order(void)
{
	siginfo_t info;
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	while (!go_on)
		pause_ms(1);
	for (i = 1; i <= MANY; i++) {
		if (sigwaitinfo(&set, &info) != SIGRTMIN + 2 || info.si_value.sival_int != i)
			return i;
	}
	return 0;
}

static long idles(void)
{
	while (!go_on)
		pause_ms(1);
	return 0;
}

/* Others there are, before and behind the target, and none of them blocks the signal. */
static long sent_to(long (*function)(void), int (*send)(pid_t parent), int *status)
{
	struct receiver before = { 0 }, at = { 0 }, behind = { 0 };
	long result;

	caught = go_on = 0;
	caught_by = 0;
	begin(&before, idles);
	begin(&at, function);
	begin(&behind, idles);
	target = at.tid;
	*status = status_of(later(send));
	result = end(&at);
	go_on = 1;
	end(&before);
	end(&behind);
	return result;
}

static void reaches_its_thread(void)
{
	int status;

	handle(SIGUSR1, 0);
	CHECK(sent_to(computes, by_tgkill, &status) == SIGUSR1 && !status);
	CHECK(caught_by == target && last.si_code == SI_TKILL && last.si_pid > 0);
	CHECK(sent_to(computes, by_tkill, &status) == SIGUSR1 && !status);
	CHECK(caught_by == target && last.si_code == SI_TKILL);
	CHECK(sent_to(computes, by_queue, &status) == SIGUSR1 && !status);
	CHECK(caught_by == target && last.si_code == SI_QUEUE && last.si_value.sival_int == 77);
	CHECK(sent_to(reads, by_tgkill, &status) == -EINTR && !status);
	CHECK(caught_by == target);
	CHECK(sent_to(sleeps, by_tgkill, &status) == -EINTR && !status);
	CHECK(caught_by == target);
	CHECK(sent_to(waits, by_tgkill, &status) == SIGUSR1 && !status && !caught);
	CHECK(sent_to(waits, by_queue, &status) == SIGUSR1 && !status && !caught);
}

static void blocked_waits_for_its_thread(void)
{
	int status;

	handle(SIGUSR1, 0);
	CHECK(sent_to(polls_and_looks, by_tgkill, &status) == 1 && !status && !caught);
	CHECK(!is_pending(SIGUSR1));
}

/* More than fit between the kernels at a time. */
static void many_come_in_order(void)
{
	struct receiver r = { 0 };

	go_on = 0;
	mask(SIG_BLOCK, SIGRTMIN + 2);
	begin(&r, takes_many_in_order);
	target = r.tid;
	CHECK(!status_of(later(many)));
	go_on = 1;
	CHECK(end(&r) == 0);
	CHECK(!is_pending(SIGRTMIN + 2));
	mask(SIG_UNBLOCK, SIGRTMIN + 2);
	CHECK(status_of(later(by_tgkill)) == ESRCH);
}

static void the_first_thread_too(void)
{
	pid_t pid;

	handle(SIGUSR1, 0);
	target = getpid();
	pid = later(by_tgkill);
	CHECK(pause() == -1 && errno == EINTR);
	CHECK(caught_by == getpid() && last.si_code == SI_TKILL && last.si_pid == pid);
	CHECK(!status_of(pid));
}

static int is_ended_by(int sig)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	CHECK(!syscall(SYS_tgkill, pid, pid, sig));
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

/* --- stopped ------------------------------------------------------------------------------------------ */

static volatile uint64_t steps;

static uint64_t steps_of(pid_t pid)
{
	uint64_t value = 0;
	struct iovec here = { &value, sizeof(value) }, there = { (void *)&steps, sizeof(value) };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(value) ? value : 0;
}

/* Whether it does any in so many ms. */
static int makes_steps(pid_t pid, int ms)
{
	uint64_t before = steps_of(pid);

	while (steps_of(pid) == before && ms > 0) {
		pause_ms(10);
		ms -= 10;
	}
	return steps_of(pid) != before;
}

static void *compute(void *unused)
{
	for (;;)
		steps++;
	return unused;
}

/* No thread of it makes a remote call. */
static void stops_at_once(void)
{
	int status, i, tries;
	pthread_t thread;
	pid_t pid = fork();

	if (!pid) {
		if (pthread_create(&thread, NULL, compute, NULL))
			_exit(1);
		compute(NULL);
	}
	for (i = 0; i < 3; i++) {
		CHECK(makes_steps(pid, 10000));
		CHECK(!kill(pid, SIGSTOP));
		CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
		for (tries = 0; tries < 100 && makes_steps(pid, 50); tries++)
			;
		CHECK(tries < 100 && !makes_steps(pid, 300));
		CHECK(!kill(pid, SIGCONT));
		CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	}
	CHECK(makes_steps(pid, 10000));
	CHECK(!kill(pid, SIGSTOP));
	CHECK(!kill(pid, SIGKILL));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGKILL);
}

/* --- for others --------------------------------------------------------------------------------------- */

static long waits_to_exit(void)
{
	siginfo_t info;
	sigset_t set;

	printf("%d\n", gettid());
	fflush(stdout);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigwaitinfo(&set, &info) == SIGUSR1 ? 7 : 1;
}

static int wait_for_it(void)
{
	struct receiver r = { 0 };

	mask(SIG_BLOCK, SIGUSR1);
	begin(&r, waits_to_exit);
	return end(&r);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "wait"))
		return wait_for_it();
	if (argc == 5 && !strcmp(argv[1], "send"))
		return syscall(SYS_tgkill, atoi(argv[2]), atoi(argv[3]), atoi(argv[4])) ? 1 : 0;
	if (argc != 1 || pipe(pipes))
		return 2;
	reaches_its_thread();
	blocked_waits_for_its_thread();
	many_come_in_order();
	the_first_thread_too();
	CHECK(is_ended_by(SIGTERM));
	CHECK(is_ended_by(SIGRTMIN + 9));
	stops_at_once();
	return test_end();
}
