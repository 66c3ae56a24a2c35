// SPDX-License-Identifier: MIT
/* sources: shadowd/care.c */
/* cflags: -Ishadowd -Ilibcrtos */
/* System calls that the shadow must not do just as they are. */

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "care.h"

#define DEV 200

static long perform(const struct crtos_scf_call *call)
{
	const uint64_t *a = call->args;
	long ret = syscall(call->nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	return ret < 0 ? -errno : ret;
}

static long care(uint32_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	struct crtos_scf_call call = { .nr = nr, .args = { a, b, c } };

	return care_call(&call, DEV, perform);
}

static void nothing(int signal)
{
	(void)signal;
}

static int setup(void **state)
{
	int fd = open("/dev/null", O_RDWR);

	(void)state;
	if (fd < 0 || dup3(fd, DEV, O_CLOEXEC) < 0)
		return -1;
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return close(DEV);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_refused(void **state)
{
	static const uint32_t numbers[] = {
		__NR_mmap,
		__NR_munmap,
		__NR_mprotect,
		__NR_brk,
		__NR_mremap,
		__NR_shmat,
		__NR_mlockall,
		__NR_clone,
		__NR_clone3,
		__NR_fork,
		__NR_vfork,
		__NR_execve,
		__NR_execveat,
		__NR_exit,
		__NR_exit_group,
		__NR_rt_sigreturn,
		__NR_rt_sigaction,
		__NR_rt_sigprocmask,
		__NR_arch_prctl,
		__NR_set_tid_address,
		__NR_set_robust_list,
		__NR_rseq,
		__NR_seccomp,
		__NR_personality,
		__NR_io_uring_setup,
		__NR_io_uring_enter,
		__NR_io_uring_register,
		__NR_userfaultfd,
		__NR_iopl,
		__NR_modify_ldt,
		462,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!care_needed(numbers[i], 0, DEV))
			fail_msg("system call %u would be done as it is", numbers[i]);
		assert_int_equal(care(numbers[i], 0, 0, 0), -ENOSYS);
	}
}

static void test_ordinary_calls_need_no_care(void **state)
{
	static const uint32_t numbers[] = {
		__NR_read,   __NR_write, __NR_openat,  __NR_close,
		__NR_getpid, __NR_ioctl, __NR_socket,  __NR_connect,
		__NR_futex,  __NR_poll,	 __NR_getppid, CRTOS_SCF_COUNTED_CALLS - 1,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_false(care_needed(numbers[i], 3, DEV));
}

static void test_own_descriptor_looks_closed(void **state)
{
	struct {
		int stat[64];
	} buffer;

	(void)state;
	assert_true(care_needed(__NR_close, DEV, DEV));
	assert_int_equal(care(__NR_close, DEV, 0, 0), -EBADF);
	assert_int_equal(care(__NR_close, DEV | 1ull << 32, 0, 0), -EBADF);
	assert_int_equal(care(__NR_read, DEV, (uintptr_t)&buffer, 1), -EBADF);
	assert_int_equal(care(__NR_fstat, DEV, (uintptr_t)&buffer, 0), -EBADF);
	assert_int_equal(care(__NR_fcntl, DEV, F_SETFD, 0), -EBADF);
	assert_int_equal(care(__NR_ioctl, DEV, 0, 0), -EBADF);
	assert_int_equal(care(__NR_dup, DEV, 0, 0), -EBADF);
	assert_true(is_open(DEV));
}

/* The same number as something else than a descriptor. */
static void test_own_number_as_another_argument(void **state)
{
	(void)state;
	assert_int_equal(care(__NR_getpgid, getpid(), 0, 0), getpgrp());
	assert_int_equal(care(__NR_close, 1ull << 31, 0, 0), -EBADF);
	assert_int_equal(care(__NR_alarm, DEV, 0, 0), 0);
	assert_true(alarm(0) > 0);
}

static void test_dup_onto(void **state)
{
	(void)state;
	assert_int_equal(care(__NR_dup2, 1, DEV, 0), -EBUSY);
	assert_int_equal(care(__NR_dup3, 1, DEV, O_CLOEXEC), -EBUSY);
	assert_int_equal(care(__NR_dup2, 1, DEV + 1, 0), -EBUSY);
	assert_true(care_needed(__NR_close, DEV + 1, DEV));
	assert_int_equal(care(__NR_close, DEV + 1, 0, 0), -EBADF);
	assert_false(care_needed(__NR_close, DEV - 1, DEV));
	assert_false(care_needed(__NR_close, DEV + 2, DEV));
	assert_int_equal(care(__NR_dup2, DEV, 50, 0), -EBADF);
	assert_int_equal(care(__NR_dup3, DEV, 50, 0), -EBADF);
	assert_int_equal(care(__NR_dup2, 1, 50, 0), 50);
	assert_int_equal(care(__NR_dup3, 1, 51, O_CLOEXEC), 51);
	assert_int_equal(fcntl(51, F_GETFD), FD_CLOEXEC);
	assert_int_equal(care(__NR_dup3, 1, 1, 0), -EINVAL);
	close(50);
	close(51);
}

static void open_around(void)
{
	dup2(1, DEV - 2);
	dup2(1, DEV - 1);
	dup2(1, DEV + 1);
	dup2(1, DEV + 2);
}

static void test_close_range(void **state)
{
	(void)state;
	open_around();
	assert_int_equal(care(__NR_close_range, DEV - 2, DEV + 1, 0), 0);
	assert_false(is_open(DEV - 2));
	assert_false(is_open(DEV - 1));
	assert_true(is_open(DEV));
	assert_true(is_open(DEV + 1));
	assert_true(is_open(DEV + 2));

	open_around();
	assert_int_equal(care(__NR_close_range, DEV, 0xffffffff, 0), 0);
	assert_true(is_open(DEV - 1));
	assert_true(is_open(DEV));
	assert_true(is_open(DEV + 1));
	assert_false(is_open(DEV + 2));

	open_around();
	assert_int_equal(care(__NR_close_range, DEV, DEV, 0), 0);
	assert_int_equal(care(__NR_close_range, DEV - 2, DEV, 0), 0);
	assert_false(is_open(DEV - 1));
	assert_true(is_open(DEV));
	assert_true(is_open(DEV + 1));
	assert_int_equal(care(__NR_close_range, DEV + 1, DEV + 2, 0), 0);
	assert_true(is_open(DEV + 1));
	assert_false(is_open(DEV + 2));
}

static void test_close_range_flags(void **state)
{
	(void)state;
	assert_int_equal(care(__NR_close_range, DEV + 1, DEV, 0), -EINVAL);
	assert_int_equal(care(__NR_close_range, DEV, DEV, 64), -EINVAL);
	open_around();
	assert_int_equal(care(__NR_close_range, DEV - 2, DEV + 2, CLOSE_RANGE_CLOEXEC), 0);
	assert_true(is_open(DEV));
	assert_int_equal(fcntl(DEV - 2, F_GETFD), FD_CLOEXEC);
	assert_int_equal(care(__NR_close_range, DEV - 2, DEV + 2, CLOSE_RANGE_UNSHARE), 0);
	assert_true(is_open(DEV));
	assert_false(is_open(DEV + 2));
}

static void test_prctl(void **state)
{
	char name[16] = "", old[16];

	(void)state;
	assert_true(care_needed(__NR_prctl, PR_SET_NAME, DEV));
	prctl(PR_GET_NAME, old);
	assert_int_equal(care(__NR_prctl, PR_SET_NAME, (uintptr_t) "rt-program", 0), 0);
	prctl(PR_GET_NAME, name);
	assert_string_equal(name, "rt-program");
	prctl(PR_SET_NAME, old);
	assert_int_equal(care(__NR_prctl, PR_SET_NAME, 8, 0), -EFAULT);
	assert_int_equal(care(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0), -EINVAL);
	assert_int_equal(care(__NR_prctl, PR_SET_SECCOMP, 1, 0), -EINVAL);
	assert_int_equal(care(__NR_prctl, PR_SET_MM, PR_SET_MM_BRK, 0), -EINVAL);
}

static void test_arguments_arrive(void **state)
{
	char file[] = "/proc/self/stat", byte[2] = "";
	struct crtos_scf_call call = { __NR_openat,
				       { (uint64_t)AT_FDCWD, (uintptr_t)file, O_RDONLY } };
	long fd = care_call(&call, DEV, perform);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(care(__NR_read, fd, (uintptr_t)byte, 1), 1);
	assert_int_equal(care(__NR_read, fd, 8, 1), -EFAULT);
	assert_int_equal(care(__NR_close, fd, 0, 0), 0);
	assert_int_equal(care(__NR_close, fd, 0, 0), -EBADF);
}

/* A signal that the program's mask would block ends the wait all the same. */
static void test_masks_are_not_the_shadows(void **state)
{
	const uint64_t all = ~0ull;
	const struct {
		const uint64_t *mask;
		uint64_t bytes;
	} pair = { &all, 8 };
	struct timespec moment = { .tv_sec = 20 };
	struct sigaction action = { .sa_handler = nothing }, old;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;
	const struct crtos_scf_call calls[] = {
		{ __NR_ppoll, { 0, 0, (uintptr_t)&moment, (uintptr_t)&all, 8 } },
		{ __NR_pselect6, { 0, 0, 0, 0, (uintptr_t)&moment, (uintptr_t)&pair } },
		{ __NR_epoll_pwait, { epoll, (uintptr_t)&event, 1, 20000, (uintptr_t)&all, 8 } },
	};
	/* Again and again: the first may come before the call. */
	const struct itimerval soon = { { .tv_usec = 5000 }, { .tv_usec = 5000 } }, never = { 0 };
	unsigned int i;

	(void)state;
	sigaction(SIGALRM, &action, &old);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_true(care_needed(calls[i].nr, calls[i].args[0], DEV));
		setitimer(ITIMER_REAL, &soon, NULL);
		assert_int_equal(care_call(&calls[i], DEV, perform), -EINTR);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	close(epoll);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_ordinary_calls_need_no_care),
		cmocka_unit_test(test_own_descriptor_looks_closed),
		cmocka_unit_test(test_own_number_as_another_argument),
		cmocka_unit_test(test_dup_onto),
		cmocka_unit_test(test_close_range),
		cmocka_unit_test(test_close_range_flags),
		cmocka_unit_test(test_prctl),
		cmocka_unit_test(test_arguments_arrive),
		cmocka_unit_test(test_masks_are_not_the_shadows),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
