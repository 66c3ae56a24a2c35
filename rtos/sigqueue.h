/* SPDX-License-Identifier: MIT */
/*
 * Pending signals of a process or of a thread. Each signal has a ring of entries of its own, in the order
 * they were sent, so that adding and taking one takes the same time however many there are. A queue that
 * is all zero is empty.
 */
#ifndef RTOS_SIGQUEUE_H
#define RTOS_SIGQUEUE_H

#include <linux/types.h>

#include "siginfo.h"

struct sigentry {
	struct sigentry *next, *prev;	/* NULL: in no queue */
	/*
	 * Of an entry that belongs to somebody (a timer): called when it has left its queue, with the
	 * information that is about to be delivered, or NULL if the signal was discarded. NULL: it
	 * was made by sigqueue_add() and is freed.
	 */
	void (*left)(struct sigentry *entry, struct signal_info *info);
	struct signal_info info;
};

struct sigqueue {
	u64 set;
	__u64 *shown;			/* where Linux finds the set, or NULL */
	struct sigentry *last[SIGNALS];	/* of signal i + 1; its `next` is the first */
};

/*
 * Queues a copy and counts it in *count. A signal below SIGNAL_RT_MIN that is pending is left as it is. When
 * *count has come to `max`, or there is no memory, then as on Linux: what the kernel itself or kill() sends
 * below SIGNAL_RT_MIN knows no limit; of a real-time signal with information nothing is kept, -EAGAIN;
 * of the others only that there was one.
 */
int sigqueue_add(struct sigqueue *q, const struct signal_info *info, u32 *count, u32 max);
/* The same with an entry that is somebody's and is in no queue. False: such a signal is pending. */
bool sigqueue_add_entry(struct sigqueue *q, struct sigentry *entry);
/* Takes the oldest of a signal that is pending; what was not kept is told as SI_USER of nobody. */
void sigqueue_take(struct sigqueue *q, int sig, struct signal_info *info, u32 *count);
/* Takes an entry out of q, if it is in a queue, without calling left(). */
void sigqueue_remove(struct sigqueue *q, struct sigentry *entry);
/* From now on its set is shown there. */
void sigqueue_show(struct sigqueue *q, __u64 *at);
/* Discards signals of a set, at most `max` entries; how many. All of the set are gone if fewer than max. */
u32 sigqueue_discard(struct sigqueue *q, u64 set, u32 *count, u32 max);

#endif
