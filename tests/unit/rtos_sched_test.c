// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c */
/* cflags: -Irtos -Iinclude -DUNIT_TEST */
/*
 * Who runs next. Nothing is really switched: after thread_switch() the test goes on as the thread that is
 * now `current`.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "log.h"
#include "scheduler.h"

#define MS 1000000ull

static u64 now;
static struct timer *armed[8];
static unsigned int switches, idles;
static void (*on_idle)(void);

u64 time_monotonic(void)
{
	return now;
}

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

void timer_stop(struct timer *timer)
{
	timer->order = 0;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++)
		if (armed[i] == timer)
			armed[i] = NULL;
}

void timer_start(struct timer *timer, u64 expires)
{
	timer_stop(timer);
	timer->expires = expires;
	timer->order = 1;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		if (!armed[i]) {
			armed[i] = timer;
			return;
		}
	}
	fail_msg("too many timers");
}

/* Lets time go by, with the timers that expire. */
static void pass(u64 ns)
{
	now += ns;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++) {
		struct timer *t = armed[i];

		if (t && t->expires <= now) {
			timer_stop(t);
			t->fn(t);
		}
	}
}

static unsigned int timers(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(armed); i++)
		n += armed[i] != NULL;
	return n;
}

void thread_switch(struct thread *prev, struct thread *next)
{
	assert_ptr_not_equal(prev, next);
	assert_ptr_equal(current, next);
	switches++;
}

void thread_idle(void)
{
	idles++;
	if (!on_idle)
		fail_msg("idle for ever");
	on_idle();
}

void panic(const struct regs *regs, const char *fmt, ...)
{
	(void)regs;
	fail_msg("panic: %s", fmt);
	abort();
}

static struct thread thread[6];
#define A (&thread[0])
#define B (&thread[1])
#define C (&thread[2])
#define D (&thread[3])

static void sleep_over(struct timer *timer)
{
	thread_wake(container_of(timer, struct thread, sleep), -ETIMEDOUT);
}

static void make(struct thread *t, int policy, int priority)
{
	*t = (struct thread){
		.state = THREAD_NEW,
		.policy = policy,
		.priority = priority,
		.effective = priority,
	};
	list_init(&t->run_link);
	list_init(&t->pi_link);
	list_init(&t->pi_owned);
	timer_init(&t->sleep, sleep_over);
}

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(armed); i++)
		armed[i] = NULL;
	now = 1000;
	on_idle = NULL;
	sched_init();
	switches = idles = 0;
	return 0;
}

/* What the end of every kernel entry does. */
static struct thread *leave_kernel(void)
{
	while (sched_pending)
		sched_preempt();
	return current;
}

static void start(struct thread *t, int policy, int priority)
{
	make(t, policy, priority);
	thread_ready(t);
	if (current == &sched_boot_thread)
		sched_switch();
}

static void test_higher_priority_preempts_at_the_end(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	assert_ptr_equal(current, A);
	start(B, SCHED_FIFO, 20);
	assert_ptr_equal(current, A);
	assert_ptr_equal(leave_kernel(), B);
}

static void test_same_or_lower_priority_does_not_preempt(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 5);
	assert_ptr_equal(leave_kernel(), A);
	assert_int_equal(timers(), 0);
}

static void test_preempted_goes_to_the_head(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 20);
	assert_ptr_equal(leave_kernel(), C);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, A);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
}

static void test_woken_goes_to_the_tail(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 10);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
	thread_wake(A, 0);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, C);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, A);
}

static void test_yield(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(D, SCHED_FIFO, 9);
	switches = 0;
	sched_yield();
	assert_ptr_equal(current, A);
	assert_int_equal(switches, 0);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 10);
	sched_yield();
	assert_ptr_equal(current, B);
	sched_yield();
	assert_ptr_equal(current, C);
	sched_yield();
	assert_ptr_equal(current, A);
}

static void test_round_robin(void **state)
{
	(void)state;
	start(A, SCHED_RR, 10);
	pass(500 * MS);
	assert_int_equal(timers(), 0);
	start(B, SCHED_RR, 10);
	assert_int_equal(timers(), 1);
	pass(100 * MS - 1);
	assert_ptr_equal(leave_kernel(), A);
	pass(1);
	assert_ptr_equal(leave_kernel(), B);
	pass(100 * MS);
	assert_ptr_equal(leave_kernel(), A);
	/* Alone again: no more slices. */
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
	assert_int_equal(timers(), 0);
}

static void test_other_has_short_slices(void **state)
{
	(void)state;
	start(A, SCHED_OTHER, 0);
	start(B, SCHED_OTHER, 0);
	pass(4 * MS);
	assert_ptr_equal(leave_kernel(), B);
	pass(4 * MS);
	assert_ptr_equal(leave_kernel(), A);
}

static void test_batch_and_idle_are_as_other(void **state)
{
	(void)state;
	start(A, SCHED_BATCH, 0);
	start(B, SCHED_IDLE, 0);
	start(C, SCHED_OTHER, 0);
	pass(4 * MS);
	assert_ptr_equal(leave_kernel(), B);
	pass(4 * MS);
	assert_ptr_equal(leave_kernel(), C);
	/* At an inherited priority they are not sliced. */
	thread_inherit(A, 10);
	thread_inherit(B, 10);
	assert_ptr_equal(leave_kernel(), A);
	pass(1000 * MS);
	assert_ptr_equal(leave_kernel(), A);
}

static void test_policy_of_what_a_thread_makes(void **state)
{
	(void)state;
	start(A, SCHED_RR, 10);
	thread_policy_of_maker(B);
	assert_int_equal(B->policy, SCHED_RR);
	assert_int_equal(B->effective, 10);
	A->reset_on_fork = true;
	thread_policy_of_maker(C);
	assert_int_equal(C->policy, SCHED_OTHER);
	assert_int_equal(C->effective, 0);
	thread_set_policy(A, SCHED_BATCH, 0);
	thread_policy_of_maker(C);
	assert_int_equal(C->policy, SCHED_BATCH);
	assert_false(C->reset_on_fork);
}

static void test_fifo_is_not_sliced_by_round_robin(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_RR, 10);
	pass(1000 * MS);
	assert_ptr_equal(leave_kernel(), A);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
	thread_wake(A, 0);
	pass(100 * MS);
	assert_ptr_equal(leave_kernel(), A);
}

static void test_preempted_keeps_the_rest_of_its_slice(void **state)
{
	(void)state;
	start(A, SCHED_RR, 10);
	start(B, SCHED_RR, 10);
	pass(70 * MS);
	start(C, SCHED_FIFO, 20);
	assert_ptr_equal(leave_kernel(), C);
	pass(500 * MS);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, A);
	pass(30 * MS - 1);
	assert_ptr_equal(leave_kernel(), A);
	pass(1);
	assert_ptr_equal(leave_kernel(), B);
}

static void wake_a(void)
{
	thread_wake(A, 42);
}

static void test_answer_while_idle_switches_nothing(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	switches = 0;
	on_idle = wake_a;
	assert_int_equal(thread_block(TIME_NEVER), 42);
	assert_ptr_equal(current, A);
	assert_int_equal(switches, 0);
	assert_int_equal(idles, 1);
	assert_int_equal(A->state, THREAD_READY);
	assert_false(sched_pending);
}

static void wake_a_and_b(void)
{
	thread_wake(A, 1);
	thread_wake(B, 2);
}

static void test_idle_runs_the_highest_that_woke(void **state)
{
	(void)state;
	start(A, SCHED_RR, 10);
	start(B, SCHED_FIFO, 20);
	leave_kernel();
	on_idle = wake_a_and_b;
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, A);
	/* B blocked, A ran; now A blocks and idles on its own stack. */
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
	assert_int_equal(timers(), 0);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, A);
}

static void next_tick(void)
{
	pass(MS);
}

static void test_timeout(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	on_idle = next_tick;
	assert_int_equal(thread_block(now + 5 * MS), -ETIMEDOUT);
	assert_int_equal(idles, 5);
	assert_int_equal(timers(), 0);
}

static void test_wake_before_the_deadline_disarms_it(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	on_idle = wake_a;
	assert_int_equal(thread_block(now + 5 * MS), 42);
	assert_int_equal(timers(), 0);
}

static void test_wake_is_harmless_unless_blocked(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_FIFO, 5);
	make(C, SCHED_FIFO, 50);
	thread_wake(A, 1);
	thread_wake(B, 1);
	thread_wake(B, 1);
	thread_wake(C, 1);
	thread_wake(&sched_boot_thread, 1);
	assert_ptr_equal(leave_kernel(), A);
	assert_int_equal(C->state, THREAD_NEW);
}

static void kill_a(void)
{
	thread_kill(A);
}

static void test_kill(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	on_idle = kill_a;
	assert_int_equal(thread_block(TIME_NEVER), -EINTR);
	idles = 0;
	assert_int_equal(thread_block(TIME_NEVER), -EINTR);
	assert_int_equal(idles, 0);
}

static void test_last_dead_thread_leaves_to_the_boot_thread(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_FIFO, 10);
	A->state = THREAD_DEAD;
	sched_switch();
	assert_ptr_equal(current, B);
	B->state = THREAD_DEAD;
	sched_switch();
	assert_ptr_equal(current, &sched_boot_thread);
	assert_int_equal(idles, 0);
}

static void test_policy_raised_goes_to_the_tail(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 30);
	start(B, SCHED_FIFO, 20);
	start(C, SCHED_FIFO, 10);
	thread_set_policy(C, SCHED_FIFO, 20);
	assert_ptr_equal(leave_kernel(), A);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, C);
}

static void test_policy_raised_preempts(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 30);
	start(B, SCHED_FIFO, 20);
	thread_set_policy(B, SCHED_RR, 31);
	assert_ptr_equal(leave_kernel(), B);
}

static void test_policy_lowered_goes_to_the_head(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 30);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 20);
	thread_set_policy(C, SCHED_FIFO, 10);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, C);
}

static void test_policy_unchanged_stays_in_place(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 30);
	start(B, SCHED_FIFO, 10);
	start(C, SCHED_FIFO, 10);
	thread_set_policy(B, SCHED_FIFO, 10);
	thread_block(TIME_NEVER);
	assert_ptr_equal(current, B);
}

static void test_running_thread_lowers_itself(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 30);
	start(B, SCHED_FIFO, 20);
	thread_set_policy(A, SCHED_FIFO, 20);
	assert_ptr_equal(leave_kernel(), A);
	thread_set_policy(A, SCHED_FIFO, 19);
	assert_ptr_equal(leave_kernel(), B);
}

static void test_fifo_to_rr_begins_a_slice(void **state)
{
	(void)state;
	start(A, SCHED_FIFO, 10);
	start(B, SCHED_RR, 10);
	assert_int_equal(timers(), 0);
	thread_set_policy(A, SCHED_RR, 10);
	assert_int_equal(timers(), 1);
	thread_set_policy(A, SCHED_FIFO, 10);
	assert_int_equal(timers(), 0);
}

static void test_all_priorities(void **state)
{
	static struct thread many[PRIORITY_MAX + 1];

	(void)state;
	start(A, SCHED_FIFO, PRIORITY_MAX);
	for (int i = 0; i <= PRIORITY_MAX; i++) {
		int p = i * 37 % (PRIORITY_MAX + 1);

		make(&many[p], SCHED_FIFO, p);
		thread_ready(&many[p]);
	}
	for (int p = PRIORITY_MAX; p >= 0; p--) {
		thread_block(TIME_NEVER);
		assert_ptr_equal(current, &many[p]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_higher_priority_preempts_at_the_end, setup),
		cmocka_unit_test_setup(test_same_or_lower_priority_does_not_preempt, setup),
		cmocka_unit_test_setup(test_preempted_goes_to_the_head, setup),
		cmocka_unit_test_setup(test_woken_goes_to_the_tail, setup),
		cmocka_unit_test_setup(test_yield, setup),
		cmocka_unit_test_setup(test_round_robin, setup),
		cmocka_unit_test_setup(test_other_has_short_slices, setup),
		cmocka_unit_test_setup(test_batch_and_idle_are_as_other, setup),
		cmocka_unit_test_setup(test_policy_of_what_a_thread_makes, setup),
		cmocka_unit_test_setup(test_fifo_is_not_sliced_by_round_robin, setup),
		cmocka_unit_test_setup(test_preempted_keeps_the_rest_of_its_slice, setup),
		cmocka_unit_test_setup(test_answer_while_idle_switches_nothing, setup),
		cmocka_unit_test_setup(test_idle_runs_the_highest_that_woke, setup),
		cmocka_unit_test_setup(test_timeout, setup),
		cmocka_unit_test_setup(test_wake_before_the_deadline_disarms_it, setup),
		cmocka_unit_test_setup(test_wake_is_harmless_unless_blocked, setup),
		cmocka_unit_test_setup(test_kill, setup),
		cmocka_unit_test_setup(test_last_dead_thread_leaves_to_the_boot_thread, setup),
		cmocka_unit_test_setup(test_policy_raised_goes_to_the_tail, setup),
		cmocka_unit_test_setup(test_policy_raised_preempts, setup),
		cmocka_unit_test_setup(test_policy_lowered_goes_to_the_head, setup),
		cmocka_unit_test_setup(test_policy_unchanged_stays_in_place, setup),
		cmocka_unit_test_setup(test_running_thread_lowers_itself, setup),
		cmocka_unit_test_setup(test_fifo_to_rr_begins_a_slice, setup),
		cmocka_unit_test_setup(test_all_priorities, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
