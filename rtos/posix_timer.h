/* SPDX-License-Identifier: MIT */
/*
 * Timers that send signals: timer_create(), and the process's ITIMER_REAL.
 *
 * A periodic one is not armed again before its signal was taken: what has expired meanwhile is its overrun.
 * So a short period costs only the program that asked for it. One whose signal is ignored goes on,
 * but not faster than POSIX_TIMER_IDLE_NS.
 */
#ifndef RTOS_POSIX_TIMER_H
#define RTOS_POSIX_TIMER_H

#include "sigqueue.h"
#include "timer.h"

struct process;

#define POSIX_TIMERS_MAX	(PAGE_SIZE / sizeof(void *))
#define POSIX_TIMER_IDLE_NS	1000000ull
/* How often a timer on a clock that can be set looks whether it was. */
#define POSIX_TIMER_LOOK_NS	NSEC_PER_SEC

struct posix_timer {
	struct timer timer;
	struct sigentry entry;
	struct process *process;
	s32 tid;			/* thread that gets the signal; 0: the process */
	bool silent;			/* SIGEV_NONE */
	bool settable;			/* its clock is that of real time */
	bool on_cpu;			/* it is that of processor time, of a thread or of the process */
	s32 cpu_tid;			/* 0: of the process */
	struct posix_timer *cpu_next;	/* cpu_timer.c */
	bool absolute;			/* what it was set to moves with the clock */
	bool due;			/* its signal is on the way, and then it is armed again */
	u64 expires;			/* on its clock, or monotonic unless that matters; 0: never */
	u64 interval;
	u64 overrun;			/* since the last signal that was taken */
	s32 overrun_last;		/* up to that one */
};

/* Those of a process; all zero has none. */
struct posix_timers {
	struct posix_timer **table;	/* by id, POSIX_TIMERS_MAX; NULL: none was ever made */
	u32 next;			/* where the search for an id begins */
	u32 on_cpu;			/* how many are */
};

/* What is left to set are entry.info, tid, silent, settable, cpu_tid. */
void posix_timer_init(struct posix_timer *t, struct process *p, bool on_cpu);
/*
 * Expires after `value` ns, or at that time of its clock, and then every `interval` ns if that is not 0. A
 * value of 0 disarms it. A signal that is pending stays so.
 */
void posix_timer_set(struct posix_timer *t, u64 value, u64 interval, bool absolute);
/* What is left, 0 if it is not armed; *interval is 0 then unless it has one. */
u64 posix_timer_left(struct posix_timer *t, u64 *interval);
/* Disarms it and takes its signal back. */
void posix_timer_stop(struct posix_timer *t);

/* A new timer with its id, or -EAGAIN. */
int posix_timer_new(struct process *p, bool on_cpu, struct posix_timer **timer);
/* NULL: there is none of that id. */
struct posix_timer *posix_timer_find(const struct process *p, u32 id);
void posix_timer_delete(struct process *p, u32 id);
void posix_timer_delete_all(struct process *p);

#endif
