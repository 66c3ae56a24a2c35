// SPDX-License-Identifier: MIT
/* sources: */
/* cflags: -Irtos -DUNIT_TEST */
/* Every system call is covered by a differential test, or tests/programs/diff.def says why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum class { REALTIME, DUAL, REMOTE, REFUSED };

#define SYSCALL(nr, name, class, what, pointers) { #name, class },
static const struct row {
	const char *name;
	enum class class;
} rows[] = {
#include "../../rtos/syscalls.def"
};

#define E(name) (-name)
#define COVERED(name, program) { #name, #program, NULL },
#define NOT_COVERED(name, why) { #name, NULL, why },
#define DEVIATION(id, on_linux, on_rtos, why)
static const struct line {
	const char *name, *program, *why;
} lines[] = {
#include "../programs/diff.def"
};
#undef COVERED
#undef NOT_COVERED
#undef DEVIATION

#define COVERED(name, program)
#define NOT_COVERED(name, why)
#define DEVIATION(id, on_linux, on_rtos, why) { #id, why },
static const struct {
	const char *id, *why;
} deviations[] = {
#include "../programs/diff.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct row *find_row(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* The text of tests/programs/diff-NAME.c; the last one is kept. */
static const char *source(const char *program)
{
	static char text[1 << 16], last[32];
	char path[512];
	size_t bytes;
	FILE *file;

	if (!strcmp(last, program))
		return text;
	snprintf(path, sizeof(path), SOURCE_ROOT "/tests/programs/diff-%s.c", program);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	bytes = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_true(bytes < sizeof(text) - 1);
	text[bytes] = '\0';
	snprintf(last, sizeof(last), "%s", program);
	return text;
}

static int part_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* MACRO(name, ...), MACRO(id, name, ...) or SYS_name. */
static int calls(const char *text, const char *name)
{
	size_t length = strlen(name);
	const char *at;

	for (at = text; (at = strstr(at, name)); at += length) {
		if (part_of_word(at[length]))
			continue;
		if (at - text > 4 && !strncmp(at - 4, "SYS_", 4))
			return 1;
		if (at[length] == ',' || at[length] == ')') {
			const char *before = at - 1;

			while (*before == ' ')
				before--;
			if ((*before == '(' && isupper((unsigned char)before[-1])) ||
			    *before == ',')
				return 1;
		}
	}
	return 0;
}

static void test_every_row_has_a_line(void **state)
{
	size_t i, k, found;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		for (found = k = 0; k < COUNT(lines); k++)
			found += !strcmp(lines[k].name, rows[i].name);
		if (rows[i].class == REFUSED && found)
			fail_msg("%s is refused: diff-refused covers it", rows[i].name);
		if (rows[i].class != REFUSED && found != 1)
			fail_msg("%s has %zu lines in diff.def", rows[i].name, found);
	}
}

static void test_every_line_has_a_row(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++)
		if (!find_row(lines[i].name))
			fail_msg("%s is no system call", lines[i].name);
}

static void test_what_is_covered_is_called(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		if (!lines[i].program)
			assert_true(strlen(lines[i].why) > 10);
		else if (!calls(source(lines[i].program), lines[i].name))
			fail_msg("diff-%s.c does not call %s", lines[i].program, lines[i].name);
	}
	assert_non_null(strstr(source("refused"), "rtos/syscalls.def"));
}

static void test_every_deviation_is_looked_for(void **state)
{
	static const char *const programs[] = { "files",   "descriptors", "sockets",
						"memory",  "time",	  "processes",
						"signals", "threads",	  "pointers" };
	char call[80];
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(deviations); i++) {
		snprintf(call, sizeof(call), "DEVIATES(%s,", deviations[i].id);
		for (k = 0; k < COUNT(programs); k++)
			if (strstr(source(programs[k]), call))
				break;
		if (k == COUNT(programs))
			fail_msg("no program expects %s", deviations[i].id);
		assert_true(strlen(deviations[i].why) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_has_a_line),
		cmocka_unit_test(test_every_line_has_a_row),
		cmocka_unit_test(test_what_is_covered_is_called),
		cmocka_unit_test(test_every_deviation_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
