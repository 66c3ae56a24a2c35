// SPDX-License-Identifier: MIT
/*
 * A real-time program that in a short life meets every operation between RTOS and shadow: it is loaded, maps and
 * unmaps what the shadow has touched, starts threads and sees them end, calls Linux, and ends.
 *
 *	short-life exit		status 7
 *	short-life fault	by SIGSEGV
 *	short-life exec		executes itself with `exit`
 *	short-life fork		forks a child, and makes one by vfork that executes itself; status 7, even if they are
 *				killed
 *	short-life lend		maps a file shared, moves it, changes and unmaps parts
 *	short-life share	the same, and forks a child that has it too
 *	short-life signals	gets a signal for its thread from a child, by a signalfd
 *	short-life accident	a second thread faults by itself while the first one calls Linux for ever
 *	short-life core		the same, and a core file is made in /tmp
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS 7
#define BYTES 8192

static void *write_line(void *text)
{
	return write(STDOUT_FILENO, text, strlen(text)) < 0 ? text : NULL;
}

static void fault(void)
{
	volatile char *volatile nowhere = NULL;

	*nowhere = 0;
}

/* The shadow has the pages mapped, so that unmapping them needs its zap. */
static int map_and_unmap(void)
{
	char *pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || !getcwd(pages, BYTES))
		return -1;
	return munmap(pages, BYTES);
}

/* The shadow of the second one waits until that of the first one has left their slot. */
static int run_thread(char *text)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, write_line, text) || pthread_join(thread, NULL);
}

/* What becomes of the child is not this program's affair, but it must come to an end. */
static int see_end(pid_t pid)
{
	int status;

	return pid < 0 || waitpid(pid, &status, 0) != pid;
}

static int have_children(char *self)
{
	pid_t pid = fork();

	if (!pid) {
		write_line("child\n");
		_exit(map_and_unmap() ? 1 : 0);
	}
	if (see_end(pid))
		return -1;
	pid = vfork();
	if (!pid) {
		execl(self, self, "exit", NULL);
		_exit(1);
	}
	return see_end(pid);
}

static int child_shares(char *pages)
{
	pid_t pid = fork();

	if (!pid) {
		write_line(pages);
		_exit(munmap(pages, BYTES));
	}
	return see_end(pid);
}

static int share(int with_child)
{
	int fd = memfd_create("shared", 0);
	char *pages;

	if (fd < 0 || ftruncate(fd, 8 * BYTES))
		return -1;
	pages = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -1;
	strcpy(pages, "shared\n");
	pages = mremap(pages, 2 * BYTES, 4 * BYTES, MREMAP_MAYMOVE);
	if (pages == MAP_FAILED || mprotect(pages + BYTES, BYTES, PROT_READ))
		return -1;
	if (with_child && child_shares(pages))
		return -1;
	if (msync(pages, BYTES, MS_SYNC) || munmap(pages + BYTES, BYTES))
		return -1;
	return !getcwd(pages, BYTES);
}

/* The child may be killed before it does its part. */
static int have_signals(void)
{
	struct signalfd_siginfo info;
	struct pollfd p = { .events = POLLIN };
	pid_t self = getpid(), pid;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (!pid) {
		tgkill(self, self, SIGUSR1);
		_exit(0);
	}
	p.fd = signalfd(-1, &set, 0);
	if (p.fd < 0)
		return -1;
	if (poll(&p, 1, 1000) > 0 && read(p.fd, &info, sizeof(info)) != sizeof(info))
		return -1;
	return see_end(pid);
}

static void *have_accident(void *arg)
{
	const struct timespec while_ago = { .tv_nsec = 100000000 };

	nanosleep(&while_ago, NULL);
	fault();
	return arg;
}

static int want_core(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	return chdir("/tmp") || setrlimit(RLIMIT_CORE, &unlimited);
}

int main(int argc, char **argv)
{
	const char *end = argc == 2 ? argv[1] : "";
	pthread_t thread;

	if (!strcmp(end, "core") && want_core())
		return 1;
	if (!strcmp(end, "accident") || !strcmp(end, "core")) {
		if (pthread_create(&thread, NULL, have_accident, NULL))
			return 1;
		for (;;)
			getppid();
	}
	if (map_and_unmap())
		return 1;
	if (run_thread("thread\n") || run_thread(""))
		return 1;
	if (!strcmp(end, "fault"))
		fault();
	if (!strcmp(end, "fork") && have_children(argv[0]))
		return 1;
	if (!strcmp(end, "lend") && share(0))
		return 1;
	if (!strcmp(end, "share") && share(1))
		return 1;
	if (!strcmp(end, "signals") && have_signals())
		return 1;
	if (!strcmp(end, "exec"))
		execl(argv[0], argv[0], "exit", NULL);
	return STATUS;
}
