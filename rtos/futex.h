/* SPDX-License-Identifier: MIT */
/*
 * Futexes. A private one is known by its process and the address of its word; one that is not, by the
 * frame with the word too, as processes may have that in common. A frame counts only while the waiter has
 * it mapped where it waits: later it may be anybody's.
 *
 * Waiters of one word are woken in the order of their own priority, then of their arrival; those of a lock
 * with priority inheritance (FUTEX_LOCK_PI) in that of the priority they run at. Their locks are
 * known here only while somebody waits.
 */
#ifndef RTOS_FUTEX_H
#define RTOS_FUTEX_H

#include "list.h"
#include "types.h"

struct futex_lock;
struct process;
struct regs;
struct thread;

struct futex_key {
	const struct process *process;
	u64 addr;			/* of the word, there; 0: none */
	u64 frame;			/* 0: private */
};

/* What a thread waits for, in struct thread. In a bucket it is linked by thread.futex_link. */
struct futex_wait {
	struct futex_key key;		/* of the word; none: it was woken, or waits for a lock */
	int priority;			/* the waiter's own when it began */
	u32 bitset;
	struct futex_key lock;		/* the lock with priority inheritance it waits for, or wants next */
	bool got;			/* it has the lock now... */
	struct futex_lock *bereft;	/* ...after a dead owner, and must tell so by the word */
	bool closed;			/* the thread ends, and takes no lock that would outlive it */
};

/*
 * The word of clear_child_tid in the current process: wakes up to `count` waiters. Their number, or a
 * negative errno. In a file that Linux shares it is a remote call.
 */
int futex_wake_addr(u64 addr, int count);
/*
 * Tells Linux of the list of robust locks that `current` has: those in files that Linux shares are handed over
 * by Linux when the shadow is killed.
 */
void futex_tell_robust(void);
/*
 * What `current` holds, in its robust list and of locks with waiters, goes to the next owner, who is told
 * that the last one died. For exec, and for the end of the thread, which can be told more than once.
 */
void futex_exec(void);
void futex_exit(void);

/* --- between futex.c and futex_pi.c -------------------------------------------------------------- */

/* `need`: VM_READ or VM_WRITE, which a word that is not private must allow. 0 or -errno. */
int futex_key(struct futex_key *key, u64 addr, bool private, u32 need);
/* A waiter's key, and one of a word as it is now. */
bool futex_key_same(const struct futex_key *waiter, const struct futex_key *key);
/* A number of those less than `buckets`; that of all keys that are the same is too. */
unsigned int futex_hash(const struct futex_key *key, unsigned int buckets);
/*
 * The first of those in the bucket who wait for this word, or NULL; `asleep`: who has not been woken by
 * anything else, and on its way out of the bucket, meanwhile.
 */
struct thread *futex_first(const struct futex_key *key, bool asleep);
void futex_enqueue(struct thread *t, const struct futex_key *key);
/* Ends a thread's wait in a bucket. */
void futex_dequeue(struct thread *t);

/* Somebody waits there for a lock with inheritance. */
bool futex_pi_waited(const struct futex_key *key);
/* The operations, as in futex(2). `wait` false: FUTEX_TRYLOCK_PI. */
s64 futex_lock_pi(struct regs *regs, u64 addr, bool private, u64 deadline, bool wait);
s64 futex_unlock_pi(u64 addr, bool private);
s64 futex_wait_requeue_pi(struct regs *regs, u64 addr, u32 value, u64 addr2, bool private,
			  u64 deadline);
s64 futex_cmp_requeue_pi(u64 addr, u64 addr2, bool private, int wakes, int moves, u32 value);
/* Hands over all that `current` holds and others wait for. */
void futex_pi_release(void);

#endif
