/* SPDX-License-Identifier: MIT */
/*
 * Time and one-shot timers with nanosecond resolution.
 *
 * Monotonic time is that of Linux's CLOCK_MONOTONIC at the start of the partition, continued by the TSC.
 */
#ifndef RTOS_TIMER_H
#define RTOS_TIMER_H

#include "types.h"

#define NSEC_PER_SEC	1000000000ull
#define TIME_NEVER	UINT64_MAX

struct timer {
	struct timer *parent, *left, *right;
	u64 order;		/* of arming: equal times expire in it; 0: not armed */
	u64 expires;		/* monotonic ns */
	void (*fn)(struct timer *timer);	/* interrupt context: must not block */
};

void time_init(void);
u64 time_monotonic(void);	/* ns; never goes back */
u64 time_realtime(void);	/* ns since 1970, Linux's clock as of its last update */

void timer_init(struct timer *timer, void (*fn)(struct timer *timer));
/* Arms, or re-arms. A time in the past fires at once, from the timer interrupt. */
void timer_start(struct timer *timer, u64 expires);
static inline bool timer_armed(const struct timer *timer)
{
	return timer->order != 0;
}

/* After this the function will not be called. Harmless on an idle timer. */
void timer_stop(struct timer *timer);

/* --- inside the core ---------------------------------------------------------------------------- */

/* CRTOS_VECTOR_TIMER. */
void timer_interrupt(void);
/* Has the local APIC interrupt at that time, or at once if it is past; returns which. May be early. */
u64 clock_set_event(u64 expires);
u64 clock_tsc_to_ns(u64 tsc);

#endif
