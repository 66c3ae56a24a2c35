/* SPDX-License-Identifier: MIT */
/*
 * Signals, as on Linux: what is pending for whom, which thread takes it, and what becomes of it. Dispositions
 * are told to the shadow; what Linux has for the program comes by signal_from_linux().
 *
 * A signal is queued, a thread that may take it gets `attention`, and is woken if it sleeps. It takes
 * its signals when it next leaves the kernel, whatever brought it there: see trap_finish().
 */
#ifndef RTOS_SIGNALS_H
#define RTOS_SIGNALS_H

#include <crtos/assert.h>

#include "posix_timer.h"
#include "siginfo.h"
#include "sigqueue.h"
#include "types.h"

struct process;
struct regs;
struct thread;

/* Pending entries of one process, timers among them: the highest RLIMIT_SIGPENDING. */
#define SIGNAL_QUEUE_MAX	1024

#define SIGNALS_UNBLOCKABLE	(SIGNAL_BIT(9) | SIGNAL_BIT(19))	/* SIGKILL, SIGSTOP */

/* SIGTTIN, SIGTTOU: a terminal looks whether a process that uses it blocks them. So the shadow blocks them too. */
#define SIGNALS_OF_TERMINALS	(SIGNAL_BIT(21) | SIGNAL_BIT(22))

/* struct sigaction of the x86-64 kernel. */
struct signal_action {
	u64 handler;
	u64 flags;
	u64 restorer;
	u64 mask;
};

/* Of a process; all zero is what a new one has. */
struct signals {
	struct signal_action action[SIGNALS];	/* of signal i + 1 */
	struct sigqueue pending;
	u64 told;		/* what the shadow ignores */
	u32 queued;		/* entries in queues, and timers */
	u32 withheld;		/* of SIGNAL_QUEUE_MAX, by RLIMIT_SIGPENDING */
	u32 uid;		/* real user, for si_uid */
	struct posix_timers timers;
	struct posix_timer itimer[3];	/* ITIMER_REAL, _VIRTUAL, _PROF; in use if it has a process */
	int fatal;		/* it ends by that signal as soon as a thread leaves the kernel */
	u32 fatal_slot;		/* of the thread that would take it */
};
CRTOS_ASSERT(sizeof(struct signals) <= PAGE_SIZE);

/* Of a thread; all zero is what a new one has. Its mask is thread.sigmask. */
struct thread_signals {
	struct sigqueue pending;
	u64 saved_mask;			/* to have again after the call, if mask_saved */
	bool mask_saved;
	u64 real_mask;			/* while rt_sigtimedwait has unblocked what it waits for */
	u64 reads;			/* while it waits for them to read them from a signalfd */
	u64 fault_vector, fault_error, fault_addr;	/* of its last exception */
	s64 (*restart)(struct regs *regs);	/* what restart_syscall does; NULL: nothing */
	u64 restart_deadline;
};

/* --- sending; from any context ------------------------------------------------------------------- */

/*
 * Sends to a thread, or with NULL to the process: to one of its threads that does not block it, the first
 * thread before all others. 0; -EAGAIN if there are too many already (never below SIGNAL_RT_MIN for
 * what comes from kill() or the kernel). What is ignored is sent, and gone.
 */
int signal_send(struct process *p, struct thread *thread, const struct signal_info *info);
/*
 * The same with an entry of its own (a timer's), which is in no queue. False: the signal is ignored, and
 * the entry still in no queue.
 */
bool signal_send_entry(struct process *p, struct thread *thread, struct sigentry *entry);
/* One has been queued: readers of a signalfd, here and on Linux, look. By signal_send() itself. */
void signalfd_notify(struct process *p, const struct thread *thread, int sig);
/* A signal that came to the shadow. */
void signal_from_linux(struct process *p, struct thread *thread, const struct signal_info *info);

/* --- of `current` -------------------------------------------------------------------------------- */

/* A signal could be delivered now: a call that would block gives -EINTR or one of the codes of sys.h. */
bool signal_pending(void);
/* On the way to user mode, when current->attention: clears it. May block, may not return. */
void signal_deliver(struct regs *regs);
/*
 * Delivers the signal of an exception. False if it is not caught, or blocked: the process must die. Goes on
 * with SIGSEGV if the frame cannot be written.
 */
bool signal_fault(struct regs *regs, const struct signal_info *info);
/* rt_sigreturn: the value for rax. */
s64 signal_return(struct regs *regs);
/* SIGKILL and SIGSTOP are left out. */
void signal_set_mask(u64 mask);
/*
 * The mask for the duration of one system call, as of sigsuspend() and ppoll(). It ends when the call
 * returns to user mode, if it was interrupted after the signals were delivered that it let in.
 */
void signal_set_call_mask(u64 mask);
/* The lowest of a set that is pending, whether blocked or not; 0: none. */
int signal_take(u64 set, struct signal_info *info);

/* --- dispositions and lives ---------------------------------------------------------------------- */

/* After a disposition was changed: what is ignored now is no longer pending. */
void signal_action_changed(struct process *p, int sig);
/* Dispositions after exec; may block. */
void signal_exec(struct process *p);
/* What the first program finds ignored, and `current` blocked. */
void signal_inherit(struct process *p, u64 ignored, u64 blocked);
/* A new process has the dispositions of its parent, and nothing pending. */
void signal_fork(struct process *child, const struct process *parent);
/* `current` leaves its process: what it could have taken is for others. */
void signal_thread_leaves(void);
/* Frees what is pending when no thread is left. */
void signal_end(struct process *p);

#endif
