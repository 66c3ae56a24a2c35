// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/* Waiters that are moved from a condition to its lock, and words that processes share. */
#include "rtos_pi_sim.h"

#define A	WORD(0)
#define B	WORD(1)
#define COND	WORD(2)
#define BEYOND	0x905000ull	/* nothing is mapped there */

#define WAIT	FUTEX_WAIT_REQUEUE_PI_PRIVATE
#define REQUEUE	FUTEX_CMP_REQUEUE_PI_PRIVATE

static s64 results[SIM_THREADS];
static u32 words[SIM_THREADS];

/* --- from a condition to its lock -------------------------------------------------------------------------- */

static void waits_for_cond(void)
{
	unsigned int n = sim_self() - sim;

	results[n] = futex(COND, WAIT, 0, 0, A, 0);
	note('0' + n);
	if (!results[n])
		unlock(A);
}

static void broadcasts(void)
{
	snooze(MS);
	EXPECT(-EINVAL, COND, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	EXPECT(-EINVAL, COND, FUTEX_REQUEUE_PRIVATE, 0, 1, B, 0);
	EXPECT(-EINVAL, COND, REQUEUE, 1, 9, B, 0);
	EXPECT(-EINVAL, COND, REQUEUE, 1, 9, COND, 0);
	EXPECT(-EINVAL, COND, REQUEUE, 2, 9, A, 0);
	EXPECT(-EINVAL, COND, REQUEUE, 1, ~0u, A, 0);
	EXPECT(-EAGAIN, COND, REQUEUE, 1, 9, A, 1);
	EXPECT(-EFAULT, COND, FUTEX_CMP_REQUEUE_PI, 1, 9, BEYOND, 0);
	lock(A);
	EXPECT(2, COND, REQUEUE, 1, 1, A, 0);
	assert_int_equal(T(0)->effective, 90);
	assert_int_equal(word(A), 200 | FUTEX_WAITERS);
	EXPECT(2, COND, REQUEUE, 1, 9, A, 0);
	EXPECT(0, COND, REQUEUE, 1, 9, A, 0);
	note('b');
	unlock(A);
	assert_int_equal(T(0)->effective, 50);
}

static void a_broadcast_moves_waiters(void **state)
{
	(void)state;
	spawn(1, SCHED_FIFO, 10, waits_for_cond);
	spawn(2, SCHED_FIFO, 90, waits_for_cond);
	spawn(3, SCHED_FIFO, 20, waits_for_cond);
	spawn(4, SCHED_FIFO, 15, waits_for_cond);
	spawn(0, SCHED_FIFO, 50, broadcasts);
	run();
	assert_string_equal(sim_log, "b2341");
	assert_int_equal(results[1] | results[2] | results[3] | results[4], 0);
	assert_int_equal(word(A), 0);
}

static void signals_with_a_free_lock(void)
{
	snooze(MS);
	EXPECT(2, COND, REQUEUE, 1, 1, A, 0);
	words[0] = word(A);
}

/* The first gets it at once, the second waits for the first. */
static void a_free_lock_is_taken(void **state)
{
	(void)state;
	spawn(1, SCHED_FIFO, 10, waits_for_cond);
	spawn(2, SCHED_FIFO, 20, waits_for_cond);
	spawn(0, SCHED_FIFO, 50, signals_with_a_free_lock);
	run();
	assert_int_equal(words[0], 202 | FUTEX_WAITERS);
	assert_string_equal(sim_log, "21");
	assert_int_equal(results[1] | results[2], 0);
}

static void waits_wrongly(void)
{
	EXPECT(-EINVAL, COND, WAIT, 0, 0, COND, 0);
	EXPECT(-EAGAIN, COND, WAIT, 1, 0, A, 0);
	EXPECT(-EFAULT, COND, FUTEX_WAIT_REQUEUE_PI, 0, 0, BEYOND, 0);
	EXPECT(-EFAULT, BEYOND, WAIT, 0, 0, A, 0);
	EXPECT(-ETIMEDOUT, COND, WAIT, 0, at(fake_now + MS), A, 0);
	EXPECT(-ETIMEDOUT, COND, WAIT | FUTEX_CLOCK_REALTIME, 0, at(time_realtime() + MS), A, 0);
	assert_int_equal(word(A), 0);
	note('t');
}

static void wrong_waits_are_refused(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, waits_wrongly);
	run();
	assert_string_equal(sim_log, "t");
}

static void waits_5_for_cond(void)
{
	results[1] = futex(COND, WAIT, 0, at(fake_now + 5 * MS), A, 0);
	note('1');
}

static void keeps_a_too_long(void)
{
	lock(A);
	snooze(MS);
	EXPECT(1, COND, REQUEUE, 1, 0, A, 0);
	assert_int_equal(T(0)->effective, 60);
	snooze(10 * MS);
	assert_int_equal(T(0)->effective, 50);
	unlock(A);
	note('0');
}

static void the_time_goes_on_at_the_lock(void **state)
{
	(void)state;
	spawn(1, SCHED_FIFO, 60, waits_5_for_cond);
	spawn(0, SCHED_FIFO, 50, keeps_a_too_long);
	run();
	assert_int_equal(results[1], -ETIMEDOUT);
	assert_string_equal(sim_log, "10");
}

static void signals_on_the_way(void)
{
	snooze(MS);
	lock(A);
	send_signal(1);
	/* Woken, but it has not run: it is on its way out, and then back. */
	EXPECT(0, COND, REQUEUE, 1, 0, A, 0);
	snooze(MS);
	EXPECT(1, COND, REQUEUE, 1, 0, A, 0);
	send_signal(1);
	snooze(MS);
	unlock(A);
}

static void signals_are_told_from_wakes(void **state)
{
	(void)state;
	spawn(1, SCHED_FIFO, 10, waits_for_cond);
	spawn(0, SCHED_FIFO, 50, signals_on_the_way);
	run();
	assert_int_equal(sim[1].handled, 2);
	assert_int_equal(results[1], -EAGAIN);
}

static void waits_holding_a(void)
{
	lock(A);
	results[1] = futex(COND, WAIT, 0, 0, A, 0);
	unlock(A);
}

static void moves_the_owner(void)
{
	snooze(MS);
	results[0] = futex(COND, REQUEUE, 1, 9, A, 0);
	send_signal(1);
	put_user32(COND, 1);
}

static void an_owner_is_not_moved(void **state)
{
	(void)state;
	spawn(1, SCHED_FIFO, 10, waits_holding_a);
	spawn(0, SCHED_FIFO, 50, moves_the_owner);
	run();
	assert_int_equal(results[0], -EDEADLK);
	assert_int_equal(results[1], -EAGAIN);
}

/* --- words that processes share ---------------------------------------------------------------------------- */

#define THERE(addr) ((addr)-PAGE_OF_WORDS + BEYOND)	/* the same word, to the other process */

static struct process other_process;

static void run_two_processes(void)
{
	u64 frame = vm_lookup(&fake_process->mm->vm, PAGE_OF_WORDS, NULL);

	other_process.mm = fake_process->mm;
	T(1)->process = &other_process;
	vm_map(&fake_process->mm->vm, BEYOND, frame, VM_READ | VM_WRITE);
	run();
	vm_unmap(&fake_process->mm->vm, BEYOND);
}

static void waits_shared(void)
{
	results[0] = futex(A, FUTEX_WAIT, 0, 0, 0, 0);
	results[2] = futex(A, FUTEX_WAIT, 0, 0, 0, 0);
}

static void wakes_from_there(void)
{
	snooze(MS);
	EXPECT(0, THERE(A), FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	EXPECT(0, A, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	EXPECT(1, THERE(A), FUTEX_WAKE, 1, 0, 0, 0);
	snooze(MS);
	/* Moved by one who does not know where it has the second word, it is woken. */
	EXPECT(1, THERE(A), FUTEX_REQUEUE, 0, 9, THERE(B), 0);
	snooze(MS);
	EXPECT(0, THERE(B), FUTEX_WAKE, 1, 0, 0, 0);
	note('w');
}

static void processes_wake_each_other(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 20, waits_shared);
	spawn(1, SCHED_FIFO, 10, wakes_from_there);
	run_two_processes();
	assert_int_equal(results[0] | results[2], 0);
	assert_string_equal(sim_log, "w");
}

static void holds_shared(void)
{
	EXPECT(0, A, FUTEX_LOCK_PI, 0, 0, 0, 0);
	compute(10 * MS);
	results[0] = T(0)->effective;
	EXPECT(0, A, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
	note('0');
}

static void wants_shared_there(void)
{
	snooze(MS);
	EXPECT(0, THERE(A), FUTEX_LOCK_PI, 0, 0, 0, 0);
	note('1');
	EXPECT(0, THERE(A), FUTEX_UNLOCK_PI, 0, 0, 0, 0);
}

static void processes_share_a_lock(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 20, holds_shared);
	spawn(1, SCHED_FIFO, 70, wants_shared_there);
	run_two_processes();
	assert_int_equal(results[0], 70);
	assert_string_equal(sim_log, "10");
}

static void dies_shared(void)
{
	EXPECT(0, A, FUTEX_LOCK_PI, 0, 0, 0, 0);
	snooze(10 * MS);
}

static void inherits_there(void)
{
	snooze(MS);
	results[1] = futex(THERE(A), FUTEX_LOCK_PI, 0, 0, 0, 0);
	words[1] = word(A);
	EXPECT(0, THERE(A), FUTEX_UNLOCK_PI, 0, 0, 0, 0);
}

static void a_process_inherits_from_another(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 20, dies_shared);
	spawn(1, SCHED_FIFO, 10, inherits_there);
	run_two_processes();
	assert_int_equal(results[1], 0);
	assert_int_equal(words[1], 201 | FUTEX_OWNER_DIED);
}

static void waits_where_no_page_will_be(void)
{
	s64 ret = futex(THERE(A), FUTEX_LOCK_PI, 0, at(time_realtime() + 10 * MS), 0, 0);

	results[1] = ret;
}

/* 1 waits for a lock in a page that it loses; then the frame is somebody else's, who knows nothing of it. */
static void takes_the_frame(void)
{
	put_user32(A, current->tid);
	snooze(MS);
	vm_unmap(&fake_process->mm->vm, BEYOND);
	assert_int_equal(word(A), current->tid | FUTEX_WAITERS);
	put_user32(A, 0);
	EXPECT(0, A, FUTEX_LOCK_PI, 0, 0, 0, 0);
	EXPECT(0, A, FUTEX_WAKE, 1, 0, 0, 0);
	EXPECT(0, A, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
	assert_int_equal(word(A), 0);
	snooze(20 * MS);
}

static void a_lost_page_counts_for_nothing(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 20, takes_the_frame);
	spawn(1, SCHED_FIFO, 10, waits_where_no_page_will_be);
	run_two_processes();
	assert_int_equal(results[1], -ETIMEDOUT);
}

static void waits_and_locks(void)
{
	results[1] = futex(B, FUTEX_WAIT, 0, 0, 0, 0);
	results[2] = futex(A, FUTEX_LOCK_PI, 0, 0, 0, 0);
	note('1');
	EXPECT(0, A, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
}

/* As when a page that was shared for reading only is written to. */
static void change_frame(void)
{
	u64 old = vm_unmap(&fake_process->mm->vm, PAGE_OF_WORDS), new = page_alloc();

	memcpy((void *)new, (void *)old, PAGE_SIZE);
	vm_map(&fake_process->mm->vm, PAGE_OF_WORDS, new, VM_READ | VM_WRITE);
	page_free(old);
}

static void changes_frames(void)
{
	EXPECT(0, A, FUTEX_LOCK_PI, 0, 0, 0, 0);
	snooze(MS);
	change_frame();
	EXPECT(1, B, FUTEX_WAKE, 1, 0, 0, 0);
	snooze(MS);
	assert_int_equal(word(A), 200 | FUTEX_WAITERS);
	change_frame();
	EXPECT(0, A, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
	assert_int_equal(word(A), 201);
}

static void a_word_may_change_its_frame(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 20, changes_frames);
	spawn(1, SCHED_FIFO, 10, waits_and_locks);
	run();
	assert_int_equal(results[1] | results[2], 0);
	assert_string_equal(sim_log, "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_broadcast_moves_waiters), TEST(a_free_lock_is_taken),
		TEST(wrong_waits_are_refused), TEST(the_time_goes_on_at_the_lock),
		TEST(signals_are_told_from_wakes), TEST(an_owner_is_not_moved),
		TEST(processes_wake_each_other), TEST(processes_share_a_lock),
		TEST(a_process_inherits_from_another), TEST(a_lost_page_counts_for_nothing),
		TEST(a_word_may_change_its_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
