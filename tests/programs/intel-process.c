// SPDX-License-Identifier: MIT
/*
 * The calls of Intel's uintr kernel in all the places and states that a process can make a system call in:
 * before main(), in signal handlers, with all descriptors closed, by many threads at once, after fork and exec.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include "intel-uintr.h"
#include "test.h"

#define THREADS 8
#define FEW_DESCRIPTORS 16

/* A thread registers and unregisters: 0, or the error. */
static long register_once(void)
{
	long ret = result(uintr_register_handler(handle, 0));

	return ret ? ret : result(uintr_unregister_handler(0));
}

/* How many descriptors of the device there are; the last one. */
static int device_descriptors(int *last)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[64];
	int count = 0;
	ssize_t size;

	while ((entry = readdir(dir))) {
		size = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (size < 0)
			continue;
		target[size] = 0;
		if (strcmp(target, "/dev/crtos"))
			continue;
		count++;
		*last = atoi(entry->d_name);
	}
	closedir(dir);
	return count;
}

/* Before the constructors of all libraries. */
static long early = -1000;

static void call_early(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	(void)envp;
	early = register_once();
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(int, char **,
									char **) = call_early;

static void descriptor_out_of_the_way(void)
{
	int last = -1, fd;

	check(device_descriptors(&last) == 1, "one descriptor of the device");
	check(last > 100, "it has a high number");
	check(fcntl(last, F_GETFD) == FD_CLOEXEC, "and is closed by exec");
	fd = open("/dev/null", O_RDONLY);
	check(fd == 3, "a program gets the descriptor that it expects");
	close(fd);
}

static void all_closed(void)
{
	int last;

	check(!close_range(3, ~0u, 0), "all descriptors are closed");
	check(!register_once(), "a call works");
	check(device_descriptors(&last) == 1, "and has opened one again");
}

static void standard_input_closed(void)
{
	int last, saved;

	close_range(3, ~0u, 0);
	saved = dup(0);
	close(0);
	check(!register_once(), "a call works without standard input");
	check(open("/dev/null", O_RDONLY) == 0, "and does not take its place");
	dup2(saved, 0);
	close(saved);
	check(device_descriptors(&last) == 1, "one descriptor of the device");
}

static void something_else_in_its_place(void)
{
	int last = -1, again = -1, pair[2];
	char byte;

	device_descriptors(&last);
	if (pipe(pair) || dup2(pair[0], last) != last)
		exit(2);
	check(!register_once(), "a call works with a pipe in the descriptor's place");
	check(write(pair[1], "x", 1) == 1 && read(last, &byte, 1) == 1, "the pipe is untouched");
	check(device_descriptors(&again) == 1 && again != last, "the device has another number");
	close(last);
	close(pair[0]);
	close(pair[1]);
}

static void few_descriptors(void)
{
	struct rlimit limit, few;

	close_range(3, ~0u, 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	few = limit;
	few.rlim_cur = FEW_DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &few);
	check(!register_once(), "a call works with %d descriptors at most", FEW_DESCRIPTORS);
	setrlimit(RLIMIT_NOFILE, &limit);
	close_range(3, ~0u, 0);
}

static pthread_barrier_t barrier;

static void *first_call(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&barrier);
	return (void *)register_once();
}

static void threads_race(void)
{
	pthread_t threads[THREADS];
	int i, round, last, good = 0, single = 0;
	void *ret;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (round = 0; round < 20; round++) {
		close_range(3, ~0u, 0);
		for (i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, first_call, NULL);
		for (i = 0; i < THREADS; i++) {
			pthread_join(threads[i], &ret);
			good += !ret;
		}
		single += device_descriptors(&last) == 1;
	}
	check(good == THREADS * 20, "%d of %d first calls at once", good, THREADS * 20);
	check(single == 20, "one descriptor is left, %d times of 20", single);
}

static volatile long in_handler;

static void on_signal(int signal)
{
	(void)signal;
	in_handler = result(uintr_register_handler(handle, 0));
	_stui();
}

static void in_signal_handler(void)
{
	long index;

	close_range(3, ~0u, 0);
	in_handler = -1000;
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	check(!in_handler, "a handler is registered in a signal handler");
	index = uintr_register_self(1, 0);
	check(index >= 0, "register_self");
	_senduipi((uint64_t)index);
	check(comes_to(&received, 1), "and gets an interrupt");
	check(!uintr_unregister_handler(0), "unregister_handler");
}

static void after_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(register_once() != 0);
	check(!ended(pid), "a child is a receiver by its own call");
	pid = fork();
	if (!pid) {
		close_range(3, ~0u, 0);
		_exit(register_once() != 0);
	}
	check(!ended(pid), "also with all descriptors closed");
}

static void after_exec(char *self)
{
	char *const argv[] = { self, "count", NULL };
	pid_t pid;

	check(!register_once(), "a call");
	pid = fork();
	if (!pid) {
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	check(!ended(pid), "a program inherits no descriptor, and opens its own");
}

int main(int argc, char **argv)
{
	int last;

	alarm(10 * SECONDS);
	if (argc > 1)
		return early || device_descriptors(&last) != 1 || register_once();
	check(!early, "a call before all constructors (%ld)", early);
	descriptor_out_of_the_way();
	all_closed();
	standard_input_closed();
	something_else_in_its_place();
	few_descriptors();
	threads_race();
	in_signal_handler();
	after_fork();
	after_exec(argv[0]);
	return test_end();
}
