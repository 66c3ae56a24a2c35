// SPDX-License-Identifier: MIT
/* sources: shadowd/names.c */
/* cflags: -Ishadowd */
/* `crtos help` and crtos(1) speak of the same options and commands; names are those of the system. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "help.h"
#include "names.h"

static char page[65536];

/* The manual page without its markup. */
static int setup(void **state)
{
	FILE *file = fopen(SOURCE_ROOT "/shadowd/man/crtos.1", "r");
	size_t length, from, to = 0;

	(void)state;
	if (!file)
		return -1;
	length = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	for (from = 0; from < length; from++) {
		if (page[from] == '\\' && page[from + 1] == 'f')
			from += 2;
		else if (page[from] != '\\')
			page[to++] = page[from];
	}
	page[to] = '\0';
	return 0;
}

static void test_options_of_help_are_in_the_page(void **state)
{
	const char *at = help_text;
	unsigned int options = 0;
	char option[32];

	(void)state;
	while ((at = strstr(at, "--"))) {
		if (sscanf(at, "--%31[a-z-]", option) == 1) {
			char whole[40];

			snprintf(whole, sizeof(whole), "--%s", option);
			if (!strstr(page, whole))
				fail_msg("%s is not in crtos(1)", whole);
			options++;
		}
		at += 2;
	}
	assert_true(options > 10);
}

static void test_options_of_the_page_are_in_help(void **state)
{
	const char *at = page;
	char option[32];

	(void)state;
	while ((at = strstr(at, "--"))) {
		if (sscanf(at, "--%31[a-z-]", option) == 1 && !strstr(help_text, option))
			fail_msg("--%s is not in the help", option);
		at += 2;
	}
}

static void test_commands(void **state)
{
	static const char *const commands[] = { "check", "start", "stop", "status",
						"run",	 "log",	  "debug",  "syscalls" };
	char line[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		snprintf(line, sizeof(line), "\n%s ", commands[i]);
		assert_non_null(strstr(help_text, line));
		snprintf(line, sizeof(line), "\n.SS %s\n", commands[i]);
		assert_non_null(strstr(page, line));
	}
}

static void test_syscall_names(void **state)
{
	char buffer[SYSCALL_NAME_BYTES];

	(void)state;
	assert_string_equal(syscall_name(__NR_read, buffer), "read");
	assert_string_equal(syscall_name(__NR_openat, buffer), "openat");
	assert_string_equal(syscall_name(__NR_clone3, buffer), "clone3");
	assert_string_equal(syscall_name(511, buffer), "511");
	assert_string_equal(syscall_name(0xffffffff, buffer), "4294967295");
}

static void test_notifier_names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(notifier_number(notifier_name(i)), i);
	assert_string_equal(notifier_name(3), "?");
	assert_int_equal(notifier_number("irq"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_help_are_in_the_page),
		cmocka_unit_test(test_options_of_the_page_are_in_help),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_syscall_names),
		cmocka_unit_test(test_notifier_names),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
