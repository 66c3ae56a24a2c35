/* SPDX-License-Identifier: MIT */
/*
 * Threads, and the preemptive fixed-priority scheduler.
 *
 * Priority 0 (SCHED_OTHER, round robin among themselves) to 99; a higher number runs first. FIFO threads
 * run until they block, RR threads share their priority in slices.
 */
#ifndef RTOS_THREAD_H
#define RTOS_THREAD_H

#include "futex.h"
#include "list.h"
#include "signals.h"
#include "timer.h"
#include "trap.h"
#include "types.h"

struct pi_lock;
struct process;

#define SCHED_OTHER	0
#define SCHED_FIFO	1
#define SCHED_RR	2
#define SCHED_BATCH	3
#define SCHED_IDLE	5
#define PRIORITY_MAX	99

enum thread_state {
	THREAD_NEW,
	THREAD_READY,		/* running, or in the run queue */
	THREAD_BLOCKED,
	THREAD_DEAD,
};

struct thread {
	u64 ksp;			/* saved kernel stack pointer */
	u64 kstack_top;
	u64 fs_base, gs_base;		/* valid while not running */
	void *xsave;			/* user FPU/SSE/AVX state while not running */
	enum thread_state state;
	int policy;			/* SCHED_BATCH and SCHED_IDLE are as SCHED_OTHER */
	bool reset_on_fork;		/* what it makes is not real-time */
	int priority;			/* its own */
	int inherited;			/* from those who wait for its locks, or 0 */
	int effective;			/* the higher of the two */
	struct pi_lock *pi_waits;	/* what it is blocked for, or NULL */
	struct list pi_link;		/* in that one's waiters */
	struct list pi_owned;		/* by pi_lock.owned */
	u64 slice_end;			/* monotonic ns; 0: nobody waits for this one's slice to end */
	u64 slice_left;			/* ns, of a slice that a higher priority interrupted */
	struct list run_link;		/* empty unless in the run queue */
	struct timer sleep;
	int wake_result;
	u64 cpu_ticks;			/* TSC; not those since it was last charged */

	/* Owned by the process layer (process.h). */
	struct process *process;
	struct list process_link;
	struct list user_link;		/* in the list of all user threads */
	unsigned int slot;
	s32 tid;
	union {
		struct {
			bool killed;	/* ends at the next return to user mode */
			bool attention;	/* signal_deliver() may have something to do then */
		};
		u16 leave_work;		/* any of them */
	};
	u64 clear_child_tid;
	u64 robust_list;
	u64 sigmask;
	u32 scf_seq;			/* last request sent */
	bool scf_waiting;		/* blocked for an answer */
	struct list futex_link;
	struct futex_wait futex;
	u64 altstack_sp, altstack_size;
	u32 altstack_flags;
	struct thread_signals signals;
	bool frozen;			/* waits in process_wait_frozen() */
	bool scf_own;			/* its remote call is the RTOS's own, and no signal ends it */
	bool scf_patient;		/* and it is waited for even when the thread is killed */
	union {				/* what its shadow is told before the next remote call */
		struct {
			bool mask_untold;	/* the shadow may block others of SIGNALS_OF_TERMINALS */
			bool robust_untold;	/* and know another list */
		};
		u16 untold;
	};
	struct fork *fork;		/* waits for its child to begin */
	struct process *vfork_child;	/* waits until this one needs its memory no more */
};

extern struct thread *current;

static inline bool policy_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

void sched_init(void);

/*
 * A new thread, not yet ready: it will enter user mode with *regs. NULL: no memory. FPU state is the
 * initial one, or a copy of that of `fpu_from`, which must be `current`.
 */
struct thread *thread_create_user(const struct regs *regs, struct process *process,
				  const struct thread *fpu_from);
/* A thread that runs fn(arg) in the kernel; it may return. */
struct thread *thread_create_kernel(void (*fn)(void *arg), void *arg, int priority);
/* Frees a thread that was never made ready. */
void thread_free(struct thread *thread);

/* THREAD_NEW or THREAD_BLOCKED to THREAD_READY; a higher priority preempts at the end of this entry. */
void thread_ready(struct thread *thread);

/*
 * Blocks `current` until thread_wake() or the deadline (monotonic ns, TIME_NEVER). Returns the wake
 * result, -ETIMEDOUT, or -EINTR at once or later if current->killed, but for a thread that is patient; it waits
 * for no lock (pi.h) any more. No wake-up is lost between the caller's test and this call, since the kernel runs
 * with interrupts off.
 */
int thread_block(u64 deadline);
/* Harmless unless the thread is blocked. */
void thread_wake(struct thread *thread, int result);
/* Marks it killed and wakes it; it ends when it would next return to user mode. */
void thread_kill(struct thread *thread);
/*
 * The user thread of this number that has not told that it ends, or NULL. In its own process, if there is
 * one: programs in containers of Linux may have the same numbers.
 */
struct thread *thread_find(s32 tid);
/* Ends `current`; its memory is freed by whoever runs next. */
_Noreturn void thread_exit(void);

/*
 * As on Linux: to the tail of the new priority, or to its head when that is lower than the old one. What
 * it inherits stays.
 */
void thread_set_policy(struct thread *thread, int policy, int priority);
/* A thread that `current` has made gets its policy from it. */
void thread_policy_of_maker(struct thread *thread);
/* What it inherits (pi.h), with the same effect on its place; policy and slice stay. */
void thread_inherit(struct thread *thread, int priority);
void sched_yield(void);
/* Length of a slice of this policy in ns; 0: it has none. */
u64 sched_slice(int policy);
/*
 * In long kernel paths: lets interrupts and higher-priority threads in. Does nothing in interrupt
 * context.
 */
void preempt_point(void);

/* Processor time in ns, in user mode and here, but not while it is blocked. */
u64 thread_cpu_ns(const struct thread *thread);
u64 process_cpu_ns(const struct process *process);

/* Registers with which `thread` entered the kernel. */
static inline struct regs *thread_regs(const struct thread *thread)
{
	return (struct regs *)thread->kstack_top - 1;
}

void thread_set_fs_base(struct thread *thread, u64 base);
void thread_set_gs_base(struct thread *thread, u64 base);
u64 thread_fs_base(const struct thread *thread);
u64 thread_gs_base(const struct thread *thread);

/*
 * User FPU state of `current`, in XSAVE's standard format. Save brings current->xsave up to date; load
 * takes what is there, made acceptable to XRSTOR whatever it was; reset gives the initial state.
 */
u32 thread_fpu_bytes(void);
void thread_fpu_save(void);
void thread_fpu_load(void);
void thread_fpu_reset(void);

#endif
