/* SPDX-License-Identifier: MIT */
/* Between the scheduler (sched.c: who runs) and the threads (thread.c: how). */
#ifndef RTOS_SCHEDULER_H
#define RTOS_SCHEDULER_H

#include "thread.h"

/* Something may have to run instead of `current`: look before returning to user mode. */
extern bool sched_pending;

/* What boots becomes the thread that runs when all others are gone. */
extern struct thread sched_boot_thread;

/* Gives way if another thread's turn has come. */
void sched_preempt(void);
/* `current` is blocked or dead, or is the boot thread: runs others. Returns when it is its turn. */
void sched_switch(void);

/* --- thread.c --------------------------------------------------------------------------------- */

/* From prev, which was `current`, to next, which is; returns when prev runs again. */
void thread_switch(struct thread *prev, struct thread *next);
/* Waits for an interrupt. */
void thread_idle(void);

#endif
