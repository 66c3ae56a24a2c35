// SPDX-License-Identifier: MIT
/* sources: rtos/scf.c */
/* cflags: -Irtos -DUNIT_TEST -include rtos_uipi_fake.h */
/* The client of the SCF protocol against shadows that answer at every possible moment, and wrongly. */
#define FAKE_OWN_SIGNALS
#define FAKE_OWN_SCF
#include "rtos_fake.h"

static unsigned int sends, ended;
static bool signal;
static struct crtos_scf_slot *slot;

bool signal_pending(void)
{
	return signal;
}

/* Called instead of SENDUIPI. */
void fake_uipi_send(u64 index)
{
	assert_int_equal(index, current->slot);
	sends++;
}

void process_end(struct process *p, u32 reason)
{
	assert_int_equal(reason, CRTOS_END_PROTOCOL);
	p->closed = true;
	ended++;
}

static void answer(s64 ret)
{
	slot->response.ret = ret;
	slot->response.seq = slot->request.seq;
}

static int setup(void **state)
{
	fake_setup(state);
	slot = crtos_scf_slot(fake_scf, 0);
	sends = ended = 0;
	signal = false;
	return 0;
}

static int answer_after_block(u64 deadline)
{
	(void)deadline;
	assert_true(current->scf_waiting);
	assert_int_equal(slot->request.notify, 1);
	answer(slot->request.args[0] + 1);
	return 0;
}

static void calls_and_blocks(void **state)
{
	unsigned int i;

	(void)state;
	fake_on_block = answer_after_block;
	for (i = 0; i < 3; i++) {
		assert_int_equal(scf(39, 41 + i, 2, 3, 4, 5, 6), 42 + i);
		assert_int_equal(slot->request.seq, i + 1);
		assert_int_equal(slot->request.nr, 39);
		assert_int_equal(slot->request.args[5], 6);
	}
	assert_int_equal(sends, 3);
	assert_int_equal(fake_scf->rt.remote_calls, 3);
	assert_int_equal(fake_scf->rt.notified, 3);
	assert_int_equal(fake_scf->rt.blocked, 3);
	assert_int_equal(fake_scf->calls[39], 3);
	assert_int_equal(control->calls[39], 3);
	assert_int_equal(control->notified, 3);
	assert_false(current->scf_waiting);
}

static int spurious_wakes;

static int answer_at_third_block(u64 deadline)
{
	if (++spurious_wakes < 3)
		return -EINTR;
	return answer_after_block(deadline);
}

static void blocks_again_without_an_answer(void **state)
{
	(void)state;
	spurious_wakes = 0;
	fake_on_block = answer_at_third_block;
	assert_int_equal(scf(1, 1), 2);
	assert_int_equal(spurious_wakes, 3);
	assert_int_equal(ended, 0);
}

static void numbers_wrap(void **state)
{
	(void)state;
	current->scf_seq = fake_process->slot_answered[0] = UINT32_MAX;
	slot->request.seq = slot->response.seq = UINT32_MAX;
	fake_on_block = answer_after_block;
	assert_int_equal(scf(1, 1), 2);
	assert_int_equal(slot->request.seq, 0);
}

static void sends_nothing_to_one_who_looks(void **state)
{
	(void)state;
	slot->response.looking = 1;
	fake_on_block = answer_after_block;
	assert_int_equal(scf(1, 1), 2);
	assert_int_equal(sends, 0);
	assert_int_equal(fake_scf->rt.suppressed, 1);
	assert_int_equal(fake_scf->rt.notified, 0);
}

static void asks_for_notice_before_it_stops_looking(void **state)
{
	(void)state;
	fake_process->spin = 100;
	fake_on_block = answer_after_block;
	assert_int_equal(scf(1, 1), 2);
	assert_int_equal(slot->request.notify, 1);
	assert_int_equal(fake_scf->rt.blocked, 1);
}

static void other_notifiers(void **state)
{
	(void)state;
	fake_process->notifier = CRTOS_NOTIFIER_IPI;
	fake_on_block = answer_after_block;
	scf(1, 1);
	assert_int_equal(sends, 0);
	assert_int_equal(fake_doorbells, 1);
	assert_int_equal(fake_process->ctl->rt.forward_ipi, 1);
	/* Not taken yet: one doorbell is under way. */
	scf(1, 1);
	assert_int_equal(fake_doorbells, 1);
	fake_process->ctl->rt.forward_ipi = 0;
	scf(1, 1);
	assert_int_equal(fake_doorbells, 2);
}

static int answer_wrongly(u64 deadline)
{
	(void)deadline;
	slot->response.seq = slot->request.seq + (fake_now & 1 ? 1 : -2);
	return 0;
}

static void ends_a_process_with_a_wrong_answer(void **state)
{
	(void)state;
	fake_on_block = answer_wrongly;
	for (fake_now = 0; fake_now < 2; fake_now++) {
		fake_process->closed = false;
		fake_process->slot_answered[0] = current->scf_seq;
		assert_int_equal(scf(1, 1), -EINTR);
		assert_int_equal(ended, fake_now + 1);
	}
	assert_int_equal(scf(1, 1), -EINTR);
	assert_int_equal(ended, 2);
}

static int kill_it(u64 deadline)
{
	(void)deadline;
	current->killed = true;
	return -EINTR;
}

static void a_killed_thread_leaves(void **state)
{
	(void)state;
	fake_on_block = kill_it;
	assert_int_equal(scf(1, 1), -EINTR);
	assert_true(scf_outstanding());
	/* And does not publish over what is unanswered, even if it were not killed. */
	current->killed = false;
	assert_int_equal(scf(1, 1), -EINTR);
	assert_int_equal(slot->request.seq, 1);
	answer(0);
}

static void says_nothing_to_a_closed_process(void **state)
{
	(void)state;
	fake_process->closed = true;
	assert_int_equal(scf(1, 1), -EINTR);
	scf_post(CRTOS_OP_EXIT_THREAD, 0, 0, 0);
	assert_int_equal(slot->request.seq, 0);
	assert_int_equal(sends, 0);
}

static void posts(void **state)
{
	(void)state;
	scf_post(CRTOS_OP_EXIT_GROUP, 3, 0, 0);
	assert_int_equal(slot->request.seq, 1);
	assert_int_equal(slot->request.nr, CRTOS_OP_EXIT_GROUP);
	assert_int_equal(slot->request.args[0], 3);
	assert_int_equal(slot->request.notify, 0);
	assert_int_equal(sends, 1);
}

static int look_at_spurious_bits(u64 deadline)
{
	struct process *p = fake_process;
	unsigned int i;

	(void)deadline;
	for (i = 0; i < CRTOS_SCF_SLOTS; i++)
		scf_answered(p, i);
	assert_int_equal(fake_wakes, 0);
	assert_int_equal(p->spurious, CRTOS_SCF_SLOTS);
	answer(5);
	scf_answered(p, 0);
	assert_int_equal(fake_wakes, 1);
	assert_ptr_equal(fake_woken[0], current);
	/* The second bit for the same answer. */
	scf_answered(p, 0);
	assert_int_equal(fake_wakes, 1);
	return 0;
}

static void wakes_only_who_has_an_answer(void **state)
{
	(void)state;
	fake_on_block = look_at_spurious_bits;
	assert_int_equal(scf(1, 1), 5);
}

/* --- interruption ------------------------------------------------------------------------------------ */

static const u64 args[6] = { 1 };
static unsigned int asked;

/* What the module and the shadow do about it. */
static int end_if_interrupted(u64 deadline)
{
	(void)deadline;
	assert_true(current->scf_waiting);
	if (slot->request.interrupt == slot->request.seq) {
		asked += !!fake_process->ctl->rt.interrupt;
		answer(-EINTR);
	} else {
		scf_interrupt(current);
		scf_interrupt(current);
		assert_int_equal(fake_doorbells, !current->scf_own);
		if (current->scf_own)
			answer(5);
	}
	return 0;
}

static void a_blocked_call_is_interrupted(void **state)
{
	(void)state;
	fake_on_block = end_if_interrupted;
	asked = 0;
	assert_int_equal(scf_call(0, args), -EINTR);
	assert_int_equal(asked, 1);
	assert_int_equal(fake_process->ctl->rt.interrupt, 1);
	assert_int_equal(slot->request.interrupt, 1);
	/* It named that call: the next one is not meant. */
	fake_on_block = answer_after_block;
	assert_int_equal(scf_call(0, args), 2);
}

static void the_kernels_own_calls_are_not(void **state)
{
	(void)state;
	fake_on_block = end_if_interrupted;
	assert_int_equal(scf(17, 1), 5);
	assert_int_equal(slot->request.interrupt, 0);
	assert_int_equal(fake_process->ctl->rt.interrupt, 0);
}

static void a_signal_that_came_before_blocking_is_seen(void **state)
{
	(void)state;
	fake_on_block = end_if_interrupted;
	asked = 0;
	current->attention = signal = true;
	assert_int_equal(scf_call(0, args), -EINTR);
	assert_int_equal(asked, 1);
	/* Attention alone, as for a fork, is no reason. */
	signal = false;
	fake_on_block = answer_after_block;
	assert_int_equal(scf_call(0, args), 2);
	assert_int_equal(fake_doorbells, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
	const struct CMUnitTest tests[] = {
		T(calls_and_blocks),
		T(blocks_again_without_an_answer),
		T(numbers_wrap),
		T(sends_nothing_to_one_who_looks),
		T(asks_for_notice_before_it_stops_looking),
		T(other_notifiers),
		T(ends_a_process_with_a_wrong_answer),
		T(a_killed_thread_leaves),
		T(says_nothing_to_a_closed_process),
		T(posts),
		T(wakes_only_who_has_an_answer),
		T(a_blocked_call_is_interrupted),
		T(the_kernels_own_calls_are_not),
		T(a_signal_that_came_before_blocking_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
