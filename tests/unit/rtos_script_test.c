// SPDX-License-Identifier: MIT
/* sources: rtos/script.c */
/* cflags: -Irtos -DUNIT_TEST */
/* The first line of scripts, as Linux reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/errno.h>

#include "script.h"

static char *interp, *arg;

static int parse(const char *text)
{
	static char copy[SCRIPT_BYTES + 1];
	size_t bytes = strlen(text);

	if (bytes > SCRIPT_BYTES)
		bytes = SCRIPT_BYTES;
	memcpy(copy, text, bytes);
	interp = arg = NULL;
	return script_parse(copy, bytes, &interp, &arg);
}

static void names_and_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse("#!/bin/sh\necho"), 0);
	assert_string_equal(interp, "/bin/sh");
	assert_null(arg);
	assert_int_equal(parse("#! \t/usr/bin/env  python3 -u \t \nx"), 0);
	assert_string_equal(interp, "/usr/bin/env");
	assert_string_equal(arg, "python3 -u");
	assert_int_equal(parse("#!/bin/sh"), 0);
	assert_string_equal(interp, "/bin/sh");
	assert_int_equal(parse("#!/bin/sh -e"), 0);
	assert_string_equal(arg, "-e");
}

static void lines_that_name_nothing(void **state)
{
	(void)state;
	assert_int_equal(parse("#!"), -ENOEXEC);
	assert_int_equal(parse("#!\n/bin/sh"), -ENOEXEC);
	assert_int_equal(parse("#!  \t \n"), -ENOEXEC);
}

static void long_lines(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "#!/", 3);
	text[399] = '\0';
	assert_int_equal(parse(text), -ENOEXEC);
	text[200] = ' ';
	assert_int_equal(parse(text), 0);
	assert_int_equal(strlen(interp), 198);
	assert_int_equal(strlen(arg), SCRIPT_BYTES - 201);
	text[255] = '\n';
	assert_int_equal(parse(text), 0);
	assert_int_equal(strlen(arg), 54);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_arguments),
		cmocka_unit_test(lines_that_name_nothing),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
