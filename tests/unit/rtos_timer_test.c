// SPDX-License-Identifier: MIT
/* sources: rtos/timer.c rtos/clock.c */
/* cflags: -Irtos -Iinclude -DUNIT_TEST */
/* The queue of timers and the clock, on a TSC and a local APIC timer of our own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <crtos/boot.h>

#include "apic.h"
#include "core.h"
#include "timer.h"

#define TSC_START	123456789012345ull
#define MONO_START	5000000000ull
#define REAL_START	1700000000000000000ull

static struct crtos_boot the_boot;
static struct crtos_control the_control;
const struct crtos_boot *boot = &the_boot;
struct crtos_control *control = &the_control;

static u64 tsc, event_tsc;
static unsigned int events;

u64 rdtsc(void)
{
	return tsc;
}

void apic_timer_init(u64 khz)
{
	assert_int_equal(khz, the_boot.tsc_khz);
}

void apic_timer_set(u64 at)
{
	event_tsc = at;
	events++;
}

static unsigned int fired[64], fire_count;

struct tagged {
	struct timer timer;
	unsigned int tag;
};

static void record(struct timer *timer)
{
	assert_false(timer_armed(timer));
	if (fire_count < ARRAY_SIZE(fired))
		fired[fire_count] = container_of(timer, struct tagged, timer)->tag;
	fire_count++;
}

static void use_clock(u64 khz)
{
	the_boot = (struct crtos_boot){
		.tsc_khz = khz,
		.tsc = TSC_START,
		.monotonic_ns = MONO_START,
		.realtime_ns = REAL_START,
	};
	the_control = (struct crtos_control){ 0 };
	tsc = TSC_START;
	time_init();
	/* Leaves nothing programmed. */
	timer_interrupt();
	the_control.timer_max_latency_ns = 0;
	events = fire_count = 0;
}

static int setup(void **state)
{
	(void)state;
	use_clock(2000000);	/* two ticks a nanosecond */
	return 0;
}

static void pass(u64 ns)
{
	tsc += 2 * ns;
}

static void make(struct tagged *t, unsigned int tag)
{
	timer_init(&t->timer, record);
	t->tag = tag;
}

static void test_in_order_of_expiry(void **state)
{
	struct tagged t[5];
	static const u64 when[] = { 30, 10, 50, 20, 40 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		make(&t[i], when[i]);
		timer_start(&t[i].timer, MONO_START + when[i]);
	}
	pass(35);
	timer_interrupt();
	assert_int_equal(fire_count, 3);
	pass(100);
	timer_interrupt();
	assert_int_equal(fire_count, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(fired[i], 10 * (i + 1));
}

static void test_equal_times_in_order_of_arming(void **state)
{
	struct tagged t[40];

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		make(&t[i], i);
		timer_start(&t[i].timer, MONO_START + 1000);
	}
	timer_start(&t[0].timer, MONO_START + 1000);
	pass(1000);
	timer_interrupt();
	assert_int_equal(fire_count, 40);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(fired[i], (i + 1) % 40);
}

static void test_stop(void **state)
{
	struct tagged t[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		make(&t[i], i);
		timer_stop(&t[i].timer);
		timer_start(&t[i].timer, MONO_START + 10 * i);
	}
	timer_stop(&t[1].timer);
	timer_stop(&t[1].timer);
	assert_false(timer_armed(&t[1].timer));
	pass(100);
	timer_interrupt();
	assert_int_equal(fire_count, 2);
	assert_int_equal(fired[1], 2);
}

static void test_hardware_is_set_for_the_earliest(void **state)
{
	struct tagged a, b, c;

	(void)state;
	make(&a, 0);
	make(&b, 1);
	make(&c, 2);
	timer_start(&a.timer, MONO_START + 1000);
	assert_int_equal(events, 1);
	assert_in_range(event_tsc, TSC_START + 2000, TSC_START + 2001);
	timer_start(&b.timer, MONO_START + 2000);
	assert_int_equal(events, 1);
	timer_start(&c.timer, MONO_START + 500);
	assert_int_equal(events, 2);
	assert_in_range(event_tsc, TSC_START + 1000, TSC_START + 1001);
	/* After an interrupt, for the next one. */
	pass(500);
	timer_interrupt();
	assert_int_equal(fire_count, 1);
	assert_in_range(event_tsc, TSC_START + 2000, TSC_START + 2001);
	pass(1500);
	timer_interrupt();
	assert_int_equal(fire_count, 3);
	assert_int_equal(events, 3);
}

static void test_past_fires_at_once_from_the_interrupt(void **state)
{
	struct tagged a;

	(void)state;
	make(&a, 0);
	pass(1000);
	timer_start(&a.timer, MONO_START);
	assert_int_equal(fire_count, 0);
	assert_int_equal(event_tsc, tsc);
	timer_interrupt();
	assert_int_equal(fire_count, 1);
	/* Late by the caller's choice, not by ours. */
	assert_int_equal(the_control.timer_max_latency_ns, 0);
	timer_stop(&a.timer);
}

static void test_early_interrupt_is_set_again(void **state)
{
	struct tagged a;

	(void)state;
	make(&a, 0);
	timer_start(&a.timer, MONO_START + 1000);
	pass(999);
	timer_interrupt();
	assert_int_equal(fire_count, 0);
	assert_int_equal(events, 2);
	pass(1);
	timer_interrupt();
	assert_int_equal(fire_count, 1);
}

static void test_latency(void **state)
{
	struct tagged a;

	(void)state;
	make(&a, 0);
	timer_start(&a.timer, MONO_START + 1000);
	pass(1300);
	timer_interrupt();
	assert_int_equal(the_control.timer_max_latency_ns, 300);
	timer_start(&a.timer, MONO_START + 2000);
	pass(800);
	timer_interrupt();
	assert_int_equal(the_control.timer_max_latency_ns, 300);
}

static void rearm(struct timer *timer)
{
	fire_count++;
	if (fire_count < 3)
		timer_start(timer, timer->expires + 100);
}

static void test_rearmed_by_its_own_function(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, rearm);
	timer_start(&t, MONO_START + 100);
	pass(250);
	timer_interrupt();
	assert_int_equal(fire_count, 2);
	pass(50);
	timer_interrupt();
	assert_int_equal(fire_count, 3);
	assert_false(timer_armed(&t));
}

static unsigned int expired_now;
static u64 last_expiry;

static void count(struct timer *timer)
{
	assert_true(timer->expires >= last_expiry);
	assert_true(timer->expires <= time_monotonic());
	last_expiry = timer->expires;
	expired_now++;
}

/* Random starts, restarts, stops and interrupts against a plain array. */
static void test_against_a_model(void **state)
{
	static struct timer t[200];
	static u64 model[200];		/* 0: not armed */

	(void)state;
	srandom(1);
	for (int i = 0; i < 200; i++)
		timer_init(&t[i], count);
	for (int round = 0; round < 50000; round++) {
		int i = random() % 200;
		unsigned int due = 0;

		switch (random() % 8) {
		case 0:
			timer_stop(&t[i]);
			model[i] = 0;
			break;
		case 1:
			pass(random() % 300);
			for (int k = 0; k < 200; k++) {
				if (model[k] && model[k] <= time_monotonic()) {
					model[k] = 0;
					due++;
				}
			}
			expired_now = 0;
			last_expiry = 0;
			timer_interrupt();
			assert_int_equal(expired_now, due);
			break;
		default:
			model[i] = time_monotonic() + random() % 2000;
			timer_start(&t[i], model[i]);
		}
		assert_int_equal(timer_armed(&t[i]), model[i] != 0);
	}
	for (int i = 0; i < 200; i++)
		timer_stop(&t[i]);
}

static void test_monotonic(void **state)
{
	(void)state;
	assert_int_equal(time_monotonic(), MONO_START);
	pass(12345);
	assert_int_equal(time_monotonic(), MONO_START + 12345);
	/* Another core's TSC may be ahead of ours. */
	tsc -= 2 * 20000;
	assert_int_equal(time_monotonic(), MONO_START + 12345);
}

/* A year at an odd frequency: exact to a part in 10^12. */
static void test_no_drift(void **state)
{
	const u64 khz = 2893437, year = 365ull * 86400;

	(void)state;
	use_clock(khz);
	tsc += khz * 1000 * year;
	assert_in_range(time_monotonic(), MONO_START + year * NSEC_PER_SEC - year / 1000,
			MONO_START + year * NSEC_PER_SEC);
	/* And a time far ahead is programmed as exactly. */
	clock_set_event(time_monotonic() + 86400 * NSEC_PER_SEC);
	assert_in_range(event_tsc - tsc, khz * 1000 * 86400 - 1000, khz * 1000 * 86400 + 1000);
}

static void test_far_times_do_not_overflow(void **state)
{
	struct tagged a;

	(void)state;
	make(&a, 0);
	timer_start(&a.timer, TIME_NEVER - 1);
	assert_true(event_tsc > tsc);
	timer_stop(&a.timer);
}

static void test_realtime(void **state)
{
	(void)state;
	assert_int_equal(time_realtime(), REAL_START);
	pass(500);
	assert_int_equal(time_realtime(), REAL_START + 500);
	/* The module tells a new pair. */
	the_control.time_tsc = tsc;
	the_control.time_realtime_ns = 42;
	the_control.time_seq = 2;
	pass(7);
	assert_int_equal(time_realtime(), 49);
	/* And dies while it writes the next. */
	the_control.time_realtime_ns = 1000000;
	the_control.time_seq = 3;
	assert_int_equal(time_realtime(), 49);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_order_of_expiry, setup),
		cmocka_unit_test_setup(test_equal_times_in_order_of_arming, setup),
		cmocka_unit_test_setup(test_stop, setup),
		cmocka_unit_test_setup(test_hardware_is_set_for_the_earliest, setup),
		cmocka_unit_test_setup(test_past_fires_at_once_from_the_interrupt, setup),
		cmocka_unit_test_setup(test_early_interrupt_is_set_again, setup),
		cmocka_unit_test_setup(test_latency, setup),
		cmocka_unit_test_setup(test_rearmed_by_its_own_function, setup),
		cmocka_unit_test_setup(test_against_a_model, setup),
		cmocka_unit_test_setup(test_monotonic, setup),
		cmocka_unit_test_setup(test_no_drift, setup),
		cmocka_unit_test_setup(test_far_times_do_not_overflow, setup),
		cmocka_unit_test_setup(test_realtime, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
