// SPDX-License-Identifier: MIT
/* sources: rtos/sched.c rtos/pi.c rtos/futex.c rtos/futex_pi.c */
/* cflags: -Irtos -DUNIT_TEST -Dsched_yield=rtos_sched_yield */
/* The word of a lock, and what each operation answers. */
#include "rtos_pi_sim.h"

#define A	WORD(0)
#define B	WORD(1)
#define COND	WORD(2)
#define BEYOND	0x900000ull	/* nothing is mapped there */

#define LOCK	FUTEX_LOCK_PI_PRIVATE
#define LOCK2	FUTEX_LOCK_PI2_PRIVATE
#define TRYLOCK	FUTEX_TRYLOCK_PI_PRIVATE
#define UNLOCK	FUTEX_UNLOCK_PI_PRIVATE
#define WAIT	FUTEX_WAIT_REQUEUE_PI_PRIVATE
#define REQUEUE	FUTEX_CMP_REQUEUE_PI_PRIVATE

static s64 results[SIM_THREADS];
static u32 words[SIM_THREADS];

#define EXPECT(result, ...) assert_int_equal(futex(__VA_ARGS__), result)

static u64 at(u64 ns)
{
	copy_to_user(TIME_ARG, &ns, sizeof(ns));
	return TIME_ARG;
}

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
	vm_map(&fake_process->mm.vm, BEYOND, frame, VM_READ);
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
	results[3] = futex(A, TRYLOCK, 0, 0, 0, 0);
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
	frame = vm_unmap(&fake_process->mm.vm, PAGE_OF_WORDS);
	page_free(frame);
}

static void finds_nothing(void)
{
	unsigned int n = sim_self() - sim;

	snooze(n * MS);
	results[n] = futex(A, LOCK, 0, 0, 0, 0);
	note('0' + n);
}

/* Each next owner is told that there is no word any more, and the one after it too. */
static void the_word_may_be_gone(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, unmaps_and_dies);
	spawn(1, SCHED_FIFO, 10, finds_nothing);
	spawn(2, SCHED_FIFO, 20, finds_nothing);
	run();
	assert_string_equal(sim_log, "21");
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

static void pends_before_it_locks(void)
{
	const u64 head[3] = { HEAD, 8, PENDING | 1 };

	copy_to_user(HEAD, head, sizeof(head));
	current->robust_list = HEAD;
	snooze(10 * MS);
}

static void waits_at_pending(void)
{
	results[1] = futex(PENDING + 8, FUTEX_WAIT, 0, at(20 * MS), 0, 0);
}

/* Of a lock with inheritance nobody is woken who does not wait as its waiters do. */
static void a_pending_lock_wakes_nobody(void **state)
{
	(void)state;
	spawn(0, SCHED_FIFO, 50, pends_before_it_locks);
	spawn(1, SCHED_FIFO, 10, waits_at_pending);
	run();
	assert_int_equal(results[1], -ETIMEDOUT);
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
	u64 frame = vm_lookup(&fake_process->mm.vm, PAGE_OF_WORDS, NULL);

	T(1)->process = &other_process;
	vm_map(&fake_process->mm.vm, BEYOND, frame, VM_READ | VM_WRITE);
	run();
	vm_unmap(&fake_process->mm.vm, BEYOND);
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
	vm_unmap(&fake_process->mm.vm, BEYOND);
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
		TEST(robust_locks_are_handed_on),
		TEST(a_pending_lock_wakes_nobody),
		TEST(exec_hands_on),
		TEST(a_broadcast_moves_waiters),
		TEST(a_free_lock_is_taken),
		TEST(wrong_waits_are_refused),
		TEST(the_time_goes_on_at_the_lock),
		TEST(signals_are_told_from_wakes),
		TEST(an_owner_is_not_moved),
		TEST(processes_wake_each_other),
		TEST(processes_share_a_lock),
		TEST(a_process_inherits_from_another),
		TEST(a_lost_page_counts_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
