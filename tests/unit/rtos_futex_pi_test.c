// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/* The word of a lock, and what each operation answers. */
#include "rtos_pi_sim.h"

#define A	WORD(0)
#define B	WORD(1)
#define BEYOND	0x905000ull	/* nothing is mapped there */

#define LOCK	FUTEX_LOCK_PI_PRIVATE
#define LOCK2	FUTEX_LOCK_PI2_PRIVATE
#define TRYLOCK	FUTEX_TRYLOCK_PI_PRIVATE
#define UNLOCK	FUTEX_UNLOCK_PI_PRIVATE

static s64 results[SIM_THREADS];
static u32 words[SIM_THREADS];

/* --- refusals ------------------------------------------------------------------------------------------- */

static void asks_for_nonsense(void)
{
	u64 frame = page_alloc();

	EXPECT(-EINVAL, A + 1, LOCK, 0, 0, 0, 0);
	EXPECT(-EFAULT, BEYOND, LOCK, 0, 0, 0, 0);
	EXPECT(-EFAULT, BEYOND, FUTEX_LOCK_PI, 0, 0, 0, 0);
	EXPECT(-EFAULT, CRTOS_USER_END, LOCK, 0, 0, 0, 0);
	EXPECT(-EFAULT, A, LOCK, 0, BEYOND, 0, 0);
	EXPECT(-EFAULT, BEYOND, UNLOCK, 0, 0, 0, 0);
	EXPECT(-ENOSYS, A, LOCK | FUTEX_CLOCK_REALTIME, 0, 0, 0, 0);
	vm_map(&fake_process->mm->vm, BEYOND, frame, VM_READ);
	EXPECT(-EFAULT, BEYOND, LOCK, 0, 0, 0, 0);
	EXPECT(-EFAULT, BEYOND, FUTEX_LOCK_PI, 0, 0, 0, 0);
	/* Nobody's, somebody's who does not exist, and its own. */
	EXPECT(-EPERM, A, UNLOCK, 0, 0, 0, 0);
	put_user32(A, 4711);
	EXPECT(-EPERM, A, UNLOCK, 0, 0, 0, 0);
	EXPECT(-ESRCH, A, LOCK, 0, 0, 0, 0);
	EXPECT(-ESRCH, A, TRYLOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 4711);
	put_user32(A, 200 | FUTEX_WAITERS);
	EXPECT(-EDEADLK, A, LOCK, 0, 0, 0, 0);
	EXPECT(-EDEADLK, A, TRYLOCK, 0, 0, 0, 0);
	/* Nobody waits after all. */
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 0);
	/* What a dead owner left is taken with its mark. */
	put_user32(A, FUTEX_OWNER_DIED | FUTEX_WAITERS);
	EXPECT(0, A, LOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 200 | FUTEX_OWNER_DIED);
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
	EXPECT(0, A, TRYLOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 200);
	put_user32(A, 0);
}

static void refuses_nonsense(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, asks_for_nonsense);
	run();
}

static void holds_a_a_while(void)
{
	lock(A);
	snooze(10 * MS);
	unlock(A);
}

static void tries(void)
{
	snooze(MS);
	EXPECT(-EAGAIN, A, TRYLOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 200);
	snooze(10 * MS);
	EXPECT(0, A, TRYLOCK, 0, 0, 0, 0);
	unlock(A);
	note('t');
}

static void trylock_does_not_wait(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a_a_while);
	spawn(1, SCHED_FIFO, 20, tries);
	run();
	assert_string_equal(sim_log, "t");
}

static void waits_for_a(void)
{
	lock(A);
	unlock(A);
}

static void waits_plainly(void)
{
	snooze(MS);
	results[2] = futex(B, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
}

static void mixes_kinds(void)
{
	snooze(2 * MS);
	EXPECT(-EINVAL, A, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	EXPECT(-EINVAL, A, FUTEX_REQUEUE_PRIVATE, 0, 9, B, 0);
	EXPECT(-EINVAL, B, FUTEX_WAKE_OP_PRIVATE, 0, 1, A,
	       FUTEX_OP_ADD << 28 | FUTEX_OP_CMP_NE << 24);
	EXPECT(-EINVAL, B, LOCK, 0, 0, 0, 0);
	put_user32(B, current->tid);
	EXPECT(-EINVAL, B, UNLOCK, 0, 0, 0, 0);
	put_user32(B, 0);
	EXPECT(1, B, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0);
	/* The word names somebody who is not the owner. */
	put_user32(A, 4711 | FUTEX_WAITERS);
	EXPECT(-EINVAL, A, LOCK, 0, 0, 0, 0);
	put_user32(A, current->tid | FUTEX_WAITERS);
	EXPECT(-EINVAL, A, UNLOCK, 0, 0, 0, 0);
	put_user32(A, 200 | FUTEX_WAITERS);
}

static void kinds_do_not_mix(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a_a_while);
	spawn(1, SCHED_FIFO, 10, waits_for_a);
	spawn(2, SCHED_FIFO, 10, waits_plainly);
	spawn(3, SCHED_FIFO, 10, mixes_kinds);
	run();
	assert_int_equal(results[2], 0);
}

static void waits_until(void)
{
	u64 start = fake_now;

	snooze(MS);
	EXPECT(-ETIMEDOUT, A, LOCK, 0, at(time_realtime() + 2 * MS), 0, 0);
	assert_int_equal(fake_now - start, 3 * MS);
	EXPECT(-ETIMEDOUT, A, LOCK2, 0, at(fake_now + 2 * MS), 0, 0);
	assert_int_equal(fake_now - start, 5 * MS);
	EXPECT(-ETIMEDOUT, A, LOCK2 | FUTEX_CLOCK_REALTIME, 0, at(time_realtime() + 2 * MS), 0, 0);
	assert_int_equal(fake_now - start, 7 * MS);
	EXPECT(-ETIMEDOUT, A, LOCK, 0, at(0), 0, 0);
	/* The mark stays until the owner asks. */
	assert_int_equal(word(A), 200 | FUTEX_WAITERS);
	snooze(10 * MS);
	assert_int_equal(word(A), 0);
	/* A lock that is free is had even when it is too late. */
	EXPECT(0, A, LOCK, 0, at(0), 0, 0);
	unlock(A);
	note('t');
}

static void knows_both_clocks(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a_a_while);
	spawn(1, SCHED_FIFO, 20, waits_until);
	run();
	assert_string_equal(sim_log, "t");
}

static void has_no_memory(void)
{
	snooze(MS);
	fake_no_memory = true;
	EXPECT(-ENOMEM, A, LOCK, 0, 0, 0, 0);
	fake_no_memory = false;
	EXPECT(0, A, LOCK, 0, 0, 0, 0);
	unlock(A);
	note('t');
}

static void says_that_memory_is_short(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, holds_a_a_while);
	spawn(1, SCHED_FIFO, 20, has_no_memory);
	run();
	assert_string_equal(sim_log, "t");
}

/* --- the word, and others who write to it ------------------------------------------------------------------ */

static void shows_its_word(void)
{
	lock(A);
	assert_int_equal(word(A), 200);
	snooze(10 * MS);
	assert_int_equal(word(A), 200 | FUTEX_WAITERS);
	unlock(A);
	/* To the higher one, for whom the other waits. */
	words[0] = word(A);
	snooze(15 * MS);
	words[1] = word(A);
	snooze(10 * MS);
	words[2] = word(A);
}

static void holds_in_turn(void)
{
	snooze(MS);
	lock(A);
	snooze(10 * MS);
	unlock(A);
}

static void the_word_names_the_owner(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 30, shows_its_word);
	spawn(1, SCHED_FIFO, 10, holds_in_turn);
	spawn(2, SCHED_FIFO, 20, holds_in_turn);
	run();
	assert_int_equal(words[0], 202 | FUTEX_WAITERS);
	assert_int_equal(words[1], 201);
	assert_int_equal(words[2], 0);
}

static unsigned int writes;

/* As if Linux's side wrote there, the first few times. */
static void write_meanwhile(void)
{
	if (writes && writes--)
		put_user32(A, word(A) ^ FUTEX_OWNER_DIED);
}

static void sees_changes(void)
{
	writes = 3;
	fake_before_cmpxchg = write_meanwhile;
	EXPECT(0, A, LOCK, 0, 0, 0, 0);
	assert_int_equal(word(A), 200 | FUTEX_OWNER_DIED);
	snooze(10 * MS);
	writes = 3;
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
	words[0] = word(A);
}

static void waits_with_changes(void)
{
	snooze(MS);
	writes = 3;
	EXPECT(0, A, LOCK, 0, 0, 0, 0);
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
	note('t');
}

static void begins_again_when_the_word_changes(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, sees_changes);
	spawn(1, SCHED_FIFO, 5, waits_with_changes);
	run();
	assert_int_equal(words[0], 201);
	assert_int_equal(word(A), 0);
	assert_string_equal(sim_log, "t");
}

/* --- death ------------------------------------------------------------------------------------------------- */

static void dies_with_a(void)
{
	lock(A);
	snooze(10 * MS);
}

static void inherits_a(void)
{
	unsigned int n = sim_self() - sim;

	snooze(n * MS);
	results[n] = lock_for(A, 0);
	words[n] = word(A);
	note('0' + n);
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
}

/* 3 comes when the owner is dead and 2, the next, has not run yet. */
static void comes_between(void)
{
	snooze(10 * MS);
	words[0] = word(A);
	EXPECT(-EAGAIN, A, TRYLOCK, 0, 0, 0, 0);
	inherits_a();
}

static void the_dead_hand_on(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, dies_with_a);
	spawn(1, SCHED_FIFO, 10, inherits_a);
	spawn(2, SCHED_FIFO, 20, inherits_a);
	spawn(3, SCHED_FIFO, 40, comes_between);
	run();
	assert_int_equal(words[0] & FUTEX_TID_MASK, 200);
	assert_int_equal(results[1], 0);
	assert_int_equal(results[2], 0);
	assert_int_equal(words[2], 202 | FUTEX_WAITERS | FUTEX_OWNER_DIED);
	assert_int_equal(words[1] & ~FUTEX_WAITERS, 201);
	assert_int_equal(word(A), 0);
}

static void unmaps_and_dies(void)
{
	u64 frame;

	lock(A);
	snooze(10 * MS);
	frame = vm_unmap(&fake_process->mm->vm, PAGE_OF_WORDS);
	page_free(frame);
}

static void finds_nothing(void)
{
	unsigned int n = sim_self() - sim;

	snooze(n * MS);
	results[n] = futex(A, LOCK, 0, 0, 0, 0);
	note('0' + n);
	snooze(50 * MS);
	note('e');
}

/* Each next owner is told that there is no word any more, and the one after it too. */
static void the_word_may_be_gone(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, unmaps_and_dies);
	spawn(1, SCHED_FIFO, 10, finds_nothing);
	spawn(2, SCHED_FIFO, 20, finds_nothing);
	run();
	assert_string_equal(sim_log, "21ee");
	assert_int_equal(results[1], -EFAULT);
	assert_int_equal(results[2], -EFAULT);
}

static void dies_before_it_runs(void)
{
	snooze(10 * MS);
	/* 0 has died, 2 is the next owner and has not run. */
	assert_true(T(2)->futex.bereft != NULL);
	kill_thread(2);
}

static void the_last_waiter_dies(void)
{
	snooze(10 * MS);
	assert_true(T(2)->futex.bereft != NULL);
	kill_thread(1);
}

static void an_heir_may_be_alone(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, dies_with_a);
	spawn(1, SCHED_FIFO, 10, inherits_a);
	spawn(2, SCHED_FIFO, 20, inherits_a);
	spawn(3, SCHED_FIFO, 40, the_last_waiter_dies);
	run();
	assert_string_equal(sim_log, "2");
	assert_int_equal(words[2], 202 | FUTEX_OWNER_DIED);
	assert_int_equal(word(A), 0);
}

static void die_meanwhile(void)
{
	fake_before_cmpxchg = NULL;
	current->killed = true;
}

static void is_killed_on_the_way(void)
{
	snooze(MS);
	fake_before_cmpxchg = die_meanwhile;
	futex(A, LOCK, 0, 0, 0, 0);
	note('x');
}

static void watches_a_death(void)
{
	lock(A);
	snooze(5 * MS);
	assert_int_equal(T(0)->effective, 10);
	unlock(A);
}

/* Killed after it has begun to wait, and before it blocks. */
static void the_killed_do_not_wait(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 10, watches_a_death);
	spawn(1, SCHED_FIFO, 20, is_killed_on_the_way);
	run();
	assert_string_equal(sim_log, "");
	assert_int_equal(word(A), 0);
}

static void an_heir_may_die_too(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, dies_with_a);
	spawn(1, SCHED_FIFO, 10, inherits_a);
	spawn(2, SCHED_FIFO, 20, inherits_a);
	spawn(3, SCHED_FIFO, 40, dies_before_it_runs);
	run();
	assert_string_equal(sim_log, "1");
	assert_int_equal(words[1], 201 | FUTEX_OWNER_DIED);
}

/* Entries at +0x400 and +0x420 with words 8 behind; the second and the pending one, +0x440, are PI. */
#define HEAD	(PAGE_OF_WORDS + 0x380)
#define ENTRY	(PAGE_OF_WORDS + 0x400)
#define ENTRY2	(PAGE_OF_WORDS + 0x420)
#define PENDING	(PAGE_OF_WORDS + 0x440)

static void dies_robustly(void)
{
	const u64 head[3] = { ENTRY, 8, PENDING | 1 }, to_second = ENTRY2 | 1, to_head = HEAD;

	copy_to_user(HEAD, head, sizeof(head));
	copy_to_user(ENTRY, &to_second, sizeof(u64));
	copy_to_user(ENTRY2, &to_head, sizeof(u64));
	current->robust_list = HEAD;
	put_user32(ENTRY + 8, current->tid);
	lock(ENTRY2 + 8);
	lock(PENDING + 8);
	snooze(10 * MS);
}

static void wants_entry2(void)
{
	snooze(MS);
	results[1] = lock_for(ENTRY2 + 8, 0);
	words[1] = word(ENTRY2 + 8);
}

static void robust_locks_are_handed_on(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, dies_robustly);
	spawn(1, SCHED_FIFO, 10, wants_entry2);
	run();
	assert_int_equal(word(ENTRY + 8), FUTEX_OWNER_DIED);
	assert_int_equal(results[1], 0);
	assert_int_equal(words[1], 201 | FUTEX_OWNER_DIED);
	assert_int_equal(word(PENDING + 8), FUTEX_OWNER_DIED);
}

static void look_in_between(void)
{
	thread_wake(T(2), 0);
}

/* The first of its two words is changed when an interrupt comes. */
static void dies_slowly(void)
{
	const u64 head[3] = { ENTRY2 | 1, 8, 0 }, to_second = ENTRY, to_head = HEAD;

	copy_to_user(HEAD, head, sizeof(head));
	copy_to_user(ENTRY2, &to_second, sizeof(u64));
	copy_to_user(ENTRY, &to_head, sizeof(u64));
	current->robust_list = HEAD;
	lock(ENTRY2 + 8);
	snooze(10 * MS);
	put_user32(ENTRY + 8, current->tid);
	/* The points of an entry: before it, and before its word is changed. */
	sim_interrupt = look_in_between;
	sim_interrupt_after = 2;
}

static void looks_in_between(void)
{
	thread_block(TIME_NEVER);
	sim_leave();
	words[2] = word(ENTRY2 + 8);
	results[2] = futex(ENTRY2 + 8, LOCK, 0, 0, 0, 0);
	words[3] = word(ENTRY2 + 8);
	note('2');
}

static void a_death_takes_time(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, dies_slowly);
	spawn(1, SCHED_FIFO, 10, wants_entry2);
	spawn(2, SCHED_FIFO, 90, looks_in_between);
	run();
	/* Nobody's, but the dead one's waiter is served, and the late one as it deserves: first. */
	assert_int_equal(words[2], FUTEX_OWNER_DIED | FUTEX_WAITERS);
	assert_int_equal(results[2], 0);
	assert_int_equal(words[3], 202 | FUTEX_OWNER_DIED | FUTEX_WAITERS);
	assert_int_equal(words[1], 201 | FUTEX_OWNER_DIED);
}

static void marks_its_locks(void)
{
	const u64 head[3] = { ENTRY2 | 1, 8, PENDING | 1 }, to_head = HEAD;

	copy_to_user(HEAD, head, sizeof(head));
	copy_to_user(ENTRY2, &to_head, sizeof(u64));
	put_user32(ENTRY2 + 8, current->tid | FUTEX_WAITERS);
	current->robust_list = HEAD;
	snooze(10 * MS);
}

static void waits_at_entry2(void)
{
	results[1] = futex(ENTRY2 + 8, FUTEX_WAIT, 200 | FUTEX_WAITERS, at(20 * MS), 0, 0);
}

static void waits_at_pending(void)
{
	results[2] = futex(PENDING + 8, FUTEX_WAIT, 0, at(20 * MS), 0, 0);
}

/* Of a lock with inheritance nobody is woken who does not wait as its waiters do. */
static void marked_locks_wake_nobody(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, marks_its_locks);
	spawn(1, SCHED_FIFO, 10, waits_at_entry2);
	spawn(2, SCHED_FIFO, 10, waits_at_pending);
	run();
	assert_int_equal(word(ENTRY2 + 8), FUTEX_OWNER_DIED | FUTEX_WAITERS);
	assert_int_equal(results[1], -ETIMEDOUT);
	assert_int_equal(results[2], -ETIMEDOUT);
}

static void executes(void)
{
	lock(A);
	snooze(10 * MS);
	futex_exec();
	note('e');
	/* It lives on, under its number. */
	snooze(10 * MS);
	results[0] = futex(A, LOCK, 0, 0, 0, 0);
	EXPECT(0, A, UNLOCK, 0, 0, 0, 0);
}

static void exec_hands_on(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, executes);
	spawn(1, SCHED_FIFO, 10, inherits_a);
	run();
	assert_string_equal(sim_log, "e1");
	assert_int_equal(words[1], 201 | FUTEX_OWNER_DIED);
	assert_int_equal(results[0], 0);
}

static void ends_slowly(void)
{
	lock(A);
	futex_exit();
	snooze(10 * MS);
}

static void comes_too_late(void)
{
	snooze(MS);
	EXPECT(-ESRCH, A, LOCK, 0, 0, 0, 0);
	note('1');
}

/* Nobody waits for one who has left what it had, and would not tell again. */
static void the_ending_own_nothing(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, ends_slowly);
	spawn(1, SCHED_FIFO, 10, comes_too_late);
	run();
	assert_string_equal(sim_log, "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(refuses_nonsense),
		TEST(trylock_does_not_wait),
		TEST(kinds_do_not_mix),
		TEST(knows_both_clocks),
		TEST(says_that_memory_is_short),
		TEST(the_word_names_the_owner),
		TEST(begins_again_when_the_word_changes),
		TEST(the_dead_hand_on),
		TEST(the_word_may_be_gone),
		TEST(an_heir_may_die_too),
		TEST(an_heir_may_be_alone),
		TEST(the_killed_do_not_wait),
		TEST(robust_locks_are_handed_on),
		TEST(a_death_takes_time),
		TEST(marked_locks_wake_nobody),
		TEST(exec_hands_on),
		TEST(the_ending_own_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
