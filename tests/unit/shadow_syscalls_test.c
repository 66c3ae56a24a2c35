// SPDX-License-Identifier: MIT
/* sources: shadowd/syscalls.c */
/* cflags: -Ishadowd */
/* `crtos syscalls`, crtos-syscalls(7) and the table that the real-time kernel is built from say the same. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "syscalls.h"

#define SYSCALL(nr, name, class, what, pointers) { nr, #name, CLASS_##class, #what },
static const struct {
	unsigned int number;
	const char *name;
	enum syscall_class class;
	const char *what;
} table[] = {
#include "../../rtos/syscalls.def"
};

#define NOTE(name, text) { #name, text },
static const struct {
	const char *name, *text;
} notes[] = {
#include "../../rtos/notes.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the command says beside its lines. */
static char complaint[256];

int complain(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	assert_string_equal(command, "syscalls");
	return EXIT_FAILED;
}

int misuse(const char *command, const char *format, ...)
{
	(void)format;
	assert_string_equal(command, "syscalls");
	return EXIT_USAGE;
}

/* Runs the command; its standard output is in `output`. */
static char output[65536];

static int run(int argc, char **argv)
{
	FILE *file = tmpfile();
	size_t bytes;
	int saved, status;

	assert_non_null(file);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	status = command_syscalls(argc, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	bytes = fread(output, 1, sizeof(output) - 1, file);
	fclose(file);
	output[bytes] = '\0';
	return status;
}

#define RUN(...) run(COUNT(((char *[]){ __VA_ARGS__ })), (char *[]){ __VA_ARGS__, NULL })

static unsigned int lines(void)
{
	unsigned int count = 0;
	const char *at;

	for (at = output; *at; at++)
		count += *at == '\n';
	return count;
}

static const char *note_on(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(notes); i++)
		if (!strcmp(notes[i].name, name))
			return notes[i].text;
	return "";
}

static void test_rows_are_those_of_the_kernel(void **state)
{
	const struct syscall_row *rows;
	size_t count, i;

	(void)state;
	rows = syscall_rows(&count);
	assert_int_equal(count, COUNT(table));
	for (i = 0; i < count; i++) {
		assert_int_equal(rows[i].number, table[i].number);
		assert_string_equal(rows[i].name, table[i].name);
		assert_int_equal(rows[i].class, table[i].class);
		assert_string_equal(rows[i].error,
				    table[i].class == CLASS_REFUSED ? table[i].what : "");
		assert_string_equal(rows[i].note, note_on(rows[i].name));
	}
}

static void test_every_note_is_on_a_row(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(notes); i++) {
		for (k = 0; k < COUNT(table); k++)
			if (!strcmp(table[k].name, notes[i].name))
				break;
		if (k == COUNT(table))
			fail_msg("%s is no system call", notes[i].name);
		for (k = 0; k < i; k++)
			assert_string_not_equal(notes[k].name, notes[i].name);
	}
}

/* Why a call is refused is worth a word. */
static void test_every_refused_row_has_a_note(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		if (table[i].class == CLASS_REFUSED && !*note_on(table[i].name))
			fail_msg("nothing is said about %s", table[i].name);
}

static void test_prints_all(void **state)
{
	char line[512];
	size_t i;

	(void)state;
	assert_int_equal(RUN("syscalls"), EXIT_OK);
	assert_int_equal(lines(), COUNT(table));
	assert_int_equal(RUN("syscalls", "--raw"), EXIT_OK);
	assert_int_equal(lines(), COUNT(table));
	for (i = 0; i < COUNT(table); i++) {
		const char *note = note_on(table[i].name);

		snprintf(line, sizeof(line), "%u\t%s\t%s\t%s\t%s\n", table[i].number, table[i].name,
			 (const char *[]){ "real-time", "dual", "remote",
					   "refused" }[table[i].class],
			 table[i].class == CLASS_REFUSED ? table[i].what : "-", *note ? note : "-");
		if (!strstr(output, line))
			fail_msg("not printed: %s", line);
	}
}

static void test_prints_what_is_asked_for(void **state)
{
	size_t i, refused = 0;

	(void)state;
	for (i = 0; i < COUNT(table); i++)
		refused += table[i].class == CLASS_REFUSED;
	assert_int_equal(RUN("syscalls", "refused"), EXIT_OK);
	assert_int_equal(lines(), refused);
	assert_int_equal(RUN("syscalls", "read", "1", "read"), EXIT_OK);
	assert_int_equal(lines(), 2);
	assert_non_null(strstr(output, " read "));
	assert_non_null(strstr(output, " write "));
	assert_int_equal(RUN("syscalls", "--raw", "write"), EXIT_OK);
	assert_string_equal(output, "1\twrite\tremote\t-\t-\n");
}

static void test_refuses_what_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(RUN("syscalls", "read", "nothing"), EXIT_FAILED);
	assert_string_equal(output, "");
	assert_non_null(strstr(complaint, "nothing"));
	assert_int_equal(RUN("syscalls", "99999"), EXIT_FAILED);
	assert_int_equal(RUN("syscalls", ""), EXIT_FAILED);
	assert_int_equal(RUN("syscalls", "--row"), EXIT_USAGE);
}

/* --- the page ------------------------------------------------------------------------------------- */

static char page[131072];

/* Without its markup: what it says of a call is "name (number)" and, in the next line, the error and the note. */
static void read_page(void)
{
	FILE *file = fopen(SOURCE_ROOT "/shadowd/build/man/crtos-syscalls.7", "r");
	size_t length, from, to = 0;

	assert_non_null(file);
	length = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	assert_true(length < sizeof(page) - 1);
	for (from = 0; from < length; from++) {
		if (page[from] != '\\') {
			page[to++] = page[from];
		} else if (page[from + 1] == 'f') {
			from += 2;
		} else if (page[from + 1] == '(') {
			page[to++] = '\'';
			from += 3;
		} else if (page[from + 1] == '~') {
			page[to++] = ' ';
			from++;
		}
	}
	page[to] = '\0';
}

static void test_page_says_the_same(void **state)
{
	static const char *const sections[] = { ".SS Real-time\n", ".SS Dual\n", ".SS Remote\n",
						".SS Refused\n", ".SH NOTES\n" };
	size_t i;

	(void)state;
	read_page();
	for (i = 0; i < COUNT(table); i++) {
		const char *section = strstr(page, sections[table[i].class]), *at, *note;
		char text[512];

		assert_non_null(section);
		snprintf(text, sizeof(text), "\n%s (%u)", table[i].name, table[i].number);
		at = strstr(section, text);
		if (!at || at > strstr(page, sections[table[i].class + 1]))
			fail_msg("%s is not in its section", table[i].name);
		note = note_on(table[i].name);
		if (table[i].class == CLASS_REFUSED)
			snprintf(text, sizeof(text), "\n%s: %s\n", table[i].what, note);
		else
			snprintf(text, sizeof(text), "\n%s\n", note);
		at = strchr(at + 1, '\n');
		if (*note && strncmp(at, text, strlen(text)))
			fail_msg("the note on %s is missing", table[i].name);
	}
	assert_null(strstr(page, "@TABLE@"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_those_of_the_kernel),
		cmocka_unit_test(test_every_note_is_on_a_row),
		cmocka_unit_test(test_every_refused_row_has_a_note),
		cmocka_unit_test(test_prints_all),
		cmocka_unit_test(test_prints_what_is_asked_for),
		cmocka_unit_test(test_refuses_what_is_not_known),
		cmocka_unit_test(test_page_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
