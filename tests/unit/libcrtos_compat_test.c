// SPDX-License-Identifier: MIT
/* sources: libcrtos/compat/calls.c libcrtos/compat/session.c libcrtos/compat/senders.c libcrtos/compat/select.c libcrtos/compat/syscall.S */
/* cflags: -Ilibcrtos -DENTRY=compat_syscall */
/*
 * What libcrtos-uintr makes of each call: which function of libcrtos, with which arguments, and which result.
 * The functions of libcrtos are replaced; the device is a file that can be looked at by fstat().
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/compat.h"
#include "crtos.h"

#define FIRST 471
#define GARBAGE 0xdeadbeef00000000ul /* above the 32 bits of an argument that is an int */

long compat_syscall(long number, ...);

/* --- libcrtos, replaced ------------------------------------------------------------------------ */

static struct {
	const char *device;
	int open_error;
	unsigned int features;
	int opened;
	int ret; /* of the next call */
	bool lost; /* another thread closes the descriptor during the next call */
	int zeros; /* calls that return 0 before */
	/* the last call */
	const char *name;
	uint64_t a, b, c;
	int dev;
	int count;
} fake;

static int called(const char *name, int dev, uint64_t a, uint64_t b, uint64_t c)
{
	fake.name = name;
	fake.dev = dev;
	fake.a = a;
	fake.b = b;
	fake.c = c;
	fake.count++;
	errno = EXFULL; /* whatever happens in there must not be seen */
	if (fake.lost) {
		fake.lost = false;
		close(dev);
		return -EBADF;
	}
	return fake.zeros-- > 0 ? 0 : fake.ret;
}

int crtos_open(void)
{
	fake.opened++;
	return fake.open_error ? fake.open_error : open(fake.device, O_RDWR | O_CLOEXEC);
}

int crtos_close(int dev)
{
	return close(dev);
}

int crtos_check(int dev, struct crtos_check *check)
{
	(void)dev;
	memset(check, 0, sizeof(*check));
	check->features = fake.features;
	return 0;
}

int crtos_uintr_register_handler(int dev, const void *handler, unsigned int flags)
{
	return called("register_handler", dev, (uint64_t)handler, flags, 0);
}

int crtos_uintr_unregister_handler(int dev, unsigned int flags)
{
	return called("unregister_handler", dev, flags, 0, 0);
}

int crtos_uintr_vector_fd(int dev, uint64_t vector, unsigned int flags)
{
	return called("vector_fd", dev, vector, flags, 0);
}

int crtos_uintr_register_sender(int dev, int fd, unsigned int flags)
{
	return called("register_sender", dev, (uint64_t)fd, flags, 0);
}

int crtos_uintr_unregister_sender(int dev, unsigned int index, unsigned int flags)
{
	return called("unregister_sender", dev, index, flags, 0);
}

int crtos_uintr_wait(int dev, uint64_t usec, unsigned int flags)
{
	return called("wait", dev, usec, flags, 0);
}

int crtos_uintr_register_self(int dev, uint64_t vector, unsigned int flags)
{
	return called("register_self", dev, vector, flags, 0);
}

int crtos_uintr_alt_stack(int dev, void *sp, size_t size, unsigned int flags)
{
	return called("alt_stack", dev, (uint64_t)sp, size, flags);
}

/* --- helpers ----------------------------------------------------------------------------------- */

/* As if the program had closed what is open. */
static void close_session(void)
{
	struct compat_session session;

	if (!compat_session_get(&session))
		close(session.dev);
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.device = "/dev/null";
	fake.features = CRTOS_FEATURE_UINTR_ENABLED;
	close_session();
	fake.opened = 0;
	compat_first = FIRST;
	compat_count = COMPAT_CALLS;
	compat_first_generation = false;
	return 0;
}

static int reset_first_generation(void **state)
{
	int fd;

	reset(state);
	compat_first_generation = true;
	compat_count = COMPAT_CALLS_FIRST_GENERATION;
	for (fd = 0; fd < 256; fd++)
		compat_sender_take(fd);
	return 0;
}

static void assert_call(const char *name, uint64_t a, uint64_t b, uint64_t c)
{
	assert_string_equal(fake.name, name);
	assert_int_equal(fake.a, a);
	assert_int_equal(fake.b, b);
	assert_int_equal(fake.c, c);
}

#define assert_fails(error, call)               \
	do {                                    \
		errno = 0;                      \
		assert_int_equal(call, -1);     \
		assert_int_equal(errno, error); \
	} while (0)

/* --- tests ------------------------------------------------------------------------------------- */

static void test_each_call(void **state)
{
	const uint64_t wide = GARBAGE | 77;

	(void)state;
	fake.ret = 5;
	errno = ERANGE;
	assert_int_equal(compat_syscall(FIRST, wide, GARBAGE | 0x1000), 5);
	assert_call("register_handler", wide, 0x1000, 0);
	assert_int_equal(compat_syscall(FIRST + 1, GARBAGE | 1), 5);
	assert_call("unregister_handler", 1, 0, 0);
	assert_int_equal(compat_syscall(FIRST + 2, wide, GARBAGE | 2), 5);
	assert_call("vector_fd", wide, 2, 0);
	assert_int_equal(compat_syscall(FIRST + 3, GARBAGE | 9, GARBAGE), 5);
	assert_call("register_sender", 9, 0, 0);
	assert_int_equal(compat_syscall(FIRST + 3, -1l, GARBAGE), 5);
	assert_call("register_sender", (uint64_t)-1, 0, 0);
	assert_int_equal(compat_syscall(FIRST + 4, GARBAGE | 7, GARBAGE | 1), 5);
	assert_call("unregister_sender", 7, 1, 0);
	assert_int_equal(compat_syscall(FIRST + 5, wide, GARBAGE | 1), 5);
	assert_call("wait", wide, 1, 0);
	assert_int_equal(compat_syscall(FIRST + 6, wide, GARBAGE | 1), 5);
	assert_call("register_self", wide, 1, 0);
	assert_int_equal(compat_syscall(FIRST + 7, wide, wide + 1, GARBAGE | 3), 5);
	assert_call("alt_stack", wide, wide + 1, 3);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(fake.opened, 1);
	fake.count = 0;
	assert_fails(EINVAL, compat_syscall(FIRST + 8, GARBAGE | 1));
	assert_fails(EOPNOTSUPP, compat_syscall(FIRST + 8, GARBAGE));
	assert_int_equal(fake.count, 0);
}

static void test_number_has_32_bits(void **state)
{
	(void)state;
	assert_int_equal(compat_syscall(1ll << 32 | FIRST, 1, 0), 0);
	assert_int_equal(fake.count, 1);
}

static void test_neighbours_pass(void **state)
{
	(void)state;
	assert_fails(EBADF, compat_syscall(SYS_close, -1));
	errno = ERANGE;
	assert_int_equal(compat_syscall(SYS_getpid), getpid());
	assert_int_equal(errno, ERANGE);
	compat_first = SYS_getppid + 1;
	assert_int_equal(compat_syscall(SYS_getppid), getppid());
	compat_first = SYS_getppid - COMPAT_CALLS;
	assert_int_equal(compat_syscall(SYS_getppid), getppid());
	assert_int_equal(fake.count, 0);
	compat_first = SYS_getppid - COMPAT_CALLS + 1;
	assert_fails(EOPNOTSUPP, compat_syscall(SYS_getppid, 0));
	compat_first = FIRST;
	compat_count = COMPAT_CALLS_FIRST_GENERATION;
	assert_int_equal(fake.opened, 1);
}

static void test_errors(void **state)
{
	(void)state;
	fake.ret = -EBUSY;
	assert_fails(EBUSY, compat_syscall(FIRST, 1, 0));
	fake.ret = -ENOSPC;
	assert_fails(ENOMEM, compat_syscall(FIRST, 1, 0));
	assert_fails(ENOSPC, compat_syscall(FIRST + 2, 64, 0));
	fake.ret = -EINTR;
	assert_fails(EINTR, compat_syscall(FIRST + 5, 1, 0));
}

static void test_no_module(void **state)
{
	static const int none[] = { -ENOENT, -ENXIO, -ENODEV, -EPROTONOSUPPORT };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		fake.open_error = none[i];
		assert_fails(ENOSYS, compat_syscall(FIRST, 1, 0));
	}
	fake.open_error = -EMFILE;
	assert_fails(EMFILE, compat_syscall(FIRST, 1, 0));
	assert_int_equal(fake.count, 0);
	/* It may be loaded later. */
	fake.open_error = 0;
	assert_int_equal(compat_syscall(FIRST, 1, 0), 0);
}

static void test_no_user_interrupts(void **state)
{
	(void)state;
	fake.features = 0;
	assert_fails(ENOSYS, compat_syscall(FIRST, 1, 0));
	compat_first_generation = true;
	assert_fails(EOPNOTSUPP, compat_syscall(FIRST, 1, 0));
	assert_int_equal(fake.count, 0);
}

static void test_uintr_kernel(void **state)
{
	char byte = 0;
	int pair[2];

	(void)state;
	/* Any calls of the kernel do: read and write, as if they were the first two. */
	fake.features = CRTOS_FEATURE_UINTR_KERNEL;
	compat_first = SYS_read;
	compat_count = 2;
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(compat_syscall(SYS_write, pair[1], "x", 1), 1);
	assert_int_equal(compat_syscall(SYS_read, pair[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_fails(EBADF, compat_syscall(SYS_read, -1, &byte, 1));
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(fake.opened, 1);
}

static void test_session_is_kept(void **state)
{
	int first, pair[2];
	char byte;

	(void)state;
	compat_syscall(FIRST, 1, 0);
	first = fake.dev;
	compat_syscall(FIRST, 1, 0);
	assert_int_equal(fake.dev, first);
	assert_int_equal(fake.opened, 1);
	assert_int_equal(fcntl(first, F_GETFD), FD_CLOEXEC);
	close(first);
	compat_syscall(FIRST, 1, 0);
	assert_int_equal(fake.opened, 2);

	/* A pipe, and another device, have taken its number. */
	assert_int_equal(pipe(pair), 0);
	first = fake.dev;
	assert_int_equal(dup2(pair[0], first), first);
	compat_syscall(FIRST, 1, 0);
	assert_int_equal(fake.opened, 3);
	assert_int_not_equal(fake.dev, first);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(read(first, &byte, 1), 1);
	close(first);
	close(pair[0]);
	close(pair[1]);
	first = open("/dev/zero", O_RDONLY);
	assert_int_equal(dup2(first, fake.dev), fake.dev);
	close(first);
	first = fake.dev;
	compat_syscall(FIRST, 1, 0);
	assert_int_equal(fake.opened, 4);
	close(first);
}

static void test_session_lost_meanwhile(void **state)
{
	(void)state;
	compat_syscall(FIRST + 2, 1, 0);
	fake.ret = 4;
	fake.lost = true;
	assert_int_equal(compat_syscall(FIRST + 2, 1, 0), 4);
	assert_int_equal(fake.count, 3);
	assert_int_equal(fake.opened, 2);
	/* An error of the call itself stays one. */
	fake.ret = -EBADF;
	assert_fails(EBADF, compat_syscall(FIRST + 3, 77, 0));
	assert_int_equal(fake.count, 4);
}

static void test_first_generation_unregisters_by_descriptor(void **state)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);

	(void)state;
	fake.ret = 200;
	assert_int_equal(compat_syscall(FIRST + 3, a, 0), 200);
	fake.ret = 0;
	assert_int_equal(compat_syscall(FIRST + 3, b, 0), 0);
	assert_fails(EINVAL, compat_syscall(FIRST + 4, a, 1));
	assert_int_equal(compat_syscall(FIRST + 4, GARBAGE | (unsigned int)a, 0), 0);
	assert_call("unregister_sender", 200, 0, 0);
	assert_fails(EINVAL, compat_syscall(FIRST + 4, a, 0));
	assert_int_equal(compat_syscall(FIRST + 4, b, 0), 0);
	assert_call("unregister_sender", 0, 0, 0);

	/* One that failed leaves nothing behind; of two, the later counts. */
	fake.ret = -ESHUTDOWN;
	assert_fails(ESHUTDOWN, compat_syscall(FIRST + 3, a, 0));
	fake.ret = 0;
	assert_fails(EINVAL, compat_syscall(FIRST + 4, a, 0));
	fake.ret = 9;
	compat_syscall(FIRST + 3, a, 0);
	fake.ret = 3;
	compat_syscall(FIRST + 3, a, 0);
	fake.ret = 0;
	assert_int_equal(compat_syscall(FIRST + 4, a, 0), 0);
	assert_call("unregister_sender", 3, 0, 0);
	assert_fails(EINVAL, compat_syscall(FIRST + 4, a, 0));
	fake.ret = 11;
	compat_syscall(FIRST + 3, a, 0);
	fake.ret = 0;
	fake.lost = true;
	assert_int_equal(compat_syscall(FIRST + 4, a, 0), 0);
	assert_call("unregister_sender", 11, 0, 0);
	close(a);
	close(b);
	assert_fails(EBADF, compat_syscall(FIRST + 4, a, 0));
}

static void test_first_generation_waits_without_end(void **state)
{
	(void)state;
	fake.ret = -EINTR;
	fake.zeros = 3;
	assert_fails(EINTR, compat_syscall(FIRST + 5, 0));
	assert_int_equal(fake.count, 4);
	assert_call("wait", 1000000000, 0, 0);
	fake.ret = -EINVAL;
	assert_fails(EINVAL, compat_syscall(FIRST + 5, 1));
	assert_call("wait", 1000000000, 1, 0);
}

static void test_first_generation_has_six_calls(void **state)
{
	(void)state;
	assert_fails(EINVAL, compat_syscall(FIRST, 1, 0x1000));
	fake.count = 0;
	/* register_self: to the kernel, which here has something else or nothing. */
	compat_syscall(FIRST + 6, -1l, -1l, -1l, -1l, -1l, -1l);
	assert_int_equal(fake.count, 0);
}

/* --- the environment --------------------------------------------------------------------------- */

/* Started again by itself: what it was told. */
static int tell(void)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%u %u %d", compat_first, compat_count,
			    compat_first_generation);

	return write(STDOUT_FILENO, text, (size_t)size) != size;
}

static int started_with(const char *name, const char *value, char *output, size_t size)
{
	int pair[2], status;
	ssize_t length;
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (!pid) {
		setenv("COMPAT_TEST_TELL", "1", 1);
		setenv(name, value, 1);
		dup2(pair[1], STDOUT_FILENO);
		dup2(pair[1], STDERR_FILENO);
		execl("/proc/self/exe", "compat", NULL);
		_exit(1);
	}
	close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	length = read(pair[0], output, size - 1);
	output[length > 0 ? length : 0] = 0;
	close(pair[0]);
	return WEXITSTATUS(status);
}

static void test_environment(void **state)
{
	static const char *const wrong[][2] = {
		{ "CRTOS_UINTR_API", "" },	    { "CRTOS_UINTR_API", "3" },
		{ "CRTOS_UINTR_NR", "" },	    { "CRTOS_UINTR_NR", "449x" },
		{ "CRTOS_UINTR_NR", "0" },	    { "CRTOS_UINTR_NR", "-449" },
		{ "CRTOS_UINTR_NR", "4294967767" },
	};
	char output[256];
	size_t i;

	(void)state;
	assert_int_equal(started_with("OTHER", "1", output, sizeof(output)), 0);
	assert_string_equal(output, "471 9 0");
	assert_int_equal(started_with("CRTOS_UINTR_API", "2", output, sizeof(output)), 0);
	assert_string_equal(output, "471 9 0");
	assert_int_equal(started_with("CRTOS_UINTR_API", "1", output, sizeof(output)), 0);
	assert_string_equal(output, "471 6 1");
	assert_int_equal(started_with("CRTOS_UINTR_NR", "449", output, sizeof(output)), 0);
	assert_string_equal(output, "449 9 0");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(started_with(wrong[i][0], wrong[i][1], output, sizeof(output)),
				 127);
		assert_non_null(strstr(output, "must be"));
		assert_non_null(strstr(output, wrong[i][0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_call, reset),
		cmocka_unit_test_setup(test_number_has_32_bits, reset),
		cmocka_unit_test_setup(test_neighbours_pass, reset),
		cmocka_unit_test_setup(test_errors, reset),
		cmocka_unit_test_setup(test_no_module, reset),
		cmocka_unit_test_setup(test_no_user_interrupts, reset),
		cmocka_unit_test_setup(test_uintr_kernel, reset),
		cmocka_unit_test_setup(test_session_is_kept, reset),
		cmocka_unit_test_setup(test_session_lost_meanwhile, reset),
		cmocka_unit_test_setup(test_first_generation_unregisters_by_descriptor,
				       reset_first_generation),
		cmocka_unit_test_setup(test_first_generation_waits_without_end,
				       reset_first_generation),
		cmocka_unit_test_setup(test_first_generation_has_six_calls, reset_first_generation),
		cmocka_unit_test_setup(test_environment, reset),
	};

	if (getenv("COMPAT_TEST_TELL"))
		return tell();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
