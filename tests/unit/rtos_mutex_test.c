// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/mutex.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/* The kernel's own locks. */
#include "rtos_pi_sim.h"

#include "../../rtos/mutex.h"

static struct mutex mutex;
static u64 waited;
static int result;

static int setup(void **state)
{
	sim_setup(state);
	mutex_init(&mutex);
	return 0;
}

static void leave_mutex(void)
{
	mutex_unlock(&mutex);
	sim_leave();
}

static void low_holds(void)
{
	assert_int_equal(mutex_lock(&mutex), 0);
	compute(50 * MS);
	leave_mutex();
	assert_int_equal(T(0)->effective, 10);
	note('l');
}

static void medium_computes(void)
{
	snooze(5 * MS);
	compute(500 * MS);
	note('m');
}

static void high_locks(void)
{
	u64 began;

	snooze(10 * MS);
	began = fake_now;
	assert_int_equal(mutex_lock(&mutex), 0);
	waited = fake_now - began;
	note('h');
	leave_mutex();
}

static void no_inversion(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, low_holds);
	spawn(1, SCHED_FIFO, 50, medium_computes);
	spawn(2, SCHED_FIFO, 90, high_locks);
	run();
	assert_int_equal(waited, 45 * MS);
	assert_string_equal(sim_log, "hml");
	assert_null(mutex.lock.owner);
}

static void holds_20(void)
{
	assert_int_equal(mutex_lock(&mutex), 0);
	snooze(20 * MS);
	leave_mutex();
}

static void waits_in_turn(void)
{
	snooze(MS);
	assert_int_equal(mutex_lock(&mutex), 0);
	note('0' + (sim_self() - sim));
	leave_mutex();
}

static void the_highest_is_next(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, holds_20);
	spawn(1, SCHED_FIFO, 10, waits_in_turn);
	spawn(2, SCHED_FIFO, 30, waits_in_turn);
	spawn(3, SCHED_FIFO, 20, waits_in_turn);
	run();
	assert_string_equal(sim_log, "231");
}

static void signals_the_waiter(void)
{
	snooze(5 * MS);
	assert_int_equal(T(0)->effective, 60);
	thread_wake(T(1), -EINTR);
	snooze(5 * MS);
	/* Awake for nothing, it waits again. */
	assert_int_equal(T(0)->effective, 60);
	note('s');
}

static void a_signal_does_not_end_the_wait(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, holds_20);
	spawn(1, SCHED_FIFO, 60, waits_in_turn);
	spawn(2, SCHED_FIFO, 10, signals_the_waiter);
	run();
	assert_string_equal(sim_log, "s1");
}

static void waits_to_be_killed(void)
{
	snooze(MS);
	result = mutex_lock(&mutex);
	note('k');
	/* Killed before it blocks, it does not wait either. */
	assert_int_equal(mutex_lock(&mutex), -EINTR);
}

static void kills_the_waiter(void)
{
	snooze(5 * MS);
	kill_thread(1);
	snooze(MS);
	assert_int_equal(T(0)->effective, 50);
}

static void death_does(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, holds_20);
	spawn(1, SCHED_FIFO, 60, waits_to_be_killed);
	spawn(2, SCHED_FIFO, 10, kills_the_waiter);
	run();
	assert_int_equal(result, -EINTR);
	assert_string_equal(sim_log, "k");
	assert_null(mutex.lock.owner);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_inversion),
		TEST(the_highest_is_next),
		TEST(a_signal_does_not_end_the_wait),
		TEST(death_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
