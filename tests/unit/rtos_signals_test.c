// SPDX-License-Identifier: MIT
/* sources: rtos/signals.c rtos/sigqueue.c rtos/sigframe.c rtos/sys_signal.c rtos/sys_time.c rtos/posix_timer.c rtos/cpu_timer.c */
/* cflags: -Irtos -DUNIT_TEST */
/* What is pending, who takes it, and what becomes of it. */
#include "rtos_signal_steps.h"

/* --- the queue ------------------------------------------------------------------------------------ */

static void standard_signals_coalesce(void **state)
{
	struct signal_info info;

	(void)state;
	T[0].sigmask = ~0ull;
	act(SIGUSR1, 0, 0);
	send(&T[0], SIGUSR1, SI_QUEUE, 1);
	send(&T[0], SIGUSR1, SI_QUEUE, 2);
	send(NULL, SIGUSR1, SI_QUEUE, 3);
	assert_int_equal(S->queued, 2);
	assert_int_equal(signal_take(~0ull, &info), SIGUSR1);
	assert_int_equal(info.value, 1);
	assert_int_equal(signal_take(~0ull, &info), SIGUSR1);
	assert_int_equal(info.value, 3);
	assert_int_equal(signal_take(~0ull, &info), 0);
}

static void real_time_signals_queue_in_order(void **state)
{
	struct signal_info info;
	u64 i;

	(void)state;
	T[0].sigmask = ~0ull;
	for (i = 0; i < 6; i++)
		assert_int_equal(send(NULL, i & 1 ? RT : RT + 1, SI_QUEUE, i), 0);
	for (i = 0; i < 6; i++) {
		assert_int_equal(signal_take(~0ull, &info), i < 3 ? RT : RT + 1);
		assert_int_equal(info.value, i % 3 * 2 + (i < 3));
		assert_int_equal(info.pid, 77);
		assert_int_equal(info.code, SI_QUEUE);
	}
	assert_int_equal(S->pending.set, 0);
}

static void the_limit_is_as_on_linux(void **state)
{
	struct signal_info info;
	int i;

	(void)state;
	T[0].sigmask = ~0ull;
	for (i = 0; i < SIGNAL_QUEUE_MAX; i++)
		assert_int_equal(send(NULL, RT, SI_QUEUE, i), 0);
	assert_int_equal(send(NULL, RT, SI_QUEUE, 0), -EAGAIN);
	assert_int_equal(send(NULL, RT + 1, SI_TKILL, 0), -EAGAIN);
	assert_false(S->pending.set & SIGNAL_BIT(RT + 1));
	/* Without its information from kill(); with it below the real-time signals. */
	assert_int_equal(send(NULL, RT + 2, SI_USER, 0), 0);
	assert_int_equal(send(NULL, SIGUSR1, SI_USER, 0), 0);
	assert_int_equal(send(NULL, SIGUSR2, SI_QUEUE, 9), 0);
	assert_int_equal(signal_take(SIGNAL_BIT(RT + 2), &info), RT + 2);
	assert_int_equal(info.pid, 0);
	assert_int_equal(info.code, SI_USER);
	assert_int_equal(signal_take(SIGNAL_BIT(RT + 2), &info), 0);
	assert_int_equal(signal_take(SIGNAL_BIT(SIGUSR1), &info), SIGUSR1);
	assert_int_equal(info.pid, 77);
	assert_int_equal(signal_take(SIGNAL_BIT(SIGUSR2), &info), SIGUSR2);
	assert_int_equal(info.pid, 0);
	/* One is taken, one has room. */
	assert_int_equal(signal_take(SIGNAL_BIT(RT), &info), RT);
	assert_int_equal(send(NULL, RT, SI_QUEUE, 0), 0);
	assert_int_equal(send(NULL, RT, SI_QUEUE, 0), -EAGAIN);
	/* What was not kept can be discarded. */
	assert_int_equal(send(NULL, RT + 2, SI_USER, 0), 0);
	S->action[RT + 1].handler = (u64)SIG_IGN;
	signal_action_changed(fake_process, RT + 2);
	assert_int_equal(S->pending.set, SIGNAL_BIT(RT));
	/* Or fewer, if the program wants it so. */
	S->withheld = 3;
	for (i = 0; i < 3; i++)
		signal_take(SIGNAL_BIT(RT), &info);
	assert_int_equal(send(NULL, RT, SI_QUEUE, 0), -EAGAIN);
	signal_take(SIGNAL_BIT(RT), &info);
	assert_int_equal(send(NULL, RT, SI_QUEUE, 0), 0);
}

static void many_are_discarded(void **state)
{
	int i;

	(void)state;
	T[0].sigmask = T[1].sigmask = ~0ull;
	for (i = 0; i < 500; i++) {
		send(NULL, RT, SI_QUEUE, i);
		send(&T[1], RT, SI_QUEUE, i);
	}
	send(&T[1], RT + 1, SI_QUEUE, 7);
	S->action[RT - 1].handler = (u64)SIG_IGN;
	signal_action_changed(fake_process, RT);
	assert_int_equal(S->pending.set, 0);
	assert_int_equal(T[1].signals.pending.set, SIGNAL_BIT(RT + 1));
	assert_int_equal(S->queued, 1);
}

/* A child has the dispositions, and no more. */
static void a_fork(void **state)
{
	struct signals signals = { .queued = 0 };
	struct process child = { .signals = &signals };

	(void)state;
	act(SIGUSR1, SA_RESTART, 5);
	T[0].sigmask = ~0ull;
	send(NULL, RT, SI_QUEUE, 1);
	S->told = 0x200;
	S->withheld = 9;
	signal_fork(&child, fake_process);
	assert_memory_equal(signals.action, S->action, sizeof(signals.action));
	assert_int_equal(signals.uid, 1000);
	assert_int_equal(signals.told, 0x200);
	assert_int_equal(signals.withheld, 9);
	assert_int_equal(signals.pending.set | signals.queued, 0);
}

static int left;
static bool left_with_info;

static void entry_left(struct sigentry *entry, struct signal_info *info)
{
	assert_null(entry->next);
	left++;
	left_with_info = info;
	if (info)
		info->overrun = 5;
}

static void an_entry_of_its_own_is_given_back(void **state)
{
	struct sigentry a = { .left = entry_left, .info = { .sig = RT, .code = SI_TIMER } }, b = a;
	struct signal_info info;

	(void)state;
	T[0].sigmask = ~0ull;
	left = 0;
	assert_true(signal_send_entry(fake_process, NULL, &a));
	assert_true(signal_send_entry(fake_process, NULL, &b));
	assert_int_equal(S->queued, 0);
	/* The last one goes, and comes again as the last. */
	sigqueue_remove(&S->pending, &b);
	assert_true(signal_send_entry(fake_process, NULL, &b));
	assert_ptr_equal(a.next, &b);
	assert_ptr_equal(S->pending.last[RT - 1], &b);
	sigqueue_remove(&S->pending, &a);
	assert_int_equal(left, 0);
	assert_int_equal(signal_take(~0ull, &info), RT);
	assert_int_equal(info.overrun, 5);
	assert_int_equal(left, 1);
	assert_true(left_with_info);
	assert_int_equal(signal_take(~0ull, &info), 0);
	/* One that is ignored stays with its owner; one that becomes so comes back. */
	assert_true(signal_send_entry(fake_process, NULL, &a));
	S->action[RT - 1].handler = (u64)SIG_IGN;
	signal_action_changed(fake_process, RT);
	assert_int_equal(left, 2);
	assert_false(left_with_info);
	T[0].sigmask = 0;
	assert_false(signal_send_entry(fake_process, NULL, &a));
	assert_null(a.next);
}

/* --- order and choice ------------------------------------------------------------------------------ */

static void faults_first_then_by_number_then_the_process(void **state)
{
	struct signal_info info;

	(void)state;
	T[0].sigmask = ~0ull;
	send(NULL, SIGHUP, SI_USER, 0);
	send(NULL, SIGSEGV, SI_USER, 0);
	send(&T[0], RT, SI_TKILL, 0);
	send(&T[0], SIGINT, SI_TKILL, 0);
	send(&T[0], SIGFPE, SI_TKILL, 0);
	assert_int_equal(signal_take(~0ull, &info), SIGFPE);
	assert_int_equal(signal_take(~0ull, &info), SIGINT);
	assert_int_equal(signal_take(~0ull, &info), RT);
	assert_int_equal(signal_take(~0ull, &info), SIGSEGV);
	assert_int_equal(signal_take(~0ull, &info), SIGHUP);
}

static void all_get_frames_at_one_return(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	act(SIGINT, 0, 0);
	act(SIGTERM, 0, 0);
	act(SIGUSR1, 0, SIGNAL_BIT(SIGTERM));
	send(NULL, SIGTERM, SI_USER, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	send(NULL, SIGINT, SI_USER, 0);
	assert_true(current->attention);
	signal_deliver(&r);
	assert_int_equal(r.rdi, SIGUSR1);
	/* SIGTERM was kept out by the mask of SIGUSR1's handler. */
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGTERM));
	assert_int_equal(current->sigmask,
			 SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGTERM));
	r.rsp += 8;
	signal_return(&r);
	assert_int_equal(r.rdi, SIGINT);
	assert_int_equal(current->sigmask, SIGNAL_BIT(SIGINT));
	assert_true(current->attention);
	signal_deliver(&r);
	assert_handlers(&r, HANDLERS(SIGTERM, SIGINT));
	assert_int_equal(current->sigmask, 0);
	assert_int_equal(r.rax, 11);
}

static void the_first_thread_before_all_others(void **state)
{
	(void)state;
	act(SIGUSR1, 0, 0);
	act(SIGUSR2, 0, 0);
	act(RT, 0, 0);
	act(SIGHUP, 0, 0);
	current = &T[2];
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_true(T[0].attention);
	assert_false(T[2].attention);
	T[0].sigmask = SIGNAL_BIT(SIGUSR1);
	send(NULL, SIGHUP, SI_USER, 0);
	assert_int_equal(fake_wakes, 2);
	assert_ptr_equal(fake_woken[1], &T[0]);
	/* Then one that has nothing else to do. */
	T[0].sigmask = ~0ull;
	T[1].attention = true;
	send(NULL, SIGUSR2, SI_USER, 0);
	assert_true(T[2].attention);
	T[3].killed = true;
	send(NULL, RT, SI_QUEUE, 0);
	assert_false(T[3].attention);
	assert_ptr_equal(fake_woken[(fake_wakes - 1) % 8], &T[1]);
	/* None: it waits. */
	T[1].sigmask = T[2].sigmask = ~0ull;
	fake_wakes = 0;
	send(NULL, RT, SI_QUEUE, 0);
	assert_int_equal(fake_wakes, 0);
}

static void what_one_blocks_is_for_another(void **state)
{
	(void)state;
	act(SIGUSR1, 0, 0);
	send(NULL, SIGUSR1, SI_USER, 0);
	assert_false(T[1].attention);
	signal_set_mask(SIGNAL_BIT(SIGUSR1));
	assert_true(T[1].attention);
	assert_false(T[2].attention);
	current = &T[1];
	signal_thread_leaves();
	assert_true(T[2].attention);
	assert_false(T[3].attention);
}

static void a_remote_call_is_interrupted(void **state)
{
	(void)state;
	act(SIGUSR1, 0, 0);
	T[0].scf_waiting = true;
	send(&T[0], SIGUSR1, SI_TKILL, 0);
	assert_int_equal(fake_interrupts, 1);
	assert_int_equal(fake_wakes, 0);
	T[1].scf_waiting = true;
	T[1].sigmask = SIGNAL_BIT(SIGUSR1);
	send(&T[1], SIGUSR1, SI_TKILL, 0);
	assert_int_equal(fake_interrupts, 1);
}

/* --- actions ---------------------------------------------------------------------------------------- */

static void ignored_ones_are_gone(void **state)
{
	(void)state;
	send(NULL, SIGCHLD, SI_USER, 0);
	send(NULL, SIGURG, SI_USER, 0);
	S->action[SIGTERM - 1].handler = (u64)SIG_IGN;
	send(NULL, SIGTERM, SI_USER, 0);
	assert_int_equal(S->pending.set, 0);
	assert_false(current->attention);
	/* Blocked ones may be caught yet. */
	T[0].sigmask = SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGCHLD);
	send(NULL, SIGTERM, SI_USER, 0);
	send(NULL, SIGCHLD, SI_USER, 0);
	send(&T[0], SIGCHLD, SI_USER, 0);
	assert_int_equal(S->pending.set, T[0].sigmask);
	/* But not when they are ignored anew. */
	signal_action_changed(fake_process, SIGTERM);
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGCHLD));
	signal_action_changed(fake_process, SIGCHLD);
	assert_int_equal(S->pending.set | T[0].signals.pending.set, 0);
}

static void death_is_for_the_next_thread(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	T[0].sigmask = T[1].sigmask = ~0ull & ~SIGNALS_UNBLOCKABLE;
	current = &T[1];
	send(NULL, SIGTERM, SI_USER, 0);
	assert_true(T[0].attention && T[1].attention && T[3].attention);
	assert_true(signal_pending());
	assert_dies(SIGTERM, signal_deliver(&r));
}

static void death_needs_one_that_does_not_block_it(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	for (int i = 0; i < 4; i++)
		T[i].sigmask = SIGNAL_BIT(SIGTERM);
	send(NULL, SIGTERM, SI_USER, 0);
	signal_deliver(&r);
	assert_int_equal(r.rip, CODE);
	signal_set_mask(0);
	assert_dies(SIGTERM, signal_deliver(&r));
	S->fatal = 0;
	current->sigmask = ~0ull & ~SIGNALS_UNBLOCKABLE;
	send(&T[0], SIGKILL, SI_TKILL, 0);
	assert_dies(SIGKILL, signal_deliver(&r));
}

static void stopping_and_continuing(void **state)
{
	struct regs r = in_user_mode();

	(void)state;
	send(NULL, SIGTSTP, SI_USER, 0);
	signal_deliver(&r);
	assert_int_equal(fake_stopped, SIGTSTP);
	/* One takes the other back. */
	T[0].sigmask = ~0ull;
	fake_stopped = 0;
	send(NULL, SIGTSTP, SI_USER, 0);
	send(&T[1], SIGTTIN, SI_USER, 0);
	send(NULL, SIGCONT, SI_USER, 0);
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGCONT));
	assert_int_equal(T[1].signals.pending.set, 0);
	send(NULL, SIGTTOU, SI_USER, 0);
	assert_int_equal(S->pending.set, SIGNAL_BIT(SIGTTOU));
	signal_set_mask(0);
	signal_deliver(&r);
	assert_int_equal(fake_stopped, SIGTTOU);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_signal_setup, fake_signal_teardown)
	const struct CMUnitTest tests[] = {
		TEST(standard_signals_coalesce),
		TEST(real_time_signals_queue_in_order),
		TEST(the_limit_is_as_on_linux),
		TEST(many_are_discarded),
		TEST(a_fork),
		TEST(an_entry_of_its_own_is_given_back),
		TEST(faults_first_then_by_number_then_the_process),
		TEST(all_get_frames_at_one_return),
		TEST(the_first_thread_before_all_others),
		TEST(what_one_blocks_is_for_another),
		TEST(a_remote_call_is_interrupted),
		TEST(ignored_ones_are_gone),
		TEST(death_is_for_the_next_thread),
		TEST(death_needs_one_that_does_not_block_it),
		TEST(stopping_and_continuing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
