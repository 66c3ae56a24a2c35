// SPDX-License-Identifier: MIT
/*
 * What syscall() of the C library does with calls of all kinds, printed so that two runs can be compared: the
 * output must be the same with a library in between. With an argument: the name of the file whose
 * syscall() it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define STACK_SIZE 65536
#define NO_SUCH_CALL 9999
#define UNTOUCHED EXFULL

/* The last result and errno, which is first set to something that no call gives. */
#define SHOW(...)                                         \
	do {                                              \
		errno = UNTOUCHED;                        \
		show(#__VA_ARGS__, syscall(__VA_ARGS__)); \
	} while (0)

/* Of those that give addresses or ids only whether they are what they should be. */
#define SHOW_IF(condition) printf("%s: %d\n", #condition, (int)(condition))

static void show(const char *call, long ret)
{
	printf("%s: %ld %s\n", call, ret, errno == UNTOUCHED ? "-" : strerrorname_np(errno));
}

static int pages(void)
{
	int fd = memfd_create("pages", 0), i;

	for (i = 0; i < 4; i++) {
		char byte = (char)('a' + i);

		if (pwrite(fd, &byte, 1, i * PAGE) != 1)
			exit(2);
	}
	return fd;
}

static void six_arguments(void)
{
	uint32_t word = 5, other = 0;
	struct timespec soon = { 0, 1000000 };
	struct epoll_event event;
	int fd = pages(), to = memfd_create("to", 0), epoll = epoll_create1(0);
	long long in = 2 * PAGE, out = 7;
	sigset_t none;
	char *map;

	map = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 3 * PAGE);
	SHOW_IF(map != MAP_FAILED && *map == 'd');
	SHOW(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 3);
	SHOW(SYS_munmap, map, PAGE);
	SHOW(SYS_futex, &word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0);
	SHOW(SYS_futex, &word, FUTEX_WAIT, 4, &soon, NULL, 0);
	SHOW(SYS_futex, &word, FUTEX_WAIT, 5, &soon, NULL, 0);
	SHOW(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 4);
	SHOW(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &other, 5);
	SHOW(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &other,
	     FUTEX_OP(FUTEX_OP_SET, 42, FUTEX_OP_CMP_EQ, 0));
	SHOW_IF(other == 42);
	SHOW(SYS_copy_file_range, fd, &in, to, &out, 1, 0);
	SHOW(SYS_copy_file_range, fd, &in, to, &out, 1, 1);
	SHOW_IF(in == 2 * PAGE + 1 && out == 8);
	sigemptyset(&none);
	SHOW(SYS_epoll_pwait, epoll, &event, 1, 0, &none, 8);
	SHOW(SYS_epoll_pwait, epoll, &event, 1, 0, &none, 9);
	SHOW(SYS_pselect6, 0, NULL, NULL, NULL, &soon, NULL);
	close(fd);
	close(to);
	close(epoll);
}

static void fewer_arguments(void)
{
	int fd = open("/proc/self/mem", O_RDONLY);
	int pair[2];
	char name[16] = "";
	char *map;

	SHOW_IF(syscall(SYS_getpid) == getpid());
	SHOW_IF(syscall(SYS_gettid) == gettid());
	SHOW_IF(syscall(1ll << 32 | SYS_getpid) == getpid());
	SHOW(NO_SUCH_CALL);
	SHOW(-1);
	SHOW(470);
	SHOW(480);
	SHOW(SYS_close, -1);
	SHOW(SYS_write, 1, NULL, 5);
	SHOW(SYS_openat, AT_FDCWD, "/does/not/exist", O_RDONLY, 0);
	SHOW(SYS_prctl, 15 /* PR_SET_NAME */, "renamed", 0, 0, 0);
	SHOW(SYS_prctl, 16 /* PR_GET_NAME */, name, 0, 0, 0);
	SHOW_IF(!strcmp(name, "renamed"));
	SHOW(SYS_pipe2, pair, O_CLOEXEC);
	SHOW(SYS_write, pair[1], "abc", 3);
	SHOW(SYS_read, pair[0], name, 16);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map = (char *)syscall(SYS_mremap, map, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	SHOW_IF(map != MAP_FAILED && !map[PAGE]);
	/* Results that look like errors, but one. */
	SHOW(SYS_lseek, fd, -4097l, SEEK_SET);
	SHOW(SYS_lseek, fd, -4096l, SEEK_SET);
	SHOW(SYS_lseek, fd, -4095l, SEEK_SET);
	close(fd);
}

/* --- calls that return twice ------------------------------------------------------------------- */

static int status_of(long pid)
{
	int status = -1;

	if (pid > 0)
		waitpid((pid_t)pid, &status, __WALL);
	return status;
}

static void copies(void)
{
	long pid = syscall(SYS_fork);

	if (!pid)
		_exit(11);
	SHOW_IF(status_of(pid) == 11 << 8);
	pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid)
		_exit(12);
	SHOW_IF(status_of(pid) == 12 << 8);
}

/* Between the two returns of vfork nothing may be pushed: the stack is the parent's. */
static void borrowed_stack(void)
{
	volatile int shared = 1;
	long pid = syscall(SYS_vfork);

	if (!pid) {
		shared = 2;
		__asm__ volatile("syscall" : : "a"(SYS_exit), "D"(13) : "rcx", "r11", "memory");
	}
	SHOW_IF(status_of(pid) == 13 << 8);
	SHOW_IF(shared == 2);
}

static volatile int ran_on_new_stack;

static void on_new_stack(void)
{
	ran_on_new_stack = 1;
	syscall(SYS_exit, 14);
}

/* syscall() returns in the child, too: to what lies on the new stack. */
static void new_stack(void)
{
	char *area = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	void (**top)(void) = (void (**)(void))(area + STACK_SIZE - 64);
	long pid;

	*top = on_new_stack;
	pid = syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, top, NULL, NULL, NULL);
	SHOW_IF(status_of(pid) == 14 << 8);
	SHOW_IF(ran_on_new_stack);
}

/* --- signals and cancellation ------------------------------------------------------------------ */

static volatile long in_handler;

static void on_signal(int signal)
{
	int saved = errno;
	long ret = syscall(SYS_close, -1);

	(void)signal;
	in_handler = ret == -1 ? -errno : ret;
	errno = saved;
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerspec at = { { 0, 1000000 }, { 0, 10000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct timespec long_time = { 20, 0 };
	uint64_t mask = 1ull << (SIGUSR1 - 1);
	timer_t timer;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	SHOW(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	SHOW_IF(in_handler == -EBADF);
	SHOW(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 8);
	in_handler = 0;
	SHOW(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	SHOW_IF(!in_handler);
	SHOW(SYS_rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, 8);
	SHOW_IF(in_handler == -EBADF);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &at, NULL);
	SHOW(SYS_nanosleep, &long_time, NULL);
	timer_delete(timer);
}

static int channel[2];
static volatile int started;
static volatile long read_result;
static volatile int unwound;

static void on_unwind(int *unused)
{
	(void)unused;
	unwound = 1;
}

static void *reader(void *asynchronous)
{
	/* With -fexceptions, cancellation finds this through the frame of syscall(). */
	__attribute__((cleanup(on_unwind), unused)) int guard;
	char byte;

	if (asynchronous)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	started = 1;
	read_result = syscall(SYS_read, channel[0], &byte, 1);
	pthread_testcancel();
	return NULL;
}

static void cancellation(void *asynchronous)
{
	pthread_t thread;
	void *ended;

	started = 0;
	read_result = -7;
	unwound = 0;
	if (pthread_create(&thread, NULL, reader, asynchronous))
		exit(2);
	while (!started)
		sched_yield();
	usleep(20000); /* to be inside the call; if it is not, the outcome is the same */
	pthread_cancel(thread);
	if (!asynchronous && write(channel[1], "x", 1) != 1)
		exit(2);
	pthread_join(thread, &ended);
	SHOW_IF(ended == PTHREAD_CANCELED);
	SHOW_IF(read_result == 1);
	SHOW_IF(unwound);
}

int main(int argc, char **argv)
{
	Dl_info info = { 0 };

	(void)argv;
	alarm(60);
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		puts(dladdr(dlsym(RTLD_DEFAULT, "syscall"), &info) ? info.dli_fname : "?");
		return 0;
	}
	six_arguments();
	fewer_arguments();
	copies();
	borrowed_stack();
	new_stack();
	signals();
	if (pipe(channel))
		return 2;
	cancellation(NULL);
	cancellation(channel);
	puts("end");
	return 0;
}
