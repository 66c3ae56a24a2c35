// SPDX-License-Identifier: MIT
/* sources: shadowd/options.c shadowd/names.c */
/* cflags: -Ishadowd */
/* Command lines of `crtos start` and `crtos run`. */

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <crtos/scf.h>

#include "handover.h"
#include "options.h"

#define WORDS(...)                \
	(char *[])                \
	{                         \
		__VA_ARGS__, NULL \
	}

static int count(char **words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static const char *start(struct start_options *options, char **words)
{
	return parse_start(count(words), words, options);
}

static const char *run(struct run_options *options, char **words)
{
	return parse_run(count(words), words, options);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "1K", 1024 },
		{ "3k", 3072 },
		{ "256M", 256ull << 20 },
		{ "2g", 2ull << 30 },
		{ "17179869183G", 17179869183ull << 30 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t size = 1;

		assert_null(parse_size(good[i].text, &size));
		assert_int_equal(size, good[i].size);
	}
}

static void test_wrong_sizes(void **state)
{
	static const char *const wrong[] = {
		"",
		"M",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1T",
		"1MB",
		"1.5G",
		"0x10",
		"17179869184G",
		"18446744073709551616",
		"99999999999999999999999",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t size = 77;

		if (!parse_size(wrong[i], &size))
			fail_msg("\"%s\" was taken for %llu", wrong[i], (unsigned long long)size);
		assert_int_equal(size, 77);
	}
}

static void test_start(void **state)
{
	struct start_options options = { 0 };

	(void)state;
	assert_null(start(&options, WORDS("start", "--cpus", "2", "--mem", "256M")));
	assert_int_equal(options.cpu, 2);
	assert_int_equal(options.mem_size, 256ull << 20);
	assert_null(start(&options, WORDS("start", "--mem=64M", "--cpus=3")));
	assert_int_equal(options.cpu, 3);
	assert_int_equal(options.mem_size, 64ull << 20);
}

static void test_start_refuses(void **state)
{
	static char *const wrong[][6] = {
		{ "start", NULL },
		{ "start", "--cpus", "2", NULL },
		{ "start", "--mem", "64M", NULL },
		{ "start", "--cpus", "2", "--mem", NULL },
		{ "start", "--cpus", "0", "--mem=64M", NULL },
		{ "start", "--cpus", "1,2", "--mem=64M", NULL },
		{ "start", "--cpus", "1-2", "--mem=64M", NULL },
		{ "start", "--cpus", "two", "--mem=64M", NULL },
		{ "start", "--cpus", "2", "--mem=8M", NULL },
		{ "start", "--cpus", "2", "--mem=65M", NULL },
		{ "start", "--cpus", "2", "--mem=65G", NULL },
		{ "start", "--cpus", "2", "--mem=64M", "now", NULL },
		{ "start", "--cpus", "2", "--mem=64M", "-x", NULL },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct start_options options = { 0 };

		if (!start(&options, (char **)wrong[i]))
			fail_msg("command line %u was accepted", i);
	}
}

static void test_several_processors(void **state)
{
	struct start_options options = { 0 };

	(void)state;
	assert_non_null(strstr(start(&options, WORDS("start", "--cpus", "2-3", "--mem=64M")),
			       "exactly one"));
}

static void test_run_defaults(void **state)
{
	struct run_options options;

	(void)state;
	assert_null(run(&options, WORDS("run", "ls")));
	assert_int_equal(options.policy, SCHED_OTHER);
	assert_int_equal(options.priority, 0);
	assert_int_equal(options.notifier, NOTIFIER_AUTOMATIC);
	assert_int_equal(options.spin, 50);
	assert_int_equal(options.rt_spin, 0);
	assert_false(options.stats);
	assert_string_equal(options.program[0], "ls");
	assert_null(options.program[1]);
}

static void test_run_options(void **state)
{
	struct run_options options;

	(void)state;
	assert_null(run(&options, WORDS("run", "-f", "80", "--notifier", "ipi", "--spin", "0",
					"--rt-spin=500", "--stats=/tmp/x", "--", "prog", "-f")));
	assert_int_equal(options.policy, SCHED_FIFO);
	assert_int_equal(options.priority, 80);
	assert_int_equal(options.notifier, CRTOS_NOTIFIER_IPI);
	assert_int_equal(options.spin, 0);
	assert_int_equal(options.rt_spin, 500);
	assert_true(options.stats);
	assert_string_equal(options.stats_file, "/tmp/x");
	assert_string_equal(options.program[0], "prog");
	assert_string_equal(options.program[1], "-f");

	assert_null(run(&options, WORDS("run", "--rr=1", "--spin=inf", "--stats", "prog")));
	assert_int_equal(options.policy, SCHED_RR);
	assert_int_equal(options.spin, SPIN_FOREVER);
	assert_true(options.stats);
	assert_null(options.stats_file);
}

/* What follows the program is the program's. */
static void test_run_stops_at_the_program(void **state)
{
	struct run_options options;

	(void)state;
	assert_null(run(&options, WORDS("run", "ls", "--stats", "-f", "99")));
	assert_false(options.stats);
	assert_int_equal(options.policy, SCHED_OTHER);
	assert_string_equal(options.program[3], "99");
}

static void test_run_refuses(void **state)
{
	static char *const wrong[][5] = {
		{ "run", NULL },
		{ "run", "--", NULL },
		{ "run", "-f", "0", "ls", NULL },
		{ "run", "-f", "100", "ls", NULL },
		{ "run", "-r", "-5", "ls", NULL },
		{ "run", "-f", "5x", "ls", NULL },
		{ "run", "-f", NULL },
		{ "run", "--notifier", "irq", "ls", NULL },
		{ "run", "--spin", "fast", "ls", NULL },
		{ "run", "--spin", "1000000001", "ls", NULL },
		{ "run", "--rt-spin", "1000001", "ls", NULL },
		{ "run", "--turbo", "ls", NULL },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run_options options;

		if (!run(&options, (char **)wrong[i]))
			fail_msg("command line %u was accepted", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_wrong_sizes),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_refuses),
		cmocka_unit_test(test_several_processors),
		cmocka_unit_test(test_run_defaults),
		cmocka_unit_test(test_run_options),
		cmocka_unit_test(test_run_stops_at_the_program),
		cmocka_unit_test(test_run_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
