/* SPDX-License-Identifier: MIT */
/*
 * Handlers of system calls that are done here, wholly or in part. Each gets the registers of its thread,
 * returns the result or -errno, and may block. The table is syscalls.def.
 */
#ifndef RTOS_SYS_H
#define RTOS_SYS_H

#include "trap.h"
#include "types.h"

#define arg0(regs) ((regs)->rdi)
#define arg1(regs) ((regs)->rsi)
#define arg2(regs) ((regs)->rdx)
#define arg3(regs) ((regs)->r10)
#define arg4(regs) ((regs)->r8)
#define arg5(regs) ((regs)->r9)

/*
 * Results of calls that were interrupted by a signal; never seen by programs. If a handler is called the
 * result becomes EINTR, but with ERESTARTSYS the call is made again if that handler has SA_RESTART, and
 * with ERESTARTNOINTR in any case. If none is called, because nothing was there to be delivered
 * after all, or it stopped the process, all are made again: from the start, or as sys_restart() says.
 */
#define ERESTARTSYS		512
#define ERESTARTNOINTR		513
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

static inline bool sys_restarts(u64 result)
{
	return result + ERESTART_RESTARTBLOCK <= ERESTART_RESTARTBLOCK - ERESTARTSYS;
}

typedef s64 syscall_fn(struct regs *regs);

/* All handlers of the table; some have several rows. */
#define SYSCALL_FN_REALTIME(what) syscall_fn what;
#define SYSCALL_FN_DUAL(what) syscall_fn what;
#define SYSCALL_FN_REMOTE(what)
#define SYSCALL_FN_REFUSED(what)
#define SYSCALL(nr, name, class, what, pointers) SYSCALL_FN_##class(what)
#include "syscalls.def"
#undef SYSCALL

/* The call as it is, by the shadow. */
s64 sys_remote(struct regs *regs);
/* The same if it has pointers: one bit for each argument that is one. */
s64 sys_remote_pointers(struct regs *regs, u32 pointers);

/* A struct timespec as ns (at most 2^63 - 1): -EFAULT, or -EINVAL if it is not a proper time. */
int sys_get_timespec(u64 addr, u64 *ns);
int sys_put_timespec(u64 addr, u64 ns);
/* Monotonic deadlines: `ns` from now, and a moment of the real-time clock. */
u64 sys_deadline_after(u64 ns);
u64 sys_deadline_realtime(u64 ns);

/*
 * A wait with a time-out of its own was interrupted: restart_syscall calls fn, with the registers that the
 * call had and the deadline in current->signals.restart_deadline. For a handler to return.
 */
s64 sys_restart(syscall_fn *fn, u64 deadline);

/*
 * What a clock id that may be one of processor time means: 0, and the thread, or 0 for the process;
 * -EINVAL; -ESRCH: another process's.
 */
int sys_cpu_clock(s32 id, s32 *tid);

/* Whether a pointer is to the program's range, or NULL. */
bool sys_user_pointer(u64 addr);
/* Whether the shadow may not be given it, for it could be to its own memory. Linux itself judges all others. */
bool sys_shadow_pointer(u64 addr);

#endif
