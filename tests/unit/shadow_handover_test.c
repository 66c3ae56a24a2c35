// SPDX-License-Identifier: MIT
/* sources: shadowd/handover.c shadowd/layout.c */
/* cflags: -Ishadowd */
/* What `crtos run` hands to shadowd, and the layout that it prepares. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "handover.h"
#include "layout.h"

extern char **environ;

static const struct handover sample = {
	.notifier = 1,
	.policy = 2,
	.priority = 99,
	.spin = SPIN_FOREVER,
	.rt_spin = 1000000,
	.stats = true,
	.restore_stack = true,
	.stack = UINT64_MAX,
	.stats_file = "/tmp/a b",
	.path = "./prog ram",
};

static void test_round_trip(void **state)
{
	struct handover taken;

	(void)state;
	assert_int_equal(handover_give(&sample), 0);
	assert_int_equal(handover_take(&taken), 0);
	assert_int_equal(taken.notifier, sample.notifier);
	assert_int_equal(taken.policy, sample.policy);
	assert_int_equal(taken.priority, sample.priority);
	assert_int_equal(taken.spin, sample.spin);
	assert_int_equal(taken.rt_spin, sample.rt_spin);
	assert_true(taken.stats && taken.restore_stack);
	assert_true(taken.stack == sample.stack);
	assert_string_equal(taken.stats_file, sample.stats_file);
	assert_string_equal(taken.path, sample.path);
}

static void test_environment_is_the_programs(void **state)
{
	struct handover other = sample, taken;
	unsigned int before = 0, after = 0;

	(void)state;
	while (environ[before])
		before++;
	assert_int_equal(handover_give(&sample), 0);
	/* A later one replaces it. */
	other.stats_file = NULL;
	assert_int_equal(handover_give(&other), 0);
	assert_int_equal(handover_take(&taken), 0);
	assert_null(taken.stats_file);
	while (environ[after])
		assert_null(strstr(environ[after++], "CRTOS_SHADOW"));
	assert_int_equal(before, after);
}

static void test_not_given(void **state)
{
	struct handover taken;

	(void)state;
	assert_int_equal(handover_take(&taken), -EINVAL);
	setenv("CRTOS_SHADOW", "1 2", 1);
	setenv("CRTOS_SHADOW_PATH", "x", 1);
	assert_int_equal(handover_take(&taken), -EINVAL);
	setenv("CRTOS_SHADOW", "2 0 0 0 0 0 0 0 0", 1);
	assert_int_equal(handover_take(&taken), -EINVAL);
	unsetenv("CRTOS_SHADOW");
	unsetenv("CRTOS_SHADOW_PATH");
}

/* In a child, for limits cannot always be raised again. */
static void test_unlimited_stack(void **state)
{
	struct rlimit limit;
	int status;

	(void)state;
	getrlimit(RLIMIT_STACK, &limit);
	if (limit.rlim_max != RLIM_INFINITY)
		skip();
	if (!fork()) {
		uint64_t stack = 0;

		limit.rlim_cur = RLIM_INFINITY;
		setrlimit(RLIMIT_STACK, &limit);
		if (!layout_prepare(&stack) || stack != RLIM_INFINITY)
			_exit(1);
		getrlimit(RLIMIT_STACK, &limit);
		_exit(limit.rlim_cur > 64u << 20 || limit.rlim_max != RLIM_INFINITY);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

static void test_usual_stack_is_left_alone(void **state)
{
	struct rlimit limit;
	uint64_t stack = 0;

	(void)state;
	getrlimit(RLIMIT_STACK, &limit);
	if (limit.rlim_cur > 1ull << 40)
		skip();
	assert_false(layout_prepare(&stack));
	assert_int_equal(stack, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_environment_is_the_programs),
		cmocka_unit_test(test_not_given),
		cmocka_unit_test(test_unlimited_stack),
		cmocka_unit_test(test_usual_stack_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
