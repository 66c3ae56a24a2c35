/* SPDX-License-Identifier: MIT */
/*
 * Processes: what the core of the RTOS calls in the process layer, and the process itself.
 */
#ifndef RTOS_PROCESS_H
#define RTOS_PROCESS_H

#include <crtos/boot.h>
#include <crtos/scf.h>

#include "list.h"
#include "mm.h"
#include "mutex.h"
#include "signals.h"
#include "thread.h"
#include "vm.h"

enum slot_state {
	SLOT_UNUSED = 0,
	SLOT_LIVE,		/* a thread of ours has it, or is being made */
	SLOT_FREE,		/* its thread ended and its shadow was told so */
	SLOT_LOST,		/* its thread was killed in a remote call: not used again */
};

struct process {
	unsigned int index;		/* in crtos_control.proc and of its reverse vector */
	struct crtos_proc *ctl;
	struct crtos_scf_header *scf;
	struct mm *mm;
	struct list threads;
	unsigned int thread_count;
	struct thread *slot[CRTOS_SCF_SLOTS];
	s32 pid;
	bool exiting;			/* no thread goes back to user mode, none is made */
	bool closed;			/* Linux is gone, or must not be trusted: nothing is sent */
	bool started;			/* the first image runs */
	char comm[16];

	u32 notifier;			/* enum crtos_notifier */
	u32 spin;			/* looks before a remote call blocks */
	u32 reverse_upid;
	struct crtos_uitt_entry *uitt;
	u64 spurious;			/* reverse bits that nobody waited for */
	u32 excess;			/* of them, those beyond one per answer */
	u8 slot_state[CRTOS_SCF_SLOTS];	/* enum slot_state */
	u32 slot_seq[CRTOS_SCF_SLOTS];	/* last request of the slot's last thread */
	u32 slot_answered[CRTOS_SCF_SLOTS];	/* last response.seq that was accepted */
	u32 slot_spurious[CRTOS_SCF_SLOTS];	/* the same when a spurious bit came last */
	unsigned int slot_next;		/* where the search for a slot begins */

	struct thread *lonely;		/* in exec, waits for the other threads to end */
	struct posix_timer *cpu_timers;	/* armed */
	u64 cpu_ticks;			/* TSC; of all its threads, as in struct thread */
	u64 stack_limit;		/* RLIMIT_STACK */
	struct signals *signals;
	struct mutex freeze;		/* its owner is the only one that may run in user mode */
	bool stopped;			/* by Linux: none may */
	struct thread *vfork_parent;	/* waits for us, and lends its memory */
};

/* Once, before Linux may ask for processes. */
void process_init(void);

/* --- called by the core (interrupt context, must not block) ----------------------------------- */

/* CRTOS_VECTOR_CONTROL: compares every process entry with what is known and acts on differences. */
void process_control_changed(void);
/* CRTOS_VECTOR_REVERSE + index. */
void process_reverse_interrupt(unsigned int index);

/* --- called by the core on behalf of `current`, a user thread; may block ---------------------- */

/* SYSCALL instruction: number in regs->error; the result goes to regs->rax. */
void syscall_dispatch(struct regs *regs);
/* An exception in user mode (cr2 for #PF). Returns if the program may go on. */
void user_exception(struct regs *regs, u64 cr2);
/* `current` is killed and would return to user mode. */
_Noreturn void user_thread_killed(void);

/* --- inside the process layer ------------------------------------------------------------------ */

/* Ends it for a fault of Linux's side, or for want of memory: no message is sent to the shadow. */
void process_end(struct process *p, u32 reason);
/* Ends it as the program wished or deserved: CRTOS_OP_EXIT_GROUP code, CRTOS_OP_DIE signal. */
_Noreturn void process_exit(u32 op, u64 value);
_Noreturn void process_exit_args(u32 op, u64 arg0, u64 arg1, u64 arg2);
/* Ends it by a signal that the thread of that slot takes, with a core file if the signal makes one (dump.c). */
_Noreturn void process_die(const struct signal_info *info, u32 slot);
/* Ends `current`; the process too if it is the last thread. */
_Noreturn void process_exit_thread(int code);
/* Kills all threads but `current` and waits for their end. 0 or -EINTR. */
int process_kill_others(struct process *p);
struct thread *process_find_thread(const struct process *p, s32 tid);
/* `current` takes a signal whose action is to stop the process; returns when it goes on. */
void process_stop(int sig);
/*
 * From freeze to thaw no other thread of the process gets to user mode: each waits where it would, in
 * process_wait_frozen(), and the one that froze them inherits their priority. May block, for others do
 * the same. While Linux has stopped the process none gets there.
 */
void process_freeze(void);
void process_thaw(void);
void process_wait_frozen(void);
/* A thread that begins does so frozen if others are. */
void process_adopt_thread(struct process *p, struct thread *t);
/* NULL: nobody has frozen the others. */
static inline struct thread *process_freezer(const struct process *p)
{
	return p->freeze.lock.owner;
}

/*
 * Queues what came from Linux, and stops or continues; also called where it matters that a signal came before an
 * answer.
 */
void process_take_signals(struct process *p);
/* By its index in the partition; NULL: there is none. */
struct process *process_find(unsigned int index);

/*
 * A process in the making: alloc gives one without memory and threads, open what belongs to its entry
 * (0, -ENOMEM or -EINVAL), begin makes it one that exists, with a first thread that is still to be made ready.
 * process_free() also frees what a part of this has made, but not the thread.
 */
struct process *process_alloc(void);
int process_open(struct process *p, unsigned int index);
void process_begin(struct process *p, struct thread *first);
void process_free(struct process *p);

/* Runs the program that Linux named for a new process, or reports why not and exits. */
void exec_first(struct regs *regs);

#endif
