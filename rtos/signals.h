/* SPDX-License-Identifier: MIT */
/*
 * Signals that the RTOS delivers itself: those of exceptions, and those that a program sends to itself
 * (raise, pthread_kill, abort). Dispositions are told to the shadow, so that signals from Linux have the
 * effect of SIG_DFL and SIG_IGN there.
 *
 * A signal is delivered when its thread leaves the kernel: after a system call, from an exception, or,
 * as there is one core and the thread therefore is not running, at once if it was interrupted in user
 * mode.
 */
#ifndef RTOS_SIGNALS_H
#define RTOS_SIGNALS_H

#include <crtos/scf.h>

#include "types.h"

struct process;
struct regs;
struct thread;

#define SIGNALS		64
#define SIGNAL_BIT(sig)	(1ull << ((sig) - 1))

/* struct sigaction of the x86-64 kernel. */
struct signal_action {
	u64 handler;
	u64 flags;
	u64 restorer;
	u64 mask;
};

struct signals {
	struct signal_action action[SIGNALS];	/* of signal i + 1 */
	u64 pending;				/* of the process */
	u64 thread_pending[CRTOS_SCF_SLOTS];
	u64 wanted[CRTOS_SCF_SLOTS];		/* awaited by rt_sigtimedwait */
	u64 saved_mask[CRTOS_SCF_SLOTS];	/* of rt_sigsuspend, while has_saved_mask */
	u64 has_saved_mask;			/* one bit per slot */
};
CRTOS_ASSERT(sizeof(struct signals) <= PAGE_SIZE);

/* True if signal_deliver() may have something to do. */
bool signal_attention(void);
/* A signal that could be delivered to `current` now: a system call that would block gives -EINTR. */
bool signal_pending(void);
/*
 * Sends a signal within the process: to `thread`, or NULL: to any thread that does not block it. False:
 * nothing here catches, blocks or awaits it, so it is Linux's to send.
 */
bool signal_send(struct process *p, struct thread *thread, int sig);
/* On the way out of a system call of `current`, whose result is in regs->rax. */
void signal_deliver(struct regs *regs);
/* Restores what signal_deliver() or signal_fault() left on the stack; the value for rax. */
s64 signal_return(struct regs *regs);
/*
 * Delivers the signal of an exception to its handler. False if there is none, the signal is blocked or
 * the frame cannot be written: the process must die.
 */
bool signal_fault(struct regs *regs, int sig, int code, u64 addr);
/* A new process has the dispositions of its parent, and nothing pending. */
void signal_fork(struct process *child, const struct process *parent);
/* Dispositions after exec; may block. */
void signal_exec(struct process *p);

#endif
