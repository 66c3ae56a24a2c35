// SPDX-License-Identifier: MIT
/* sources: */
/* cflags: -Irtos -DUNIT_TEST */
/* Every system call of x86-64 Linux has exactly one row, under its own name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include <crtos/scf.h>

enum class { REALTIME, DUAL, REMOTE, REFUSED };

/* Handlers are no more than names here; errnos are numbers. */
#define SYSCALL(nr, name, class, what, pointers) { nr, #name, class, #what, #pointers },
static const struct row {
	unsigned int nr;
	const char *name;
	enum class class;
	const char *what, *pointers;
} rows[] = {
#include "../../rtos/syscalls.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *find(unsigned int nr)
{
	const struct row *found = NULL;
	size_t i;

	for (i = 0; i < ROWS; i++) {
		if (rows[i].nr != nr)
			continue;
		if (found)
			fail_msg("%u has two rows: %s and %s", nr, found->name, rows[i].name);
		found = &rows[i];
	}
	return found;
}

/* The header itself is read, so that a newer one shows what is missing. */
static void has_a_row_for_each_number(void **state)
{
	static const char *const paths[] = {
		"/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
		"/usr/include/asm/unistd_64.h",
	};
	unsigned int nr, count = 0, newest = rows[ROWS - 1].nr;
	char line[256], name[64];
	FILE *file = NULL;
	size_t i;

	(void)state;
	for (i = 0; !file && i < 2; i++)
		file = fopen(paths[i], "r");
	if (!file)
		skip();
	while (fgets(line, sizeof(line), file)) {
		const struct row *row;

		if (sscanf(line, "#define __NR_%63s %u", name, &nr) != 2)
			continue;
		count++;
		row = find(nr);
		if (!row && nr > newest) {
			print_message("%s (%u) is newer than the table: ENOSYS\n", name, nr);
			continue;
		}
		if (!row)
			fail_msg("%s (%u) has no row", name, nr);
		assert_string_equal(row->name, name);
	}
	fclose(file);
	assert_true(count > 300);
}

static void is_in_order(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		assert_true(rows[i].nr < CRTOS_SCF_COUNTED_CALLS - 1);
		if (i)
			assert_true(rows[i].nr > rows[i - 1].nr);
	}
}

static void says_what_each_class_needs(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		switch (r->class) {
		case REALTIME:
		case DUAL:
			assert_int_equal(strncmp(r->what, "sys_", 4), 0);
			assert_string_equal(r->pointers, "0");
			break;
		case REMOTE:
			if (strcmp(r->what, "0"))
				assert_int_equal(strncmp(r->what, "check_", 6), 0);
			break;
		case REFUSED:
			/* The macro was expanded: a number. */
			assert_true(atoi(r->what) > 0 || r->what[0] == 'E');
			assert_string_equal(r->pointers, "0");
			break;
		}
	}
}

/* Calls that take pointers to pointers, of which there are few, are checked to the end. */
static void checks_nested_pointers(void **state)
{
	static const unsigned int nested[] = {
		19, 20, 295, 296, 327, 328, 278, 46, 47, 299, 307, 310, 311, 270,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nested) / sizeof(nested[0]); i++)
		assert_int_equal(strncmp(find(nested[i])->what, "check_", 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_row_for_each_number),
		cmocka_unit_test(is_in_order),
		cmocka_unit_test(says_what_each_class_needs),
		cmocka_unit_test(checks_nested_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
