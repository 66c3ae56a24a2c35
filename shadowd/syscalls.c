// SPDX-License-Identifier: MIT
/* crtos syscalls: what becomes of each system call. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "syscalls.h"

static const struct syscall_row rows[] = {
#include "build/syscalls_table.h"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const classes[] = {
	[CLASS_REALTIME] = "real-time",
	[CLASS_DUAL] = "dual",
	[CLASS_REMOTE] = "remote",
	[CLASS_REFUSED] = "refused",
};

const struct syscall_row *syscall_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

bool syscall_matches(const struct syscall_row *row, const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	if (*word && !*end)
		return number == row->number;
	return !strcmp(word, row->name) || !strcmp(word, classes[row->class]);
}

/* With no words every row is meant. */
static bool wanted(const struct syscall_row *row, char *const *words)
{
	if (!*words)
		return true;
	for (; *words; words++)
		if (syscall_matches(row, *words))
			return true;
	return false;
}

static void print_row(const struct syscall_row *row)
{
	const char *class = classes[row->class];

	printf("%4u  %-24s ", row->number, row->name);
	if (*row->error || *row->note)
		printf("%-9s  %s%s%s\n", class, row->error, *row->error && *row->note ? ": " : "",
		       row->note);
	else
		puts(class);
}

/* "-" stands for nothing, so that every line has five fields. */
static void print_raw(const struct syscall_row *row)
{
	printf("%u\t%s\t%s\t%s\t%s\n", row->number, row->name, classes[row->class],
	       *row->error ? row->error : "-", *row->note ? row->note : "-");
}

static bool known(const char *word)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (syscall_matches(&rows[i], word))
			return true;
	return false;
}

int command_syscalls(int argc, char **argv)
{
	static const struct option names[] = {
		{ "raw", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	bool raw = false;
	int option;
	size_t i;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option != 'r')
			return misuse("syscalls", "unknown option");
		raw = true;
	}
	for (i = optind; i < (size_t)argc; i++)
		if (!known(argv[i]))
			return complain("syscalls", "%s: no system call and no class", argv[i]);
	for (i = 0; i < ROWS; i++) {
		if (!wanted(&rows[i], argv + optind))
			continue;
		if (raw)
			print_raw(&rows[i]);
		else
			print_row(&rows[i]);
	}
	return EXIT_OK;
}
