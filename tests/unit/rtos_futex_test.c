// SPDX-License-Identifier: MIT
/* sources: rtos/futex.c rtos/futex_pi.c rtos/pi.c */
/* cflags: -Irtos -DUNIT_TEST */
/* Who waits for what, and who is woken. */
#include "rtos_fake.h"

#include <linux/futex.h>

#include "../../rtos/futex.h"
#include "../../rtos/sys.h"

#define WORD	0x100000ull
#define WORD2	0x100100ull

int sys_get_timespec(u64 addr, u64 *ns)
{
	return copy_from_user(ns, addr, sizeof(*ns));
}

u64 sys_deadline_after(u64 ns)
{
	return fake_now + ns;
}

u64 sys_deadline_realtime(u64 ns)
{
	return ns - (time_realtime() - fake_now);
}

static struct vm *vm;
static u64 deadline_seen;

static s64 futex(u64 addr, u32 op, u32 value, u64 time, u64 addr2, u32 value3)
{
	struct regs regs = {
		.rdi = addr,
		.rsi = op,
		.rdx = value,
		.r10 = time,
		.r8 = addr2,
		.r9 = value3,
	};

	return sys_futex(&regs);
}

static int setup(void **state)
{
	fake_setup(state);
	vm = &fake_process->mm->vm;
	vm_map(vm, WORD & PAGE_MASK, page_alloc(), VM_READ | VM_WRITE);
	put_user32(WORD, 7);
	put_user32(WORD2, 8);
	return 0;
}

static int teardown(void **state)
{
	vm_destroy(vm);
	assert_int_equal(fake_frames, 0);
	return fake_teardown(state);
}

static int time_out(u64 deadline)
{
	deadline_seen = deadline;
	return -ETIMEDOUT;
}

/*
 * Threads block one inside the other: the test goes on, as the last thread, in the innermost. What each wait
 * returned is looked at afterwards.
 */
static unsigned int depth, depth_wanted;
static s64 results[4];
static u32 bits[4];
static void (*when_all_wait)(void);

static int nested(u64 deadline)
{
	struct thread *self = current;
	unsigned int me = depth;

	(void)deadline;
	if (depth + 1 == depth_wanted) {
		current = &fake_threads[3];
		when_all_wait();
	} else {
		depth++;
		current = &fake_threads[depth];
		results[depth] = futex(WORD, FUTEX_WAIT_BITSET, 7, 0, 0, bits[depth]);
	}
	current = self;
	(void)me;
	return self->futex.key.addr ? -ETIMEDOUT : 0;
}

static void with_waiters(unsigned int n, void (*fn)(void))
{
	depth = 0;
	depth_wanted = n;
	when_all_wait = fn;
	fake_on_block = nested;
	current = &fake_threads[0];
	results[0] = futex(WORD, FUTEX_WAIT_BITSET, 7, 0, 0, bits[0]);
}

static int all_bits(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		bits[i] = ~0u;
	return setup(state);
}

static void judges_before_waiting(void **state)
{
	(void)state;
	assert_int_equal(futex(WORD, FUTEX_WAIT, 6, 0, 0, 0), -EAGAIN);
	assert_int_equal(futex(WORD + 1, FUTEX_WAIT, 7, 0, 0, 0), -EINVAL);
	assert_int_equal(futex(0x200000, FUTEX_WAIT, 7, 0, 0, 0), -EFAULT);
	assert_int_equal(futex(CRTOS_USER_END, FUTEX_WAIT, 7, 0, 0, 0), -EFAULT);
	assert_int_equal(futex(UINT64_MAX - 3, FUTEX_WAKE, 1, 0, 0, 0), -EFAULT);
	assert_int_equal(futex(WORD, FUTEX_WAIT_BITSET, 7, 0, 0, 0), -EINVAL);
	assert_int_equal(futex(WORD, FUTEX_WAKE_BITSET, 7, 0, 0, 0), -EINVAL);
	assert_int_equal(futex(WORD, 99, 7, 0, 0, 0), -ENOSYS);
	assert_int_equal(futex(WORD, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 7, 0, 0, 0), -ENOSYS);
	assert_int_equal(futex(WORD, FUTEX_WAKE, 9, 0, 0, 0), 0);
}

static void knows_relative_and_absolute_times(void **state)
{
	u64 ns = 5000;

	(void)state;
	fake_on_block = time_out;
	copy_to_user(WORD2, &ns, sizeof(ns));
	assert_int_equal(futex(WORD, FUTEX_WAIT, 7, WORD2, 0, 0), -ETIMEDOUT);
	assert_int_equal(deadline_seen, fake_now + 5000);
	assert_int_equal(futex(WORD, FUTEX_WAIT_BITSET, 7, WORD2, 0, 1), -ETIMEDOUT);
	assert_int_equal(deadline_seen, 5000);
	ns = time_realtime() + 1;
	copy_to_user(WORD2, &ns, sizeof(ns));
	assert_int_equal(futex(WORD, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 7, WORD2, 0, 1),
			 -ETIMEDOUT);
	assert_int_equal(deadline_seen, fake_now + 1);
	assert_int_equal(futex(WORD, FUTEX_WAKE, 9, 0, 0, 0), 0);
}

static void wake_two(void)
{
	/* They do not wait privately. */
	assert_int_equal(futex(WORD, FUTEX_WAKE_PRIVATE, 2, 0, 0, 0), 0);
	assert_int_equal(futex(WORD, FUTEX_WAKE, 2, 0, 0, 0), 2);
}

static void wakes_by_priority_then_age(void **state)
{
	(void)state;
	fake_threads[0].priority = 1;
	fake_threads[1].priority = 5;
	/* What it inherits does not count. */
	fake_threads[2].priority = 1;
	fake_threads[2].effective = 9;
	with_waiters(3, wake_two);
	assert_ptr_equal(fake_woken[0], &fake_threads[1]);
	assert_ptr_equal(fake_woken[1], &fake_threads[0]);
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], 0);
	assert_int_equal(results[2], -ETIMEDOUT);
}

static void wake_bit_two(void)
{
	assert_int_equal(futex(WORD, FUTEX_WAKE_BITSET, 9, 0, 0, 2), 1);
}

static void wakes_by_bits(void **state)
{
	(void)state;
	bits[0] = 1;
	bits[1] = 2;
	bits[2] = 4;
	with_waiters(3, wake_bit_two);
	assert_int_equal(results[0], -ETIMEDOUT);
	assert_int_equal(results[1], 0);
	assert_int_equal(results[2], -ETIMEDOUT);
}

static void requeue_all(void)
{
	assert_int_equal(futex(WORD, FUTEX_CMP_REQUEUE, 1, 9, WORD2, 6), -EAGAIN);
	assert_int_equal(futex(WORD, FUTEX_CMP_REQUEUE, 1, 9, WORD2, 7), 3);
	assert_int_equal(futex(WORD, FUTEX_WAKE, 9, 0, 0, 0), 0);
	assert_int_equal(futex(WORD2, FUTEX_WAKE, 1, 0, 0, 0), 1);
}

static void moves_waiters(void **state)
{
	(void)state;
	with_waiters(3, requeue_all);
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], 0);
	assert_int_equal(results[2], -ETIMEDOUT);
}

/* The waiter stays when its page goes; who gets the frame then has nothing to do with it. */
static void wake_by_frame(void)
{
	u64 frame = vm_unmap(vm, WORD & PAGE_MASK);

	vm_map(vm, 0x700000, frame, VM_READ);
	assert_int_equal(futex(0x700000 + (WORD & ~PAGE_MASK), FUTEX_WAKE, 9, 0, 0, 0), 0);
	vm_unmap(vm, 0x700000);
	vm_map(vm, WORD & PAGE_MASK, frame, VM_READ | VM_WRITE);
}

static void knows_a_word_by_its_address(void **state)
{
	(void)state;
	with_waiters(1, wake_by_frame);
	assert_int_equal(results[0], -ETIMEDOUT);
}

static void changes_the_second_word(void **state)
{
	static const struct {
		u32 op, arg, result;
	} cases[] = {
		{ FUTEX_OP_SET, 5, 5 },
		{ FUTEX_OP_ADD, 5, 13 },
		{ FUTEX_OP_OR, 3, 11 },
		{ FUTEX_OP_ANDN, 8, 0 },
		{ FUTEX_OP_XOR, 9, 1 },
		{ FUTEX_OP_ADD, 0xfff, 7 },	/* -1 */
		{ FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 4, 24 },
	};
	size_t i;
	u32 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put_user32(WORD2, 8);
		assert_int_equal(futex(WORD, FUTEX_WAKE_OP, 1, 1, WORD2,
				       cases[i].op << 28 | cases[i].arg << 12),
				 0);
		get_user32(&value, WORD2);
		assert_int_equal(value, cases[i].result);
	}
	assert_int_equal(futex(WORD, FUTEX_WAKE_OP, 1, 1, WORD2, 5u << 28), -ENOSYS);
	assert_int_equal(futex(WORD, FUTEX_WAKE_OP, 1, 1, WORD2, 6u << 24), -ENOSYS);
}

static void robust_list(void)
{
	/* Head at 0x100200, one lock entry at 0x100300 whose word lies 0x10 behind it. */
	const u64 head[3] = { 0x100300, 0x10, 0 }, entry = 0x100200;

	copy_to_user(0x100200, head, sizeof(head));
	copy_to_user(0x100300, &entry, sizeof(entry));
	put_user32(0x100310, fake_threads[3].tid | FUTEX_WAITERS);
	current->robust_list = 0x100200;
	futex_exec();
}

static void tells_of_a_dead_owner(void **state)
{
	u32 value;

	(void)state;
	current = &fake_threads[3];
	robust_list();
	get_user32(&value, 0x100310);
	assert_int_equal(value, FUTEX_OWNER_DIED | FUTEX_WAITERS);
	/* Another's is left alone. */
	current = &fake_threads[2];
	robust_list();
	get_user32(&value, 0x100310);
	assert_int_equal(value, fake_threads[3].tid | FUTEX_WAITERS);
}

static void survives_bad_robust_lists(void **state)
{
	u64 ring[3] = { 0x100400, 0x10, 0 };

	(void)state;
	current->robust_list = 0x999000;
	futex_exec();
	/* A ring without the head in it. */
	copy_to_user(0x100200, ring, sizeof(ring));
	copy_to_user(0x100400, ring, sizeof(u64));
	current->robust_list = 0x100200;
	futex_exec();
	ring[0] = UINT64_MAX;
	ring[2] = 0x123;
	copy_to_user(0x100200, ring, sizeof(ring));
	current->robust_list = 0x100200;
	futex_exec();
}

static void waits_on_linux_for_what_linux_shares(void **state)
{
	const u64 lent = 0x200000;
	u32 value;

	(void)state;
	vm_map(vm, lent, page_alloc(), VM_READ | VM_WRITE);
	fake_find(vm, lent)->prot |= VM_LENT;
	fake_calls = 0;
	assert_int_equal(futex(lent, FUTEX_WAIT, 5, 0, 0, 0), 0);
	assert_int_equal(fake_calls, 1);
	assert_int_equal(fake_call_args[0], lent);
	assert_int_equal(futex(lent, FUTEX_WAIT_PRIVATE, 5, 0, 0, 0), -EAGAIN);
	assert_int_equal(fake_calls, 1);
	/* Two words, their waiters on both sides. */
	assert_int_equal(futex(lent, FUTEX_REQUEUE, 1, 1, WORD, 0), -EINVAL);
	assert_int_equal(futex(WORD, FUTEX_WAKE_OP, 1, 1, lent, 0), -EINVAL);
	assert_int_equal(fake_calls, 1);
	/* A robust lock there: its waiters are on Linux. */
	current = &fake_threads[3];
	robust_list();
	put_user32(lent + 0x10, current->tid | FUTEX_WAITERS);
	copy_to_user(0x100200, &lent, sizeof(lent));
	copy_to_user(lent, &(u64){ 0x100200 }, sizeof(u64));
	current->robust_list = 0x100200;
	futex_exec();
	get_user32(&value, lent + 0x10);
	assert_int_equal(value, FUTEX_OWNER_DIED | FUTEX_WAITERS);
	assert_int_equal(fake_calls, 2);
	assert_int_equal(fake_call_args[1], FUTEX_WAKE);
	/* Linux does it when it cannot be asked. */
	put_user32(lent + 0x10, current->tid | FUTEX_WAITERS);
	current->robust_list = 0x100200;
	current->killed = true;
	futex_exec();
	current->killed = false;
	get_user32(&value, lent + 0x10);
	assert_int_equal(value, current->tid | FUTEX_WAITERS);
	page_free(fake_find(vm, lent)->frame);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, all_bits, teardown)
	const struct CMUnitTest tests[] = {
		T(judges_before_waiting),
		T(knows_relative_and_absolute_times),
		T(wakes_by_priority_then_age),
		T(wakes_by_bits),
		T(moves_waiters),
		T(knows_a_word_by_its_address),
		T(changes_the_second_word),
		T(tells_of_a_dead_owner),
		T(survives_bad_robust_lists),
		T(waits_on_linux_for_what_linux_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
