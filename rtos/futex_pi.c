// SPDX-License-Identifier: MIT
/*
 * Futexes with priority inheritance. The word holds the number of the owner's thread, and FUTEX_WAITERS
 * while the owner must not free it without a system call. What is known here of a lock, a futex_lock,
 * exists only while somebody waits for it: the first to wait finds the owner by its number.
 *
 * The owner that unlocks writes the next owner's number to the word and so hands the lock over. One that
 * dies cannot, as it may have the word at another address, or not at all any more: the next owner, when
 * it runs, writes the word itself, with FUTEX_OWNER_DIED. Until then the lock is `bereft`, and the word
 * does not tell who owns it.
 *
 * Words may change at any moment, by hands of Linux's side. Nothing is done by halves before a word was
 * stored, so an operation that finds it changed begins again.
 */
#include <linux/errno.h>
#include <linux/futex.h>

#include "futex.h"
#include "log.h"
#include "page.h"
#include "pi.h"
#include "process.h"
#include "signals.h"
#include "sys.h"
#include "uaccess.h"

#define BUCKETS		64

struct futex_lock {
	struct pi_lock pi;
	struct list link;
	bool bereft;
};

/* Of what may go on, besides errors. */
enum {
	QUEUED = 0,
	TAKEN,
	CHANGED,		/* the word, meanwhile */
};

static struct list buckets[BUCKETS];

static struct list *bucket(const struct futex_key *key)
{
	struct list *b = &buckets[futex_hash(key, BUCKETS)];

	if (!b->next)
		list_init(b);
	return b;
}

/* --- locks that somebody waits for --------------------------------------------------------------- */

static void lock_free(struct futex_lock *lock)
{
	pi_disown(&lock->pi);
	list_remove(&lock->link);
	kfree(lock);
}

static void lock_emptied(struct pi_lock *pi)
{
	struct futex_lock *lock = container_of(pi, struct futex_lock, pi);

	if (!lock->bereft)
		lock_free(lock);
}

static struct futex_lock *lock_create(const struct futex_key *key, struct thread *owner)
{
	struct futex_lock *lock = kalloc(sizeof(*lock));

	if (!lock)
		return NULL;
	pi_lock_init(&lock->pi, lock_emptied);
	pi_own(&lock->pi, owner);
	lock->bereft = false;
	list_append(bucket(key), &lock->link);
	return lock;
}

/* Who waits, or is to be the owner, tells what word it is. */
static bool lock_matches(const struct futex_lock *lock, const struct futex_key *key)
{
	struct list *p;

	if (lock->bereft && futex_key_same(&lock->pi.owner->futex.lock, key))
		return true;
	list_for_each(p, &lock->pi.waiters) {
		if (futex_key_same(&list_entry(p, struct thread, pi_link)->futex.lock, key))
			return true;
	}
	return false;
}

static struct futex_lock *lock_find(const struct futex_key *key)
{
	struct list *p, *b = bucket(key);

	list_for_each(p, b) {
		struct futex_lock *lock = list_entry(p, struct futex_lock, link);

		if (lock_matches(lock, key))
			return lock;
	}
	return NULL;
}

bool futex_pi_waited(const struct futex_key *key)
{
	return lock_find(key) != NULL;
}

/* To the first waiter. */
static void lock_pass_on(struct futex_lock *lock, bool owner_died)
{
	struct thread *next = pi_hand_over(&lock->pi);

	next->futex.got = true;
	if (owner_died) {
		lock->bereft = true;
		next->futex.bereft = lock;
	} else if (!pi_first(&lock->pi)) {
		lock_free(lock);
	}
	thread_wake(next, 0);
}

/* A word that belongs to nobody says the truth too, after its owner died and before that is known here. */
static bool lock_agrees(const struct futex_lock *lock, u32 value)
{
	u32 tid = value & FUTEX_TID_MASK;

	if (lock->bereft || tid == (u32)lock->pi.owner->tid)
		return true;
	return !tid && (value & FUTEX_OWNER_DIED);
}

/* --- taking -------------------------------------------------------------------------------------- */

/* 0, CHANGED or -EFAULT. */
static int store(u64 addr, u32 expected, u32 value)
{
	u32 seen;

	if (cmpxchg_user32(addr, expected, value, &seen))
		return -EFAULT;
	return seen == expected ? 0 : CHANGED;
}

static int queue(struct futex_lock *lock, struct thread *t)
{
	int ret = pi_wait(&lock->pi, t);

	if (ret)
		return ret;
	t->futex.got = false;
	t->futex.bereft = NULL;
	return QUEUED;
}

/* The first one to wait, for a word that belongs to somebody. */
static int queue_first(struct thread *t, u64 addr, const struct futex_key *key, u32 value)
{
	struct thread *owner = thread_find(value & FUTEX_TID_MASK);
	struct futex_lock *lock;
	int ret;

	if (!owner)
		return -ESRCH;
	ret = value & FUTEX_WAITERS ? 0 : store(addr, value, value | FUTEX_WAITERS);
	if (ret)
		return ret;
	lock = lock_create(key, owner);
	if (!lock)
		return -ENOMEM;
	ret = queue(lock, t);
	if (ret)
		lock_free(lock);
	return ret;
}

/*
 * Takes the lock for t, which is `current` or blocked in FUTEX_WAIT_REQUEUE_PI, or has it wait; addr is
 * the word's to `current`. QUEUED, TAKEN, CHANGED or -errno.
 */
static int acquire(struct thread *t, u64 addr, const struct futex_key *key, bool wait)
{
	struct futex_lock *lock;
	u32 value;
	int ret;

	if (get_user32(&value, addr))
		return -EFAULT;
	if ((value & FUTEX_TID_MASK) == (u32)t->tid)
		return -EDEADLK;
	lock = lock_find(key);
	if (lock) {
		if (!lock_agrees(lock, value))
			return -EINVAL;
		return wait ? queue(lock, t) : -EAGAIN;
	}
	if (futex_first(key, false))
		return -EINVAL;
	if (!(value & FUTEX_TID_MASK)) {
		ret = store(addr, value, (value & FUTEX_OWNER_DIED) | t->tid);
		return ret ? ret : TAKEN;
	}
	if (!wait)
		return thread_find(value & FUTEX_TID_MASK) ? -EAGAIN : -ESRCH;
	return queue_first(t, addr, key, value);
}

/* `current` has got the lock of a dead owner; the word is still that one's. */
static int claim(struct futex_lock *lock)
{
	u64 addr = current->futex.lock.addr;
	u32 value;
	int ret;

	do {
		preempt_point();
		if (get_user32(&value, addr))
			ret = -EFAULT;
		else
			ret = store(addr, value,
				    current->tid | FUTEX_OWNER_DIED |
					    (pi_first(&lock->pi) ? FUTEX_WAITERS : 0));
	} while (ret == CHANGED && !current->killed);
	current->futex.bereft = NULL;
	lock->bereft = false;
	if (!pi_first(&lock->pi))
		lock_free(lock);
	else if (ret)
		lock_pass_on(lock, true);
	return ret;
}

/* After the wait for a lock, with what thread_block() returned. */
static int settle(int ret)
{
	if (!current->futex.got)
		return ret;
	return current->futex.bereft ? claim(current->futex.bereft) : 0;
}

/* The call shall be done again after the handler of a signal, whatever that one's flags. */
static s64 again(struct regs *regs)
{
	regs->rip -= 2;
	return regs->error;
}

s64 futex_lock_pi(struct regs *regs, u64 addr, bool private, u64 deadline, bool wait)
{
	struct futex_key key;
	int ret;

	for (;;) {
		ret = futex_key(&key, addr, private, VM_WRITE);
		if (ret)
			return ret;
		current->futex.lock = key;
		ret = acquire(current, addr, &key, wait);
		if (ret != CHANGED)
			break;
		if (current->killed)
			return -EINTR;
		preempt_point();
	}
	if (ret != QUEUED)
		return ret == TAKEN ? 0 : ret;
	if (signal_pending()) {
		pi_give_up(current);
		return again(regs);
	}
	ret = settle(thread_block(deadline));
	return ret == -EINTR ? again(regs) : ret;
}

/* Without FUTEX_WAITERS if no more than that one waits. */
static u32 word_of_next(const struct futex_lock *lock)
{
	const struct list *first = lock->pi.waiters.next;

	return pi_first(&lock->pi)->tid | (first->next != &lock->pi.waiters ? FUTEX_WAITERS : 0);
}

s64 futex_unlock_pi(u64 addr, bool private)
{
	struct futex_lock *lock;
	struct futex_key key;
	u32 value;
	int ret;

	for (;;) {
		if (get_user32(&value, addr))
			return -EFAULT;
		if ((value & FUTEX_TID_MASK) != (u32)current->tid)
			return -EPERM;
		ret = futex_key(&key, addr, private, VM_WRITE);
		if (ret)
			return ret;
		lock = lock_find(&key);
		if (lock ? lock->pi.owner != current : futex_first(&key, false) != NULL)
			return -EINVAL;
		ret = store(addr, value, lock ? word_of_next(lock) : 0);
		if (ret != CHANGED)
			break;
		if (current->killed)
			return -EINTR;
		preempt_point();
	}
	if (!ret && lock)
		lock_pass_on(lock, false);
	return ret;
}

/* --- from a condition to its lock ---------------------------------------------------------------- */

s64 futex_wait_requeue_pi(struct regs *regs, u64 addr, u32 value, u64 addr2, bool private,
			  u64 deadline)
{
	struct futex_key key, lock;
	u32 seen;
	int ret;

	if (addr == addr2)
		return -EINVAL;
	ret = futex_key(&lock, addr2, private, VM_WRITE);
	if (ret)
		return ret;
	ret = futex_key(&key, addr, private, VM_READ);
	if (ret)
		return ret;
	if (get_user32(&seen, addr))
		return -EFAULT;
	if (seen != value)
		return -EAGAIN;
	if (futex_key_same(&key, &lock))
		return -EINVAL;
	if (signal_pending())
		return again(regs);
	current->futex.bitset = FUTEX_BITSET_MATCH_ANY;
	current->futex.lock = lock;
	futex_enqueue(current, &key);
	ret = thread_block(deadline);
	if (current->futex.key.addr) {
		futex_dequeue(current);
		return ret == -EINTR ? again(regs) : ret;
	}
	/* The value would not be the expected one, the second time. */
	ret = settle(ret);
	return ret == -EINTR ? -EAGAIN : ret;
}

/* One waiter: as acquire(). */
static int requeue_one(struct thread *t, u64 addr2, const struct futex_key *lock)
{
	int ret;

	if (!futex_key_same(&t->futex.lock, lock))
		return -EINVAL;
	ret = acquire(t, addr2, lock, true);
	if (ret != QUEUED && ret != TAKEN)
		return ret;
	futex_dequeue(t);
	if (ret == TAKEN) {
		t->futex.got = true;
		t->futex.bereft = NULL;
		thread_wake(t, 0);
	}
	return ret;
}

/* In the order of their waking; each stays blocked, for the lock, unless that is free. */
s64 futex_cmp_requeue_pi(u64 addr, u64 addr2, bool private, int wakes, int moves, u32 value)
{
	struct futex_key key, lock;
	struct thread *t;
	int ret, done = 0;
	u32 seen;

	if (addr == addr2 || wakes != 1 || moves < 0)
		return -EINVAL;
	for (;;) {
		ret = futex_key(&key, addr, private, VM_READ);
		if (!ret)
			ret = futex_key(&lock, addr2, private, VM_WRITE);
		if (ret)
			return ret;
		if (futex_key_same(&key, &lock))
			return -EINVAL;
		if (!done) {
			if (get_user32(&seen, addr))
				return -EFAULT;
			if (seen != value)
				return -EAGAIN;
		}
		t = done - wakes < moves ? futex_first(&key, true) : NULL;
		if (!t)
			return done;
		ret = requeue_one(t, addr2, &lock);
		if (ret < 0)
			return ret;
		if (ret != CHANGED)
			done++;
		else if (current->killed)
			return -EINTR;
		else
			preempt_point();
	}
}

/* --- death --------------------------------------------------------------------------------------- */

void futex_pi_release(void)
{
	while (!list_empty(&current->pi_owned)) {
		struct pi_lock *pi = list_entry(current->pi_owned.next, struct pi_lock, owned);

		lock_pass_on(container_of(pi, struct futex_lock, pi), true);
	}
}
