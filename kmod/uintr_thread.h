/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_THREAD_H
#define _CRTOS_UINTR_THREAD_H

#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/types.h>
#include <linux/user-return-notifier.h>

#include "uintr_eintr.h"

struct crtos_process;
struct crtos_uintr_cpu;
struct crtos_uitt;
struct crtos_upid_slot;

#define CRTOS_RED_ZONE	128	/* bytes below RSP that the x86-64 ABI gives to leaf functions */

/*
 * What the module knows of one thread. Made by the thread itself, found through its preempt
 * notifiers, ended in its exec or exit. Fields are changed by the thread alone unless said
 * otherwise.
 */
struct crtos_thread {
	struct preempt_notifier notifier;
	struct task_struct *task;

	/* UINTR state. While `loaded` the CPU holds rr and uif. */
	bool loaded;
	bool armed;		/* waiting: not loaded when switched in (uintr_wait.c) */
	bool parked;		/* blocked and switched out, to be woken (uintr_wait.c) */
	bool wakeful;		/* parks when it blocks (CRTOS_WAITING_*) */
	bool uif;
	u64 rr;
	u64 handler;
	u64 stack_adjust;
	struct crtos_upid_slot *upid;	/* NULL: not a receiver */
	struct crtos_uitt *uitt;	/* NULL: not a sender */
	struct crtos_eintr eintr;
	struct user_return_notifier user_return;	/* uintr_state.c */

	/* Under the lock of wait_cpu, which moves the thread when it goes offline. */
	struct list_head wait_link;
	struct crtos_uintr_cpu *wait_cpu;
	bool woken;
	bool sleeping;			/* may be poked */

	/* The shadow's part (process.c). */
	struct crtos_process *process;
	unsigned int slot;
	bool request;			/* `ipi`: a request was signalled; set by the interrupt */
};

int crtos_thread_init(void);
void crtos_thread_exit(void);
unsigned int crtos_thread_receivers(void);

struct crtos_thread *crtos_thread_current(void);
struct crtos_thread *crtos_thread_get_current(void);
void crtos_thread_trim(struct crtos_thread *thread);

void crtos_thread_load(struct crtos_thread *thread);
void crtos_thread_unload(struct crtos_thread *thread);
void crtos_thread_fold(struct crtos_thread *thread);

void crtos_thread_set_receiver(struct crtos_thread *thread, struct crtos_upid_slot *upid,
			       u64 handler, bool wakeful);
void crtos_thread_drop_receiver(struct crtos_thread *thread);
void crtos_thread_set_stack(struct crtos_thread *thread, u64 stack_adjust);
void crtos_thread_set_uitt(struct crtos_thread *thread, struct crtos_uitt *uitt);

#endif
