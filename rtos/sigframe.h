/* SPDX-License-Identifier: MIT */
/* What a signal leaves on a program's stack: the formats of x86-64 Linux, which C libraries know. */
#ifndef RTOS_SIGFRAME_H
#define RTOS_SIGFRAME_H

#include <crtos/assert.h>

#include "siginfo.h"
#include "types.h"

struct regs;
struct signal_action;

#ifndef UC_FP_XSTATE
#define UC_FP_XSTATE		1u
#define UC_SIGCONTEXT_SS	2u
#define UC_STRICT_RESTORE_SS	4u
#endif

#define SIGFRAME_FPU_NOTE	464	/* offset in the XSAVE area: struct sigframe_fpu_note */
#define SIGFRAME_MAGIC1		0x46505853u
#define SIGFRAME_MAGIC2		0x46505845u	/* behind the area */

struct sigframe_fpu_note {
	u32 magic;
	u32 bytes;
	u64 features;
	u32 state_bytes;
	u32 reserved[7];
};
CRTOS_ASSERT_SIZE(struct sigframe_fpu_note, 48);

/* struct sigcontext */
struct sigframe_context {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	u16 cs, gs, fs, ss;
	u64 error, vector, mask, cr2;
	u64 fpu;
	u64 reserved[8];
};
CRTOS_ASSERT_SIZE(struct sigframe_context, 256);

/* struct ucontext */
struct sigframe_ucontext {
	u64 flags;
	u64 link;
	u64 stack_sp;
	u32 stack_flags, stack_pad;
	u64 stack_size;
	struct sigframe_context context;
	u64 mask;
};
CRTOS_ASSERT_SIZE(struct sigframe_ucontext, 304);

struct sigframe {
	u64 restorer;
	struct sigframe_ucontext uc;
	struct signal_info info;
};
CRTOS_ASSERT_SIZE(struct sigframe, 440);

/*
 * Instead of a number in regs->error: rax is the program's own, and not the result of a call that could
 * be restarted.
 */
#define NO_CALL	UINT64_MAX

/* `current` shall run the handler next, and then have `mask` again. -EFAULT: there is no room for a frame. */
int sigframe_push(struct regs *regs, const struct signal_action *action,
		  const struct signal_info *info, u64 mask);
/* Takes registers, mask (to *mask) and alternate stack back from a frame; -EFAULT if it cannot be one. */
int sigframe_pop(struct regs *regs, u64 *mask);

/* A struct stack of Linux; sigframe_altstack() judges one as sigaltstack() does and makes it that of `current`. */
struct sigframe_stack {
	u64 sp;
	u32 flags, pad;
	u64 bytes;
};
int sigframe_altstack(const struct sigframe_stack *new, u64 rsp);
/* As sigaltstack() tells of it to a program whose stack pointer is rsp. */
struct sigframe_stack sigframe_altstack_now(u64 rsp);

#endif
