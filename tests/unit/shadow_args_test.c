// SPDX-License-Identifier: MIT
/* sources: shadowd/args.c */
/* cflags: -Ishadowd */
/* Arguments of a new process: the serialised form, its limit, and the copy to an address of the RTOS's. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <crtos/scf.h>

#include "args.h"

static const struct crtos_args no_signals;

static void test_form(void **state)
{
	static const char strings[] = "/bin/prog\0prog\0\0-x\0A=1\0B=";
	char *argv[] = { "prog", "", "-x", NULL }, *envp[] = { "A=1", "B=", NULL };
	struct crtos_args *header;
	void *buffer;
	size_t size;

	(void)state;
	assert_int_equal(args_serialise("/bin/prog", argv, envp, &no_signals, &buffer, &size), 0);
	header = buffer;
	assert_int_equal(header->argc, 3);
	assert_int_equal(header->envc, 2);
	assert_int_equal(header->bytes, sizeof(strings));
	assert_int_equal(header->reserved, 0);
	assert_int_equal(size, sizeof(*header) + sizeof(strings));
	assert_memory_equal(header + 1, strings, sizeof(strings));
	free(buffer);
}

static void test_nothing_but_a_path(void **state)
{
	char *none[] = { NULL };
	void *buffer;
	size_t size;

	(void)state;
	assert_int_equal(args_serialise("x", none, none, &no_signals, &buffer, &size), 0);
	assert_int_equal(size, sizeof(struct crtos_args) + 2);
	free(buffer);
}

/* Exactly CRTOS_ARGS_MAX is the most. */
static void test_limit(void **state)
{
	size_t room = CRTOS_ARGS_MAX - sizeof(struct crtos_args) - sizeof("/p"), size;
	char *argv[] = { malloc(room + 1), NULL }, *envp[] = { NULL };
	void *buffer;

	(void)state;
	memset(argv[0], 'a', room);
	argv[0][room - 1] = '\0';
	assert_int_equal(args_serialise("/p", argv, envp, &no_signals, &buffer, &size), 0);
	assert_int_equal(size, CRTOS_ARGS_MAX);
	free(buffer);
	argv[0][room - 1] = 'a';
	argv[0][room] = '\0';
	assert_int_equal(args_serialise("/p", argv, envp, &no_signals, &buffer, &size), -E2BIG);
	free(argv[0]);
}

static void test_copy(void **state)
{
	char from[100], to[100] = "";

	(void)state;
	memset(from, 'f', sizeof(from));
	assert_int_equal(args_copy((uintptr_t)to, sizeof(to), from, sizeof(from)), sizeof(from));
	assert_memory_equal(from, to, sizeof(from));
}

static void test_copy_without_room(void **state)
{
	char from[100], to[100] = "";

	(void)state;
	memset(from, 'f', sizeof(from));
	assert_int_equal(args_copy((uintptr_t)to, 99, from, sizeof(from)), sizeof(from));
	assert_int_equal(to[0], 0);
	assert_int_equal(args_copy(0, 0, from, sizeof(from)), sizeof(from));
}

static void test_copy_to_a_bad_address(void **state)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char from[100] = "";

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(page + 4096, 4096, PROT_NONE), 0);
	assert_int_equal(args_copy(8, 1000, from, sizeof(from)), -EFAULT);
	assert_int_equal(args_copy(0xffff888000000000, 1000, from, sizeof(from)), -EFAULT);
	assert_int_equal(args_copy((uintptr_t)page + 4096, 1000, from, sizeof(from)), -EFAULT);
	/* Half of it. */
	assert_int_equal(args_copy((uintptr_t)page + 4050, 1000, from, sizeof(from)), -EFAULT);
	munmap(page, 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_nothing_but_a_path),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_copy_without_room),
		cmocka_unit_test(test_copy_to_a_bad_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
