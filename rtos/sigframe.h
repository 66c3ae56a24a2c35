/* SPDX-License-Identifier: MIT */
/* What a signal leaves on a program's stack: the formats of x86-64 Linux, which C libraries know. */
#ifndef RTOS_SIGFRAME_H
#define RTOS_SIGFRAME_H

#include <crtos/assert.h>

#include "types.h"

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

/* struct siginfo */
struct sigframe_info {
	s32 sig, error, code, pad;
	union {
		u64 addr;
		struct {
			s32 pid;
			u32 uid;
		};
	};
	u64 reserved[13];
};
CRTOS_ASSERT_SIZE(struct sigframe_info, 128);

struct sigframe {
	u64 restorer;
	struct sigframe_ucontext uc;
	struct sigframe_info info;
};
CRTOS_ASSERT_SIZE(struct sigframe, 440);

#endif
