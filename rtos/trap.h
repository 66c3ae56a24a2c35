/* SPDX-License-Identifier: MIT */
/*
 * Entry from user mode, exceptions and interrupts.
 *
 * The RTOS owns one core and its kernel runs with interrupts disabled, so kernel data needs no
 * locks; only a kernel path that may run long calls preempt_point() (thread.h), where anything may
 * change. Every entry saves a whole struct regs on the thread's kernel stack.
 */
#ifndef RTOS_TRAP_H
#define RTOS_TRAP_H

#include "types.h"

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	u64 rax, rcx, rdx, rsi, rdi;
	u64 vector;		/* exception or interrupt vector, TRAP_SYSCALL for SYSCALL */
	u64 error;		/* error code; the system-call number for SYSCALL */
	u64 rip, cs, rflags, rsp, ss;
};

#define TRAP_SYSCALL	0x100

static inline bool regs_from_user(const struct regs *r)
{
	return (r->cs & 3) == 3;
}

/* Selectors fixed by SYSCALL/SYSRET (SDM Vol. 2, SYSRET). */
#define KERNEL_CS	0x08
#define KERNEL_DS	0x10
#define USER_DS		(0x18 | 3)
#define USER_CS		(0x20 | 3)

void trap_init(void);

/* Leaves to user mode with these registers (IRET); first entry of a thread and after exec. */
_Noreturn void trap_return(struct regs *regs);

/* --- inside the core ---------------------------------------------------------------------------- */

/* Sleeps until an interrupt was handled. */
void trap_wait(void);
/* Handles the interrupts that are pending. False: interrupt context, where nothing can be let in. */
bool trap_window(void);
/* Before a return to user mode: other threads' turn, the end of a killed thread, signals. */
void trap_finish(struct regs *regs);
/* Registers that the process layer wrote must not fault in IRET. */
void trap_make_valid(struct regs *regs);
/* Stack that SYSCALL and interrupts from user mode use from now on. */
void trap_set_stack(u64 top);

#endif
