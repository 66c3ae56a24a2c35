// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <asm/unistd_64.h>

#include "futex.h"
#include "process.h"
#include "scf.h"
#include "sys.h"
#include "uaccess.h"

#define BUCKETS		64
#define ROBUST_LIMIT	2048	/* as Linux: a list may be a ring */

static struct list buckets[BUCKETS];

static struct list *bucket(const struct futex_key *key)
{
	struct list *b = &buckets[futex_hash(key, BUCKETS)];

	if (!b->next)
		list_init(b);
	return b;
}

int futex_key(struct futex_key *key, u64 addr, bool private, u32 need)
{
	u32 prot;

	if (addr & 3)
		return -EINVAL;
	if (addr < CRTOS_USER_START || addr >= CRTOS_USER_END)
		return -EFAULT;
	*key = (struct futex_key){ .process = current->process, .addr = addr };
	if (private)
		return 0;
	key->frame = vm_lookup(&current->process->mm->vm, addr & PAGE_MASK, &prot);
	return key->frame && (prot & need) ? 0 : -EFAULT;
}

/* In a file that Linux shares: processes of Linux may wait there too, so all do so on Linux. */
static bool is_lent(u64 addr)
{
	u32 prot;

	return addr >= CRTOS_USER_START && addr < CRTOS_USER_END &&
	       vm_lookup(&current->process->mm->vm, addr & PAGE_MASK, &prot) && (prot & VM_LENT);
}

bool futex_key_same(const struct futex_key *waiter, const struct futex_key *key)
{
	const u64 page = waiter->addr & PAGE_MASK;

	if (!waiter->addr || !waiter->frame != !key->frame)
		return false;
	if (waiter->process == key->process && waiter->addr == key->addr)
		return true;
	return key->frame && waiter->frame == key->frame &&
	       (waiter->addr & ~PAGE_MASK) == (key->addr & ~PAGE_MASK) &&
	       vm_lookup(&waiter->process->mm->vm, page, NULL) == waiter->frame;
}

/* Without the page if the key is not private: the same word may be in several, and a page change its frame. */
unsigned int futex_hash(const struct futex_key *key, unsigned int buckets)
{
	u64 page = key->frame ? 0 : key->addr >> PAGE_SHIFT;

	return ((key->addr & ~PAGE_MASK) >> 2 ^ page) % buckets;
}

static void enqueue(struct thread *t, const struct futex_key *key)
{
	struct list *b = bucket(key), *p;

	/* In front of the first one of lower priority. */
	list_for_each(p, b) {
		if (list_entry(p, struct thread, futex_link)->futex.priority < t->futex.priority)
			break;
	}
	t->futex.key = *key;
	list_append(p, &t->futex_link);
}

/* As on Linux the place is that of the thread's own priority when it begins to wait, whatever comes later. */
void futex_enqueue(struct thread *t, const struct futex_key *key)
{
	t->futex.priority = t->priority;
	enqueue(t, key);
}

/* No key tells the waiter that it was woken, whatever thread_block() returns. */
void futex_dequeue(struct thread *t)
{
	list_remove(&t->futex_link);
	t->futex.key.addr = 0;
}

static void wake(struct thread *t)
{
	futex_dequeue(t);
	thread_wake(t, 0);
}

struct thread *futex_first(const struct futex_key *key, bool asleep)
{
	struct list *p, *b = bucket(key);

	list_for_each(p, b) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (futex_key_same(&t->futex.key, key) && (!asleep || t->state == THREAD_BLOCKED))
			return t;
	}
	return NULL;
}

/* Those who wait for a lock, or for FUTEX_CMP_REQUEUE_PI, are not to be woken like this: -EINVAL. */
static int wake_key(const struct futex_key *key, int count, u32 bitset)
{
	struct list *p, *next;
	int woken = 0;

	if (futex_pi_waited(key))
		return -EINVAL;
	list_for_each_safe(p, next, bucket(key)) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (woken >= count)
			break;
		if (!futex_key_same(&t->futex.key, key))
			continue;
		if (t->futex.lock.addr)
			return -EINVAL;
		if (!(t->futex.bitset & bitset))
			continue;
		wake(t);
		woken++;
	}
	return woken;
}

/*
 * Where a waiter of another process has the second word, if it has, is not known here. It is woken
 * instead, as waiters may be at any time: it looks at its word and comes back.
 */
static void move(struct thread *t, const struct futex_key *to)
{
	if (t->process != current->process) {
		wake(t);
		return;
	}
	futex_dequeue(t);
	enqueue(t, to);
}

static int requeue(const struct futex_key *from, const struct futex_key *to, int count)
{
	struct list *p, *next;
	int moved = 0;

	list_for_each_safe(p, next, bucket(from)) {
		struct thread *t = list_entry(p, struct thread, futex_link);

		if (moved >= count)
			break;
		if (!futex_key_same(&t->futex.key, from))
			continue;
		if (t->futex.lock.addr)
			return -EINVAL;
		moved++;
		if (!futex_key_same(from, to))
			move(t, to);
	}
	return moved;
}

static int futex_wait(u64 addr, bool private, u32 value, u32 bitset, u64 deadline)
{
	struct futex_key key;
	u32 seen;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(&key, addr, private, VM_READ);
	if (ret)
		return ret;
	if (get_user32(&seen, addr))
		return -EFAULT;
	if (seen != value)
		return -EAGAIN;
	if (signal_pending())
		return deadline == TIME_NEVER ? -ERESTARTSYS : -EINTR;
	current->futex.bitset = bitset;
	current->futex.lock.addr = 0;
	futex_enqueue(current, &key);
	ret = thread_block(deadline);
	if (!current->futex.key.addr)
		return 0;
	futex_dequeue(current);
	if (ret == -ETIMEDOUT)
		return -ETIMEDOUT;
	return deadline == TIME_NEVER ? -ERESTARTSYS : -EINTR;
}

static int futex_wake(u64 addr, bool private, int count, u32 bitset)
{
	struct futex_key key;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = futex_key(&key, addr, private, VM_READ);
	return ret ? ret : wake_key(&key, count, bitset);
}

int futex_wake_addr(u64 addr, int count)
{
	if (is_lent(addr))
		return scf(__NR_futex, addr, FUTEX_WAKE, count);
	return futex_wake(addr, false, count, FUTEX_BITSET_MATCH_ANY);
}

static int futex_requeue(u64 addr, bool private, int wakes, u64 addr2, int moves,
			 const u32 *expected)
{
	struct futex_key from, to;
	int ret, woken;
	u32 seen;

	if (wakes < 0 || moves < 0)
		return -EINVAL;
	ret = futex_key(&from, addr, private, VM_READ);
	if (ret)
		return ret;
	ret = futex_key(&to, addr2, private, VM_READ);
	if (ret)
		return ret;
	if (expected) {
		if (get_user32(&seen, addr))
			return -EFAULT;
		if (seen != *expected)
			return -EAGAIN;
	}
	woken = wake_key(&from, wakes, FUTEX_BITSET_MATCH_ANY);
	if (woken < 0)
		return woken;
	ret = requeue(&from, &to, moves);
	return ret < 0 ? ret : woken + ret;
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

static int futex_wake_op(u64 addr, bool private, int wakes, u64 addr2, int wakes2, u32 op)
{
	struct futex_key key, key2;
	int ret, woken, wake2;
	u32 old;

	ret = futex_key(&key, addr, private, VM_READ);
	if (ret)
		return ret;
	ret = futex_key(&key2, addr2, private, VM_WRITE);
	if (ret)
		return ret;
	ret = wake_op_modify(addr2, op, &old);
	if (ret)
		return ret;
	wake2 = wake_op_compare(op, old);
	if (wake2 < 0)
		return wake2;
	woken = wake_key(&key, wakes, FUTEX_BITSET_MATCH_ANY);
	if (woken < 0 || !wake2)
		return woken;
	ret = wake_key(&key2, wakes2, FUTEX_BITSET_MATCH_ANY);
	return ret < 0 ? ret : woken + ret;
}

static bool timed(u32 cmd)
{
	return cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI ||
	       cmd == FUTEX_LOCK_PI2 || cmd == FUTEX_WAIT_REQUEUE_PI;
}

/* Relative for FUTEX_WAIT; otherwise a moment, of the real-time clock for FUTEX_LOCK_PI. */
static int futex_deadline(u64 addr, u32 op, u64 *deadline)
{
	u32 cmd = op & FUTEX_CMD_MASK;
	u64 ns;
	int ret;

	*deadline = TIME_NEVER;
	if (!addr || !timed(cmd))
		return 0;
	ret = sys_get_timespec(addr, &ns);
	if (ret)
		return ret;
	if (cmd == FUTEX_WAIT)
		*deadline = sys_deadline_after(ns);
	else if (cmd == FUTEX_LOCK_PI || (op & FUTEX_CLOCK_REALTIME))
		*deadline = sys_deadline_realtime(ns);
	else
		*deadline = ns;
	return 0;
}

static bool knows_realtime(u32 cmd)
{
	return cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_LOCK_PI2;
}

static bool has_two_words(u32 cmd)
{
	return cmd == FUTEX_REQUEUE || cmd == FUTEX_CMP_REQUEUE || cmd == FUTEX_WAKE_OP ||
	       cmd == FUTEX_WAIT_REQUEUE_PI || cmd == FUTEX_CMP_REQUEUE_PI;
}

static s64 futex_linux(struct regs *regs)
{
	bool has_timeout = timed(arg1(regs) & FUTEX_CMD_MASK) && arg3(regs);
	s64 ret = sys_remote_pointers(regs, 1u << 0 | 1u << 4 | (has_timeout ? 1u << 3 : 0));

	/* The time would begin anew. */
	return ret == -ERESTARTSYS && has_timeout ? -ERESTARTNOHAND : ret;
}

s64 sys_futex(struct regs *regs)
{
	u64 addr = arg0(regs), addr2 = arg4(regs), deadline;
	u32 op = arg1(regs), cmd = op & FUTEX_CMD_MASK, value = arg2(regs), value3 = arg5(regs);
	bool private = op & FUTEX_PRIVATE_FLAG;
	int ret;

	if (!private) {
		bool lent = is_lent(addr);

		/* Their waiters would be on both sides. */
		if (has_two_words(cmd) && is_lent(addr2) != lent)
			return -EINVAL;
		if (lent)
			return futex_linux(regs);
	}
	ret = futex_deadline(arg3(regs), op, &deadline);
	if (ret)
		return ret;
	if ((op & FUTEX_CLOCK_REALTIME) && !knows_realtime(cmd))
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_wait(addr, private, value, FUTEX_BITSET_MATCH_ANY, deadline);
	case FUTEX_WAIT_BITSET:
		return futex_wait(addr, private, value, value3, deadline);
	case FUTEX_WAKE:
		return futex_wake(addr, private, value, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, private, value, value3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, private, value, addr2, arg3(regs), NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, private, value, addr2, arg3(regs), &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, private, value, addr2, arg3(regs), value3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(regs, addr, private, deadline, true);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(regs, addr, private, TIME_NEVER, false);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(addr, private);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(regs, addr, value, addr2, private, deadline);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(addr, addr2, private, value, arg3(regs), value3);
	}
	return -ENOSYS;
}

/* --- robust futexes ----------------------------------------------------------------------------- */

/*
 * Linux knows the list too, and finds the same when the shadow's thread ends. So what only Linux can hand over
 * is left to it: a lock with inheritance that somebody waits for, and all if it cannot be asked to wake.
 */
static bool left_to_linux(u64 addr, bool pi, u32 value)
{
	return is_lent(addr) && ((pi && (value & FUTEX_WAITERS)) || current->process->closed ||
				 current->killed || scf_outstanding());
}

/*
 * Tells the next owner that this one died; as handle_futex_death() of Linux. Who waits for a lock with
 * inheritance is woken by futex_pi_release().
 */
static int robust_death(u64 addr, bool pi, bool pending)
{
	u32 value, seen, owner = current->tid;

	if (addr & 3 || get_user32(&value, addr))
		return -EFAULT;
	for (;;) {
		preempt_point();
		if (left_to_linux(addr, pi, value))
			return 0;
		if (pending && !pi && !(value & FUTEX_TID_MASK)) {
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
	if (!pi && (value & FUTEX_WAITERS))
		futex_wake_addr(addr, 1);
	return 0;
}

/* Bit 0 of a link says that the entry it leads to is a lock with inheritance. */
static void release_robust(void)
{
	u64 head = current->robust_list, next, pending, offset;
	struct robust_list_head list;
	int limit;

	if (!head || copy_from_user(&list, head, sizeof(list)))
		return;
	current->robust_list = 0;
	offset = list.futex_offset;
	pending = (u64)list.list_op_pending;
	next = (u64)list.list.next;
	for (limit = ROBUST_LIMIT; (next & ~1ull) != head && limit; limit--) {
		u64 entry = next & ~1ull;
		bool pi = next & 1;
		int bad;

		preempt_point();
		bad = copy_from_user(&next, entry, sizeof(next));
		if (entry != (pending & ~1ull) && robust_death(entry + offset, pi, false))
			return;
		if (bad)
			return;
	}
	if (pending & ~1ull)
		robust_death((pending & ~1ull) + offset, pending & 1, true);
}

void futex_tell_robust(void)
{
	const u64 list = current->robust_list;

	current->robust_untold = false;
	scf(CRTOS_OP_ROBUST, sys_shadow_pointer(list) ? 0 : list);
}

void futex_exec(void)
{
	release_robust();
	futex_pi_release();
}

/* After its number is gone from the words that it had, nobody shall make it an owner again. */
void futex_exit(void)
{
	futex_exec();
	current->futex.closed = true;
}
