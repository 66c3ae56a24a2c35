// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/* Who runs when, with locks that hand priorities on. */
#include "rtos_pi_sim.h"

#define A WORD(0)
#define B WORD(1)
#define C WORD(2)
#define D WORD(3)

static u64 began, waited;
static s64 result;

/* --- inversion ---------------------------------------------------------------------------------------- */

static void low_holds_50(void)
{
	lock(A);
	compute(50 * MS);
	unlock(A);
	note('l');
	compute(10 * MS);
}

static void medium_computes(void)
{
	snooze(5 * MS);
	compute(500 * MS);
	note('m');
}

static void high_locks(void)
{
	snooze(10 * MS);
	began = fake_now;
	lock(A);
	waited = fake_now - began;
	note('h');
	unlock(A);
}

/* Low has computed 5 ms of its 50 when medium comes. */
static void no_inversion(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, low_holds_50);
	spawn(1, SCHED_FIFO, 50, medium_computes);
	spawn(2, SCHED_FIFO, 90, high_locks);
	run();
	assert_int_equal(waited, 45 * MS);
	/* Low goes on only when medium is done: it is no higher than it was. */
	assert_string_equal(sim_log, "hml");
	assert_int_equal(T(0)->effective, 10);
}

/* --- chains -------------------------------------------------------------------------------------------- */

static void holds_a(void)
{
	lock(A);
	compute(40 * MS);
	assert_int_equal(T(0)->effective, 80);
	assert_int_equal(T(0)->priority, 10);
	unlock(A);
	assert_int_equal(T(0)->effective, 10);
	note('0');
}

static void holds_b_wants_a(void)
{
	snooze(MS);
	lock(B);
	lock(A);
	assert_int_equal(T(1)->effective, 80);
	note('1');
	unlock(A);
	assert_int_equal(T(1)->effective, 80);
	unlock(B);
	assert_int_equal(T(1)->effective, 11);
}

static void holds_c_wants_b(void)
{
	snooze(2 * MS);
	lock(C);
	lock(B);
	note('2');
	unlock(B);
	unlock(C);
	assert_int_equal(T(2)->effective, 12);
}

static void holds_d_wants_c(void)
{
	snooze(3 * MS);
	lock(D);
	lock(C);
	note('3');
	unlock(C);
	unlock(D);
	assert_int_equal(T(3)->effective, 13);
}

static void wants_d(void)
{
	snooze(10 * MS);
	began = fake_now;
	lock(D);
	waited = fake_now - began;
	note('4');
	unlock(D);
}

static void disturbs(void)
{
	snooze(12 * MS);
	compute(1000 * MS);
	note('x');
}

static void a_chain_of_four(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a);
	spawn(1, SCHED_FIFO, 11, holds_b_wants_a);
	spawn(2, SCHED_FIFO, 12, holds_c_wants_b);
	spawn(3, SCHED_FIFO, 13, holds_d_wants_c);
	spawn(4, SCHED_FIFO, 80, wants_d);
	spawn(5, SCHED_FIFO, 50, disturbs);
	run();
	assert_int_equal(waited, 30 * MS);
	assert_string_equal(sim_log, "1234x0");
}

/* --- leaving a chain in the middle ----------------------------------------------------------------------- */

static int seen[8];

static void times_out_in_the_middle(void)
{
	snooze(MS);
	lock(B);
	result = lock_for(A, 10 * MS);
	began = fake_now;
	unlock(B);
}

static void watches_itself(void)
{
	lock(A);
	compute(6 * MS);
	seen[0] = T(0)->effective;
	compute(14 * MS);
	seen[1] = T(0)->effective;
	unlock(A);
}

static void wants_b(void)
{
	snooze(3 * MS);
	lock(B);
	waited = fake_now;
	unlock(B);
}

/* 0 holds A; 1 holds B and waits for A until 11 ms; 2 waits for B. */
static void time_out_ends_inheritance(void **state)
{
	u64 start = fake_now;

	(void)state;
	spawn(0, SCHED_FIFO, 10, watches_itself);
	spawn(1, SCHED_FIFO, 20, times_out_in_the_middle);
	spawn(2, SCHED_FIFO, 70, wants_b);
	run();
	assert_int_equal(result, -ETIMEDOUT);
	assert_int_equal(seen[0], 70);
	assert_int_equal(seen[1], 10);
	/* At once, though the owner ran at the same priority. */
	assert_int_equal(began - start, 11 * MS);
	assert_int_equal(waited - start, 11 * MS);
}

static void is_signalled_in_the_middle(void)
{
	snooze(MS);
	lock(B);
	lock(A);
	note('1');
	unlock(A);
	unlock(B);
}

static void is_boosted_again(void)
{
	lock(A);
	compute(4 * MS);
	seen[0] = T(0)->effective;
	send_signal(1);
	/* Its handler ran, and it waits again. */
	seen[1] = T(0)->effective;
	seen[2] = sim[1].handled;
	unlock(A);
	note('0');
}

static void a_signal_runs_and_the_wait_goes_on(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, is_boosted_again);
	spawn(1, SCHED_FIFO, 20, is_signalled_in_the_middle);
	spawn(2, SCHED_FIFO, 70, wants_b);
	run();
	assert_int_equal(seen[0], 70);
	assert_int_equal(seen[1], 70);
	assert_int_equal(seen[2], 1);
	assert_string_equal(sim_log, "10");
}

static void kills_the_middle(void)
{
	lock(A);
	compute(4 * MS);
	seen[0] = T(0)->effective;
	kill_thread(1);
	seen[1] = T(0)->effective;
	compute(MS);
	unlock(A);
	note('0');
}

static void wants_b_of_the_dead(void)
{
	snooze(3 * MS);
	assert_int_equal(lock_for(B, 0), 0);
	seen[2] = word(B);
	note('2');
	futex(B, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0);
}

static void death_in_the_middle(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, kills_the_middle);
	spawn(1, SCHED_FIFO, 20, is_signalled_in_the_middle);
	spawn(2, SCHED_FIFO, 70, wants_b_of_the_dead);
	run();
	assert_int_equal(seen[0], 70);
	assert_int_equal(seen[1], 10);
	assert_int_equal(seen[2], 202 | FUTEX_OWNER_DIED);
	assert_string_equal(sim_log, "20");
}

/* --- several locks and waiters --------------------------------------------------------------------------- */

static void holds_three(void)
{
	lock(A);
	lock(B);
	lock(C);
	/* All three come and wait meanwhile. */
	snooze(20 * MS);
	seen[0] = T(0)->effective;
	unlock(B);
	seen[1] = T(0)->effective;
	unlock(A);
	seen[2] = T(0)->effective;
	unlock(C);
	seen[3] = T(0)->effective;
}

static void wants_a_30(void)
{
	snooze(MS);
	lock(A);
	unlock(A);
}

static void wants_b_50(void)
{
	snooze(MS);
	lock(B);
	unlock(B);
}

static void wants_c_40(void)
{
	snooze(MS);
	lock(C);
	unlock(C);
}

/* In any order of unlocking, what is left of the waiters counts. */
static void gives_back_what_it_inherited(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_three);
	spawn(1, SCHED_FIFO, 30, wants_a_30);
	spawn(2, SCHED_FIFO, 50, wants_b_50);
	spawn(3, SCHED_FIFO, 40, wants_c_40);
	run();
	assert_int_equal(seen[0], 50);
	assert_int_equal(seen[1], 40);
	assert_int_equal(seen[2], 40);
	assert_int_equal(seen[3], 10);
}

static void waits_and_tells(void)
{
	snooze((sim_self() - sim) * MS);
	lock(A);
	note('0' + (sim_self() - sim));
	compute(MS);
	unlock(A);
}

static void holds_a_20(void)
{
	lock(A);
	compute(20 * MS);
	unlock(A);
}

/* While it sleeps, so that all come at their time. */
static void sleeps_holding_a(void)
{
	lock(A);
	snooze(20 * MS);
	unlock(A);
}

static void waiters_by_priority_then_age(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 5, sleeps_holding_a);
	spawn(1, SCHED_OTHER, 0, waits_and_tells);
	spawn(2, SCHED_FIFO, 20, waits_and_tells);
	spawn(3, SCHED_RR, 30, waits_and_tells);
	spawn(4, SCHED_OTHER, 0, waits_and_tells);
	spawn(5, SCHED_FIFO, 20, waits_and_tells);
	spawn(6, SCHED_FIFO, 30, waits_and_tells);
	run();
	assert_string_equal(sim_log, "362514");
}

/* --- priorities set by the program ---------------------------------------------------------------------- */

static void sets_priorities(void)
{
	lock(A);
	compute(10 * MS);
	seen[0] = T(0)->effective;
	set_policy(1, SCHED_FIFO, 60);
	seen[1] = T(0)->effective;
	set_policy(1, SCHED_FIFO, 15);
	seen[2] = T(0)->effective;
	/* Its own goes up and down beneath what it inherits. */
	set_policy(0, SCHED_FIFO, 40);
	seen[3] = T(0)->effective;
	set_policy(0, SCHED_FIFO, 5);
	seen[4] = T(0)->effective;
	assert_int_equal(T(0)->priority, 5);
	set_policy(2, SCHED_FIFO, 50);
	unlock(A);
	seen[5] = T(0)->effective;
}

static void a_waiters_priority_is_changed(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, sets_priorities);
	spawn(1, SCHED_FIFO, 20, waits_and_tells);
	spawn(2, SCHED_FIFO, 19, waits_and_tells);
	run();
	assert_int_equal(seen[0], 20);
	assert_int_equal(seen[1], 60);
	assert_int_equal(seen[2], 19);
	assert_int_equal(seen[3], 40);
	assert_int_equal(seen[4], 19);
	assert_int_equal(seen[5], 5);
	/* 2 was raised above 1. */
	assert_string_equal(sim_log, "21");
}

static void lowers_itself(void)
{
	snooze(MS);
	lock(A);
	seen[0] = T(1)->effective;
	set_policy(1, SCHED_FIFO, 5);
	seen[1] = T(1)->effective;
	unlock(A);
	seen[2] = T(1)->effective;
}

/* What it would inherit was less than its own when it got the lock, and is not any more. */
static void an_owner_lowers_itself(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 5, sleeps_holding_a);
	spawn(1, SCHED_FIFO, 60, lowers_itself);
	spawn(2, SCHED_FIFO, 40, waits_and_tells);
	run();
	assert_int_equal(seen[0], 60);
	assert_int_equal(seen[1], 40);
	assert_int_equal(seen[2], 5);
}

static void raises_the_end(void)
{
	snooze(15 * MS);
	set_policy(2, SCHED_FIFO, 75);
	seen[0] = T(0)->effective;
	seen[1] = T(1)->effective;
	set_policy(2, SCHED_FIFO, 22);
	seen[2] = T(0)->effective;
	seen[3] = T(1)->effective;
}

static void a_change_goes_down_the_chain(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a_20);
	spawn(1, SCHED_FIFO, 20, is_signalled_in_the_middle);
	spawn(2, SCHED_FIFO, 21, wants_b);
	spawn(3, SCHED_FIFO, 99, raises_the_end);
	run();
	assert_int_equal(seen[0], 75);
	assert_int_equal(seen[1], 75);
	assert_int_equal(seen[2], 22);
	assert_int_equal(seen[3], 22);
}

/* --- the run queue ----------------------------------------------------------------------------------------- */

/* 0, preempted by 1 and 2, is ready when 3 waits for it: it runs before them and behind its equal. */
static void a_ready_thread_is_requeued(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, low_holds_50);
	spawn(1, SCHED_FIFO, 50, medium_computes);
	spawn(2, SCHED_FIFO, 50, medium_computes);
	spawn(3, SCHED_FIFO, 90, high_locks);
	run();
	assert_int_equal(waited, 45 * MS);
	assert_string_equal(sim_log, "hmml");
}

static void other_holds(void)
{
	lock(A);
	compute(60 * MS);
	seen[0] = T(0)->effective;
	seen[1] = T(0)->policy;
	note('u');
	unlock(A);
	note('0');
}

static void other_computes(void)
{
	compute(100 * MS);
	note('1');
}

static void fifo_50_computes(void)
{
	snooze(10 * MS);
	compute(20 * MS);
	note('f');
}

static void wants_a_50(void)
{
	snooze(5 * MS);
	lock(A);
	note('h');
	unlock(A);
}

/* SCHED_OTHER with a real-time priority has no slices: its equal, that came later, waits. */
static void a_boosted_thread_is_not_sliced(void **state)
{
	(void)state;
	spawn(0, SCHED_OTHER, 0, other_holds);
	spawn(1, SCHED_OTHER, 0, other_computes);
	spawn(2, SCHED_FIFO, 50, wants_a_50);
	spawn(3, SCHED_FIFO, 50, fifo_50_computes);
	run();
	assert_int_equal(seen[0], 50);
	assert_int_equal(seen[1], SCHED_OTHER);
	assert_string_equal(sim_log, "ufh01");
}

static void rr_holds(void)
{
	lock(A);
	compute(150 * MS);
	unlock(A);
	note('0');
}

static void rr_50_computes(void)
{
	snooze(10 * MS);
	compute(150 * MS);
	note('r');
}

/* Two of SCHED_RR share the priority that one of them inherits: 100 ms each in turn. */
static void a_boosted_round_robin_thread_shares(void **state)
{
	u64 start = fake_now;

	(void)state;
	spawn(0, SCHED_RR, 10, rr_holds);
	spawn(1, SCHED_FIFO, 50, wants_a_50);
	spawn(2, SCHED_RR, 50, rr_50_computes);
	run();
	/* 0: 10 ms alone and then a slice; 2: a slice; 0: its last 40; 2: its last 50. */
	assert_string_equal(sim_log, "rh0");
	assert_int_equal(fake_now - start, 300 * MS);
}

static void deboosted_keeps_its_place(void)
{
	lock(A);
	compute(10 * MS);
	unlock(A);
	note('0');
	compute(MS);
	note('o');
}

static void equal_computes(void)
{
	compute(MS);
	note('1');
}

/* It goes to the head of its own priority: its equal, ready all the while, waits on. */
static void to_the_head_when_it_gives_back(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, deboosted_keeps_its_place);
	spawn(1, SCHED_FIFO, 10, equal_computes);
	spawn(2, SCHED_FIFO, 50, wants_a_50);
	run();
	assert_string_equal(sim_log, "h0o1");
}

/* --- deadlock ------------------------------------------------------------------------------------------ */

static void cycle_of_n(void)
{
	unsigned int n = sim_self() - sim;
	s64 ret;

	lock(WORD(n));
	snooze(MS);
	ret = lock_for(WORD((n + 1) % 4), 0);
	if (ret) {
		result = ret;
		note('d');
	} else {
		unlock(WORD((n + 1) % 4));
	}
	unlock(WORD(n));
}

/* The last that would close the circle is refused, and all end. */
static void a_circle_is_refused(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		spawn(i, SCHED_FIFO, 10 + i, cycle_of_n);
	run();
	assert_string_equal(sim_log, "d");
	assert_int_equal(result, -EDEADLK);
	for (i = 0; i < 4; i++)
		assert_int_equal(T(i)->effective, 10 + i);
}

static void locks_twice(void)
{
	lock(A);
	result = futex(A, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0);
	unlock(A);
}

static void its_own_is_refused(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, locks_twice);
	run();
	assert_int_equal(result, -EDEADLK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_inversion),
		TEST(a_chain_of_four),
		TEST(time_out_ends_inheritance),
		TEST(a_signal_runs_and_the_wait_goes_on),
		TEST(death_in_the_middle),
		TEST(gives_back_what_it_inherited),
		TEST(waiters_by_priority_then_age),
		TEST(a_waiters_priority_is_changed),
		TEST(an_owner_lowers_itself),
		TEST(a_change_goes_down_the_chain),
		TEST(a_ready_thread_is_requeued),
		TEST(a_boosted_thread_is_not_sliced),
		TEST(a_boosted_round_robin_thread_shares),
		TEST(to_the_head_when_it_gives_back),
		TEST(a_circle_is_refused),
		TEST(its_own_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
