/* SPDX-License-Identifier: MIT */
/* One line per check, in the style of TAP; the exit status tells whether all were good. */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int test_count, test_failures;

__attribute__((format(printf, 2, 3), unused)) static int check(int good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++test_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	test_failures += !good;
	return good;
}

__attribute__((unused)) static int test_end(void)
{
	printf("1..%d\n", test_count);
	return test_failures != 0;
}

#endif
