// SPDX-License-Identifier: MIT
/* Signals from another process: what they interrupt, what they bring, and who takes them. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handler.h"
#include "test.h"

#define CHECK(what) check(!!(what), "line %d: %s", __LINE__, #what)

static volatile uint64_t steps;

/* A process that sends `sig` to this one until it is ended: whatever blocks here is interrupted in the end. */
static pid_t pester(int sig)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	for (;;) {
		nanosleep(&pause, NULL);
		if (kill(parent, sig))
			_exit(1);
	}
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

/* In a child: after a while does `function`, and ends. */
static pid_t later(void (*function)(pid_t parent))
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	nanosleep(&pause, NULL);
	function(parent);
	_exit(0);
}

static void interrupts_what_blocks(void)
{
	int pipes[2], status;
	char byte;
	struct pollfd poll_fd;
	struct timeval seconds = { .tv_sec = 100 };
	struct timespec time = { .tv_sec = 100 };
	sigset_t none;
	fd_set fds;
	sem_t sem;
	pid_t pid;

	CHECK(!pipe(pipes));
	handle(SIGUSR1, 0);
	pid = pester(SIGUSR1);
	CHECK(read(pipes[0], &byte, 1) == -1 && errno == EINTR);
	CHECK(caught == SIGUSR1 && last.si_pid == pid && last.si_code == SI_USER);
	CHECK(last.si_uid == getuid());
	poll_fd = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	CHECK(poll(&poll_fd, 1, -1) == -1 && errno == EINTR);
	CHECK(ppoll(&poll_fd, 1, &time, NULL) == -1 && errno == EINTR);
	FD_ZERO(&fds);
	FD_SET(pipes[0], &fds);
	CHECK(select(pipes[0] + 1, &fds, NULL, NULL, &seconds) == -1 && errno == EINTR);
	CHECK(nanosleep(&time, &time) == -1 && errno == EINTR && time.tv_sec == 99);
	CHECK(pause() == -1 && errno == EINTR);
	sigemptyset(&none);
	CHECK(sigsuspend(&none) == -1 && errno == EINTR);
	CHECK(waitpid(pid, &status, 0) == -1 && errno == EINTR);
	CHECK(!sem_init(&sem, 0, 0));
	CHECK(sem_wait(&sem) == -1 && errno == EINTR);
	/* With SA_RESTART these are interrupted all the same. */
	handle(SIGUSR1, SA_RESTART);
	CHECK(poll(&poll_fd, 1, -1) == -1 && errno == EINTR);
	CHECK(pause() == -1 && errno == EINTR);
	end(pid);
	close(pipes[0]);
	close(pipes[1]);
}

static int to_parent[2];

static void signal_then_write(pid_t parent)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	kill(parent, SIGUSR1);
	nanosleep(&pause, NULL);
	if (write(to_parent[1], "x", 1) != 1)
		_exit(1);
}

static void restarts(void)
{
	int status;
	char byte;
	pid_t pid;

	CHECK(!pipe(to_parent));
	handle(SIGUSR1, SA_RESTART);
	pid = later(signal_then_write);
	CHECK(read(to_parent[0], &byte, 1) == 1 && byte == 'x' && caught == SIGUSR1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void blocked_does_not_interrupt(void)
{
	sigset_t set, pending;
	int status;
	char byte;
	pid_t pid;

	handle(SIGUSR1, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &set, NULL));
	pid = later(signal_then_write);
	CHECK(read(to_parent[0], &byte, 1) == 1 && byte == 'x' && !caught);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(!sigpending(&pending) && sigismember(&pending, SIGUSR1));
	CHECK(!sigprocmask(SIG_UNBLOCK, &set, NULL) && caught == SIGUSR1);
	close(to_parent[0]);
	close(to_parent[1]);
}

static void queue_three(pid_t parent)
{
	int i;

	for (i = 1; i <= 3; i++)
		sigqueue(parent, SIGRTMIN + 3, (union sigval){ .sival_int = i });
	sigqueue(parent, SIGRTMIN + 1, (union sigval){ .sival_int = 4 });
}

static void values_arrive_in_order(void)
{
	sigset_t set;
	siginfo_t info;
	int status, i;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = later(queue_three);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 4);
	for (i = 1; i <= 3; i++) {
		CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 3 && info.si_value.sival_int == i);
		CHECK(info.si_code == SI_QUEUE && info.si_pid == pid);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void signal_usr1(pid_t parent)
{
	kill(parent, SIGUSR1);
}

static void wakes_a_waiter(void)
{
	sigset_t set;
	siginfo_t info;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = later(signal_usr1);
	CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == pid);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	end(pid);
}

static void interrupts_what_computes(void)
{
	pid_t pid;

	handle(SIGUSR1, 0);
	pid = later(signal_usr1);
	while (!caught)
		steps++;
	CHECK(caught == SIGUSR1 && last.si_pid == pid);
	end(pid);
}

static void tells_of_children(void)
{
	pid_t pid;
	int status;

	handle(SIGCHLD, SA_RESTART | SA_NOCLDSTOP);
	pid = fork();
	if (!pid)
		_exit(33);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 33);
	while (!caught)
		steps++;
	CHECK(last.si_code == CLD_EXITED && last.si_status == 33 && last.si_pid == pid);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(0);
	errno = 0;
	CHECK(waitpid(pid, &status, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void a_broken_pipe(void)
{
	int pipes[2];

	CHECK(!pipe(pipes));
	close(pipes[0]);
	handle(SIGPIPE, 0);
	CHECK(write(pipes[1], "x", 1) == -1 && errno == EPIPE && caught == SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	CHECK(write(pipes[1], "x", 1) == -1 && errno == EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(pipes[1]);
}

/* A child with a thread that computes, in a process group of its own so that it can be stopped. */
static void *compute(void *unused)
{
	for (;;)
		steps++;
	return unused;
}

static void stops_and_goes_on(int sig)
{
	pthread_t thread;
	int status;
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		if (pthread_create(&thread, NULL, compute, NULL))
			_exit(1);
		kill(getpid(), sig);
		_exit(44);
	}
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) &&
	      WSTOPSIG(status) == sig);
	CHECK(!kill(pid, SIGCONT));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 44);
}

static void *read_on(void *unused)
{
	char byte;
	sigset_t set;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return (void *)(intptr_t)read(to_parent[0], &byte, 1);
}

/* It comes to the thread that does not block it, whatever the others do. */
static void finds_its_thread(void)
{
	pthread_t thread;
	void *result;
	pid_t pid;

	CHECK(!pipe(to_parent));
	handle(SIGUSR1, 0);
	CHECK(!pthread_create(&thread, NULL, read_on, NULL));
	pid = later(signal_usr1);
	CHECK(pause() == -1 && errno == EINTR);
	CHECK(caught == SIGUSR1 && caught_by == gettid());
	CHECK(write(to_parent[1], "y", 1) == 1);
	CHECK(!pthread_join(thread, &result) && (intptr_t)result == 1);
	end(pid);
}

static int ends_by(int sig)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	kill(pid, sig);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

int main(void)
{
	interrupts_what_blocks();
	restarts();
	blocked_does_not_interrupt();
	values_arrive_in_order();
	wakes_a_waiter();
	interrupts_what_computes();
	tells_of_children();
	a_broken_pipe();
	stops_and_goes_on(SIGSTOP);
	stops_and_goes_on(SIGTSTP);
	finds_its_thread();
	CHECK(ends_by(SIGTERM));
	CHECK(ends_by(SIGALRM));
	CHECK(ends_by(SIGRTMIN + 5));
	return test_end();
}
