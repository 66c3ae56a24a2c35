// SPDX-License-Identifier: MIT
/* sources: shadowd/program.c */
/* cflags: -Ishadowd */
/* Finding the program, as execvp() does. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

static char directory[] = "/tmp/shadow_program_test.XXXXXX";

static void make(const char *name, const char *contents, size_t size, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, size), size);
	close(fd);
	assert_int_equal(chmod(name, mode), 0);
}

static int setup(void **state)
{
	char elf[64] = "\177ELF\2\1\1";

	(void)state;
	if (!mkdtemp(directory) || chdir(directory) || mkdir("one", 0700) || mkdir("two", 0700) ||
	    mkdir("one/prog", 0700))
		return -1;
	elf[16] = 3;
	elf[18] = 62;
	make("two/prog", elf, sizeof(elf), 0700);
	make("here", elf, sizeof(elf), 0700);
	make("one/plain", elf, sizeof(elf), 0600);
	make("two/script", "#!/bin/sh\n", 10, 0700);
	make("two/text", "hello\n", 6, 0700);
	make("two/empty", "", 0, 0700);
	elf[18] = 40;
	make("two/arm", elf, sizeof(elf), 0700);
	elf[18] = 62;
	elf[16] = 1;
	make("two/object", elf, sizeof(elf), 0700);
	return setenv("PATH", "none:one:two:", 1);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	if (setenv("PATH", "/usr/bin:/bin", 1) || chdir("/"))
		return -1;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

static void expect(const char *name, const char *path)
{
	char *found = program_find(name);

	if (!found)
		fail_msg("%s: %s", name, strerror(errno));
	assert_string_equal(found, path);
	free(found);
}

static void expect_error(const char *name, int error)
{
	char *found = program_find(name);

	if (found)
		fail_msg("%s: found as %s", name, found);
	assert_int_equal(errno, error);
}

static void test_path(void **state)
{
	(void)state;
	/* A directory of that name comes first in PATH. */
	expect("prog", "two/prog");
	expect("script", "two/script");
	/* The empty element. */
	expect("here", "./here");
}

static void test_no_search_with_a_slash(void **state)
{
	(void)state;
	expect("./here", "./here");
	expect("two/prog", "two/prog");
	expect_error("./prog", ENOENT);
}

static void test_not_found(void **state)
{
	(void)state;
	expect_error("nothing-of-that-name", ENOENT);
	expect_error("", ENOENT);
	expect_error("two/prog/x", ENOTDIR);
	expect_error("none/x", ENOENT);
}

static void test_not_executable(void **state)
{
	(void)state;
	if (!geteuid() && !faccessat(AT_FDCWD, "one/plain", X_OK, AT_EACCESS))
		skip();
	expect_error("plain", EACCES);
	expect_error("one/plain", EACCES);
	expect_error("./one", EACCES);
}

static void test_wrong_format(void **state)
{
	(void)state;
	expect_error("text", ENOEXEC);
	expect_error("empty", ENOEXEC);
	expect_error("arm", ENOEXEC);
	expect_error("object", ENOEXEC);
}

static void test_no_path(void **state)
{
	char *found;

	(void)state;
	unsetenv("PATH");
	found = program_find("sh");
	setenv("PATH", "none:one:two:", 1);
	assert_non_null(found);
	free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),	     cmocka_unit_test(test_no_search_with_a_slash),
		cmocka_unit_test(test_not_found),    cmocka_unit_test(test_not_executable),
		cmocka_unit_test(test_wrong_format), cmocka_unit_test(test_no_path),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
