// SPDX-License-Identifier: MIT
/* fork, vfork, exec and wait, and what a child shares with its parent. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define CHECK(what) check(!!(what), "line %d: %s", __LINE__, #what)

static const char *self;
static int global = 1;

/* The status of a child that ends with what `function` returns. */
static int child_status(int (*function)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(function());
	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static int exit_42(void)
{
	return 42;
}

static int die(void)
{
	raise(SIGSEGV);
	return 0;
}

static int see_and_change(void)
{
	static char page[4096] __attribute__((aligned(4096)));
	int *heap = malloc(1 << 20);

	if (global != 5 || getppid() == getpid() || gettid() != getpid())
		return 1;
	global = 6;
	memset(heap, 1, 1 << 20);
	memset(page, 2, sizeof(page));
	return global == 6 ? 0 : 2;
}

static void statuses(void)
{
	int status = child_status(exit_42);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = child_status(die);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	errno = 0;
	CHECK(waitpid(-1, &status, 0) == -1 && errno == ECHILD);
}

static void memory(void)
{
	global = 5;
	CHECK(child_status(see_and_change) == 0);
	CHECK(global == 5);
}

/* Private pages that were read-only at the fork are everybody's own once they can be written to. */
static void read_only_memory(void)
{
	char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	int status;
	pid_t pid;

	memset(page, 'a', 3 * 4096);
	CHECK(!mprotect(page, 3 * 4096, PROT_READ));
	pid = fork();
	if (!pid) {
		if (page[5000] != 'a' || mprotect(page, 2 * 4096, PROT_READ | PROT_WRITE))
			_exit(1);
		memset(page, 'b', 2 * 4096);
		if (madvise(page + 8192, 4096, MADV_DONTNEED) || page[8192])
			_exit(2);
		_exit(page[8191] != 'b');
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(page[0] == 'a' && page[8191] == 'a' && page[8192] == 'a');
	CHECK(!mprotect(page, 3 * 4096, PROT_READ | PROT_WRITE));
	page[1] = 'c';
	CHECK(!munmap(page, 3 * 4096));
}

static void shared_memory(void)
{
	volatile int *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				    -1, 0);
	int status, pipes[2];
	pid_t pid;

	CHECK(shared != MAP_FAILED && !pipe(pipes));
	pid = fork();
	if (!pid) {
		/* By Linux, too: the kernel writes to it. */
		shared[0] = 7;
		if (read(pipes[0], (void *)&shared[1024], 4) != 4)
			_exit(1);
		_exit(0);
	}
	status = 99;
	CHECK(write(pipes[1], &status, 4) == 4);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(shared[0] == 7 && shared[1024] == 99);
	CHECK(!munmap((void *)shared, 8192));
	close(pipes[0]);
	close(pipes[1]);
}

static int run_at(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param);
}

/*
 * Of one real-time priority, on one processor, the parent goes on first: it may have to do something before the
 * child gives itself a higher one, and does not let it run again. Nor may the child run when the parent takes one
 * that is higher still, though Linux is asked for that.
 */
static void parent_first(void)
{
	volatile struct {
		pid_t first;
		int raised;
	} *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec begin, now;
	int i, status;
	pid_t pid, nobody;

	CHECK(shared != MAP_FAILED);
	for (i = 0; i < 50; i++) {
		CHECK(!run_at(10));
		shared->first = shared->raised = nobody = 0;
		pid = fork();
		__atomic_compare_exchange_n(&shared->first, &nobody, getpid(), 0, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
		if (!pid) {
			if (run_at(20))
				_exit(1);
			clock_gettime(CLOCK_MONOTONIC, &begin);
			do {
				clock_gettime(CLOCK_MONOTONIC, &now);
			} while (!shared->raised && now.tv_sec - begin.tv_sec < 5);
			_exit(!shared->raised);
		}
		CHECK(!run_at(30));
		shared->raised = 1;
		CHECK(shared->first == getpid());
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	CHECK(!run_at(0));
	CHECK(!munmap((void *)shared, 4096));
}

static void pipes_between(void)
{
	int forth[2], back[2], i, n, status;
	pid_t pid;

	CHECK(!pipe(forth) && !pipe(back));
	pid = fork();
	if (!pid) {
		close(forth[1]);
		while (read(forth[0], &n, sizeof(n)) == sizeof(n)) {
			n *= 2;
			if (write(back[1], &n, sizeof(n)) != sizeof(n))
				_exit(1);
		}
		_exit(0);
	}
	for (i = 0; i < 50; i++) {
		CHECK(write(forth[1], &i, sizeof(i)) == sizeof(i));
		CHECK(read(back[0], &n, sizeof(n)) == sizeof(n) && n == 2 * i);
	}
	close(forth[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	close(forth[0]);
	close(back[0]);
	close(back[1]);
}

static void generations(void)
{
	int depth = 0, status;
	pid_t pid = fork();

	/* Each is the only child of the one before. */
	while (!pid && depth < 20) {
		depth++;
		pid = fork();
	}
	if (!depth) {
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
		      WEXITSTATUS(status) == 20);
		return;
	}
	if (!pid)
		_exit(20);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(1);
	_exit(WEXITSTATUS(status));
}

static void exec_child(void)
{
	char *const args[] = { (char *)self, "--status", "17", NULL };
	int status, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char number[16];
	pid_t pid = vfork();

	if (!pid) {
		global = 50;
		execve(self, args, environ);
		_exit(1);
	}
	CHECK(pid > 0 && global == 50);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 17);

	/* One that fails tells so by the memory that is shared. */
	errno = 0;
	CHECK(posix_spawn(&pid, "/no/such/program", NULL, NULL, args, environ) == ENOENT);
	CHECK(!posix_spawn(&pid, self, NULL, NULL, args, environ));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 17);

	/* What is close-on-exec is not there, the rest is. */
	snprintf(number, sizeof(number), "%d", fd);
	pid = fork();
	if (!pid) {
		execl(self, self, "--closed", number, NULL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	fcntl(fd, F_SETFD, 0);
	pid = fork();
	if (!pid) {
		execl(self, self, "--closed", number, NULL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
	close(fd);
}

static volatile int stop;

static void *compute(void *unused)
{
	static volatile uint64_t sink;

	(void)unused;
	while (!stop)
		sink++;
	return NULL;
}

/* Only the calling thread is in the child. */
static void from_a_thread(void)
{
	pthread_t thread;
	int i;

	CHECK(!pthread_create(&thread, NULL, compute, NULL));
	for (i = 0; i < 5; i++)
		CHECK(WEXITSTATUS(child_status(exit_42)) == 42);
	stop = 1;
	CHECK(!pthread_join(thread, NULL));
}

static void *fork_in_thread(void *unused)
{
	int status = child_status(exit_42);

	(void)unused;
	return (void *)(intptr_t)WEXITSTATUS(status);
}

static void by_a_thread(void)
{
	pthread_t thread[4];
	void *result;
	int i;

	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&thread[i], NULL, fork_in_thread, NULL));
	for (i = 0; i < 4; i++) {
		CHECK(!pthread_join(thread[i], &result));
		CHECK((intptr_t)result == 42);
	}
}

static int thread_in_child(void)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, fork_in_thread, NULL) || pthread_join(thread, &result))
		return 1;
	return (intptr_t)result == 42 ? 0 : 2;
}

static void many(void)
{
	pid_t pid[10];
	int i, status;

	for (i = 0; i < 10; i++) {
		pid[i] = fork();
		CHECK(pid[i] >= 0);
		/* To kill -1 would kill everybody. */
		if (pid[i] < 0)
			return;
		if (!pid[i]) {
			for (;;)
				pause();
		}
	}
	for (i = 0; i < 10; i++) {
		CHECK(!kill(pid[i], SIGKILL));
		CHECK(waitpid(pid[i], &status, 0) == pid[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	for (i = 0; i < 30; i++)
		CHECK(WEXITSTATUS(child_status(exit_42)) == 42);
}

static void shell(void)
{
	char line[64] = "";
	FILE *output;

	CHECK(system("exit 9") == 9 << 8);
	output = popen("echo one two | tr a-z A-Z", "r");
	CHECK(output && fgets(line, sizeof(line), output));
	CHECK(!strcmp(line, "ONE TWO\n"));
	CHECK(pclose(output) == 0);
}

static void bad_flags(void)
{
	errno = 0;
	CHECK(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
	CHECK(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
}

int main(int argc, char *argv[])
{
	if (argc == 3 && !strcmp(argv[1], "--status"))
		return atoi(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--closed"))
		return fcntl(atoi(argv[2]), F_GETFD) < 0 ? 0 : 3;
	self = argv[0];
	statuses();
	memory();
	read_only_memory();
	shared_memory();
	parent_first();
	pipes_between();
	generations();
	exec_child();
	from_a_thread();
	by_a_thread();
	CHECK(child_status(thread_in_child) == 0);
	many();
	shell();
	bad_flags();
	return test_end();
}
