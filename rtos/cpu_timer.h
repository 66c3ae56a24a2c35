/* SPDX-License-Identifier: MIT */
/*
 * Timers on processor time. Those of a process that are armed are in a list; whenever one of its threads
 * begins to run, one timer of real time is armed for the first of them, and stopped when it does not run
 * any more. So they cost others one look at an empty list, and there may only be few of them.
 */
#ifndef RTOS_CPU_TIMER_H
#define RTOS_CPU_TIMER_H

#include "types.h"

struct posix_timer;
struct process;

#define CPU_TIMERS_MAX	16	/* of one process */

/* The clock of a timer, in ns. */
u64 cpu_timer_clock(const struct posix_timer *t);
/* t->timer.fn is called, in interrupt context, when its clock has come to t->expires. */
void cpu_timer_start(struct posix_timer *t);
void cpu_timer_stop(struct posix_timer *t);

/* --- called where threads are switched ------------------------------------------------------------ */

/* `current` runs from now on. */
void cpu_timers_run(void);
void cpu_timers_pause(void);

#endif
