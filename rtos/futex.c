// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/time_types.h>

#include "futex.h"
#include "process.h"
#include "sys.h"
#include "uaccess.h"

#define BUCKETS		64
#define ROBUST_LIMIT	2048	/* as Linux: a list may be a ring */

static struct list buckets[BUCKETS];

static struct list *bucket(u64 key)
{
	struct list *b = &buckets[(key >> 2 ^ key >> PAGE_SHIFT) % BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

/*
 * 0 for a good address; *key is never 0. No frame is in two places, so the address in its process is the
 * word; the frame is not, for a waiter stays when its page is unmapped, and the frame may go elsewhere.
 */
static int futex_key(u64 addr, u64 *key)
{
	u32 prot;
	u64 frame;

	if (addr & 3)
		return -EINVAL;
	if (addr < CRTOS_USER_START || addr >= CRTOS_USER_END)
		return -EFAULT;
	frame = vm_lookup(&current->process->mm->vm, addr & PAGE_MASK, &prot);
	if (!frame || !(prot & VM_READ))
		return -EFAULT;
	*key = addr;
	return 0;
}

static void enqueue(struct thread *t, u64 key)
{
	struct list *b = bucket(key), *p;

	/* In front of the first one of lower priority. */
	list_for_each(p, b) {
		if (list_entry(p, struct thread, futex_link)->priority < t->priority)
			break;
	}
	t->futex_key = key;
	list_append(p, &t->futex_link);
}

/* A futex_key of 0 tells the waiter that it was woken, whatever thread_block() returns. */
static void wake(struct thread *t)
{
	list_remove(&t->futex_link);
	t->futex_key = 0;
	thread_wake(t, 0);
}

static bool waits_for(const struct thread *t, u64 key)
{
	return t->futex_key == key && t->process == current->process;
}

static int wake_key(u64 key, int count, u32 bitset)
{
	struct list *p, *next;
	int woken = 0;

	list_for_each_safe(p, next, bucket(key)) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (woken >= count)
			break;
		if (!waits_for(t, key) || !(t->futex_bitset & bitset))
			continue;
		wake(t);
		woken++;
	}
	return woken;
}

static int requeue(u64 from, u64 to, int count)
{
	struct list *p, *next;
	int moved = 0;

	list_for_each_safe(p, next, bucket(from)) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (moved >= count)
			break;
		if (!waits_for(t, from))
			continue;
		moved++;
		if (from == to)
			continue;
		list_remove(p);
		enqueue(t, to);
	}
	return moved;
}

static int futex_wait(u64 addr, u32 value, u32 bitset, u64 deadline)
{
	u32 seen;
	u64 key;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(addr, &key);
	if (ret)
		return ret;
	if (get_user32(&seen, addr))
		return -EFAULT;
	if (seen != value)
		return -EAGAIN;
	if (signal_pending())
		return deadline == TIME_NEVER ? -ERESTARTSYS : -EINTR;
	current->futex_bitset = bitset;
	enqueue(current, key);
	ret = thread_block(deadline);
	if (!current->futex_key)
		return 0;
	list_remove(&current->futex_link);
	current->futex_key = 0;
	if (ret == -ETIMEDOUT)
		return -ETIMEDOUT;
	return deadline == TIME_NEVER ? -ERESTARTSYS : -EINTR;
}

int futex_wake_addr(u64 addr, int count)
{
	u64 key;
	int ret = futex_key(addr, &key);

	return ret ? ret : wake_key(key, count, FUTEX_BITSET_MATCH_ANY);
}

static int futex_requeue(u64 addr, int wakes, u64 addr2, int moves, const u32 *expected)
{
	u64 from, to;
	u32 seen;
	int ret;

	if (wakes < 0 || moves < 0)
		return -EINVAL;
	ret = futex_key(addr, &from);
	if (ret)
		return ret;
	ret = futex_key(addr2, &to);
	if (ret)
		return ret;
	if (expected) {
		if (get_user32(&seen, addr))
			return -EFAULT;
		if (seen != *expected)
			return -EAGAIN;
	}
	ret = wake_key(from, wakes, FUTEX_BITSET_MATCH_ANY);
	return ret + requeue(from, to, moves);
}

/* The operation of FUTEX_WAKE_OP on the second word; *old gets what was there. */
static int wake_op_modify(u64 addr, u32 op, u32 *old)
{
	s32 arg = (s32)(op << 8) >> 20;		/* bits 23:12, signed */
	u32 seen, expected, desired;

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1 << (arg & 31);
	if (get_user32(&seen, addr))
		return -EFAULT;
	do {
		/* Linux's side may write there again and again. */
		preempt_point();
		expected = seen;
		switch (op >> 28 & 7) {
		case FUTEX_OP_SET:
			desired = arg;
			break;
		case FUTEX_OP_ADD:
			desired = expected + arg;
			break;
		case FUTEX_OP_OR:
			desired = expected | arg;
			break;
		case FUTEX_OP_ANDN:
			desired = expected & ~arg;
			break;
		case FUTEX_OP_XOR:
			desired = expected ^ arg;
			break;
		default:
			return -ENOSYS;
		}
		if (cmpxchg_user32(addr, expected, desired, &seen))
			return -EFAULT;
	} while (seen != expected);
	*old = expected;
	return 0;
}

static int wake_op_compare(u32 op, s32 old)
{
	s32 arg = (s32)(op << 20) >> 20;	/* bits 11:0, signed */

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return old == arg;
	case FUTEX_OP_CMP_NE:
		return old != arg;
	case FUTEX_OP_CMP_LT:
		return old < arg;
	case FUTEX_OP_CMP_LE:
		return old <= arg;
	case FUTEX_OP_CMP_GT:
		return old > arg;
	case FUTEX_OP_CMP_GE:
		return old >= arg;
	}
	return -ENOSYS;
}

static int futex_wake_op(u64 addr, int wakes, u64 addr2, int wakes2, u32 op)
{
	u64 key, key2;
	u32 old;
	int ret, wake2;

	ret = futex_key(addr, &key);
	if (ret)
		return ret;
	ret = futex_key(addr2, &key2);
	if (ret)
		return ret;
	ret = wake_op_modify(addr2, op, &old);
	if (ret)
		return ret;
	wake2 = wake_op_compare(op, old);
	if (wake2 < 0)
		return wake2;
	ret = wake_key(key, wakes, FUTEX_BITSET_MATCH_ANY);
	if (wake2)
		ret += wake_key(key2, wakes2, FUTEX_BITSET_MATCH_ANY);
	return ret;
}

/* Relative for FUTEX_WAIT, absolute for FUTEX_WAIT_BITSET. */
static int futex_deadline(u64 addr, u32 op, u64 *deadline)
{
	u64 ns;
	int ret;

	*deadline = TIME_NEVER;
	if (!addr)
		return 0;
	ret = sys_get_timespec(addr, &ns);
	if (ret)
		return ret;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		*deadline = sys_deadline_after(ns);
	else
		*deadline = op & FUTEX_CLOCK_REALTIME ? sys_deadline_realtime(ns) : ns;
	return 0;
}

s64 sys_futex(struct regs *regs)
{
	u64 addr = arg0(regs), addr2 = arg4(regs), deadline;
	u32 op = arg1(regs), value = arg2(regs), value3 = arg5(regs);
	int ret;

	if ((op & FUTEX_CLOCK_REALTIME) && (op & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		ret = futex_deadline(arg3(regs), op, &deadline);
		if (ret)
			return ret;
		return futex_wait(addr, value,
				  (op & FUTEX_CMD_MASK) == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY :
									value3,
				  deadline);
	case FUTEX_WAKE:
		return futex_wake_addr(addr, value);
	case FUTEX_WAKE_BITSET: {
		u64 key;

		if (!value3)
			return -EINVAL;
		ret = futex_key(addr, &key);
		return ret ? ret : wake_key(key, value, value3);
	}
	case FUTEX_REQUEUE:
		return futex_requeue(addr, value, addr2, arg3(regs), NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, value, addr2, arg3(regs), &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, value, addr2, arg3(regs), value3);
	}
	return -ENOSYS;		/* priority inheritance too */
}

/* --- robust futexes ----------------------------------------------------------------------------- */

/* Tells the next owner that this one died; as handle_futex_death() of Linux. */
static int robust_death(u64 addr, bool pending)
{
	u32 value, seen, owner = current->tid;

	if (addr & 3 || get_user32(&value, addr))
		return -EFAULT;
	for (;;) {
		preempt_point();
		if (pending && !value) {
			futex_wake_addr(addr, 1);
			return 0;
		}
		if ((value & FUTEX_TID_MASK) != owner)
			return 0;
		if (cmpxchg_user32(addr, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -EFAULT;
		if (seen == value)
			break;
		value = seen;
	}
	if (value & FUTEX_WAITERS)
		futex_wake_addr(addr, 1);
	return 0;
}

void futex_exit_robust(void)
{
	u64 head = current->robust_list, next, pending;
	struct robust_list_head list;
	int limit;

	if (!head || copy_from_user(&list, head, sizeof(list)))
		return;
	current->robust_list = 0;
	/* Bit 0 of an entry marks a PI futex; those do not exist here. */
	pending = (u64)list.list_op_pending & ~1ull;
	next = (u64)list.list.next & ~1ull;
	for (limit = ROBUST_LIMIT; next != head && limit; limit--) {
		u64 entry = next;
		int bad;

		preempt_point();
		bad = copy_from_user(&next, entry, sizeof(next));

		next &= ~1ull;
		if (entry != pending && robust_death(entry + list.futex_offset, false))
			return;
		if (bad)
			return;
	}
	if (pending)
		robust_death(pending + list.futex_offset, true);
}
