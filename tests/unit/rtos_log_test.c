// SPDX-License-Identifier: MIT
/* sources: rtos/log.c rtos/format.c */
/* cflags: -Irtos -Iinclude -DUNIT_TEST */
/* Formatting, against the C library's; the log ring. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <crtos/boot.h>

#include "format.h"
#include "log.h"

static u64 now;

u64 time_monotonic(void)
{
	return now;
}

static size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = format_text(buf, size, fmt, args);
	va_end(args);
	return n;
}

#define SAME(...) \
	do { \
		char ours[200], libc[200]; \
		size_t n = format(ours, sizeof(ours), __VA_ARGS__); \
		snprintf(libc, sizeof(libc), __VA_ARGS__); \
		assert_string_equal(ours, libc); \
		assert_int_equal(n, strlen(libc)); \
	} while (0)

static void test_as_the_c_library(void **state)
{
	(void)state;
	SAME("plain %% text");
	SAME("%d %i %u", 0, -1, 4000000000u);
	SAME("%d %d", INT32_MIN, INT32_MAX);
	SAME("%ld %ld %lu", INT64_MIN, INT64_MAX, UINT64_MAX);
	SAME("%lld %llu %zu", -5ll, 5ull, (size_t)7);
	SAME("%x %X %lx %llx", 0xabcu, 0xABCu, 0xdeadbeefcafeul, 0x1ull);
	SAME("[%5d] [%-5d] [%05d] [%2d]", 42, 42, 42, 12345);
	SAME("[%5d] [%-5d] [%05d]", -42, -42, -42);
	SAME("[%016lx] [%8x] [%-8x]", 0x1234ul, 0xffu, 0xffu);
	SAME("[%s] [%8s] [%-8s] [%2s]", "abc", "abc", "abc", "abc");
	SAME("[%.2s] [%.16s] [%6.2s]", "abc", "abc", "abc");
	SAME("%c%c", 'x', 'y');
	SAME("%p", (void *)0x1234);
}

static void test_no_terminator_within_the_precision(void **state)
{
	const char comm[4] = { 'a', 'b', 'c', 'd' };
	char *copy = malloc(4), buf[20];

	(void)state;
	memcpy(copy, comm, 4);	/* where a read beyond it is noticed */
	format(buf, sizeof(buf), "%.4s", copy);
	assert_string_equal(buf, "abcd");
	free(copy);
}

static void test_cut(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(format(buf, sizeof(buf), "%s", "0123456789"), 7);
	assert_string_equal(buf, "0123456");
	assert_int_equal(format(buf, sizeof(buf), "%20d", 1), 7);
	assert_int_equal(format(buf, 1, "%d", 1), 0);
	assert_string_equal(buf, "");
}

static void test_unknown_and_null(void **state)
{
	const char *unknown = "%q %", *none = NULL, *fmt = "%s";
	char buf[20];

	(void)state;
	format(buf, sizeof(buf), unknown);
	assert_string_equal(buf, "%q %");
	format(buf, sizeof(buf), fmt, none);
	assert_string_equal(buf, "(null)");
}

#define TEXT 1024

static struct crtos_log *ring;

static int make_ring(void **state)
{
	(void)state;
	ring = calloc(1, sizeof(*ring) + TEXT);
	ring->text_size = TEXT;
	log_init(ring, sizeof(*ring) + TEXT);
	now = 0;
	return 0;
}

static int free_ring(void **state)
{
	(void)state;
	free(ring);
	return 0;
}

static void test_line(void **state)
{
	(void)state;
	now = 12345678901234ull;
	log_print("%s %d", "hello", 42);
	assert_string_equal(ring->text, "[12345.678901] hello 42\n");
	assert_int_equal(ring->head, strlen(ring->text));
}

static void test_wrap(void **state)
{
	char line[64], expected[64];

	(void)state;
	for (int i = 0; i < 500; i++) {
		u64 before = ring->head, n;

		log_print("line %d", i);
		n = ring->head - before;
		for (u64 k = 0; k < n; k++)
			line[k] = ring->text[(before + k) % TEXT];
		line[n] = '\0';
		snprintf(expected, sizeof(expected), "[    0.000000] line %d\n", i);
		assert_string_equal(line, expected);
	}
}

static void test_long_line_is_cut(void **state)
{
	char text[600];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[599] = '\0';
	log_print("%s", text);
	assert_in_range(ring->head, 100, 300);
	assert_int_equal(ring->text[ring->head - 1], '\n');
}

static void test_wrong_size_is_not_used(void **state)
{
	struct crtos_log *bad = calloc(1, sizeof(*bad) + 64);

	(void)state;
	bad->text_size = 128;
	log_init(bad, sizeof(*bad) + 64);
	bad->text_size = 48;
	log_init(bad, sizeof(*bad) + 64);
	bad->text_size = 0;
	log_init(bad, sizeof(*bad) + 64);
	log_print("into the old one");
	assert_int_equal(bad->head, 0);
	assert_int_not_equal(ring->head, 0);
	free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_the_c_library),
		cmocka_unit_test(test_no_terminator_within_the_precision),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_unknown_and_null),
		cmocka_unit_test_setup_teardown(test_line, make_ring, free_ring),
		cmocka_unit_test_setup_teardown(test_wrap, make_ring, free_ring),
		cmocka_unit_test_setup_teardown(test_long_line_is_cut, make_ring, free_ring),
		cmocka_unit_test_setup_teardown(test_wrong_size_is_not_used, make_ring, free_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
