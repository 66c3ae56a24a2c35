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
 * Result of a handler that was interrupted by a signal and may be done again from the start, if the
 * handler of that signal has SA_RESTART; never seen by programs.
 */
#define ERESTARTSYS	512

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

/* A struct timespec as ns (at most 2^63 - 1): -EFAULT, or -EINVAL if it is not a proper time. */
int sys_get_timespec(u64 addr, u64 *ns);
int sys_put_timespec(u64 addr, u64 ns);
/* Monotonic deadlines: `ns` from now, and a moment of the real-time clock. */
u64 sys_deadline_after(u64 ns);
u64 sys_deadline_realtime(u64 ns);

/* Whether a pointer is to the program's range, or NULL. */
bool sys_user_pointer(u64 addr);
/* Whether the shadow may not be given it, for it could be to its own memory. Linux itself judges all others. */
bool sys_shadow_pointer(u64 addr);

#endif
