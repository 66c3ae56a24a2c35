/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What a core file, and /proc/self/maps, tell of a real-time program, as the RTOS hands it to the shadow: in the
 * program's own memory, which the RTOS has allocated for it. Nothing changes it any more: the other threads have
 * been stopped. The shadow trusts none of it.
 */
#ifndef _CRTOS_CORE_H
#define _CRTOS_CORE_H

#include <linux/types.h>
#include <crtos/assert.h>

#define CRTOS_AREA_READ		1u
#define CRTOS_AREA_WRITE	2u
#define CRTOS_AREA_EXEC		4u
#define CRTOS_AREA_SHARED	8u
#define CRTOS_AREA_HEAP		16u	/* that of brk */
#define CRTOS_AREA_STACK	32u	/* the first thread's */

/* A range of pages; a list of them ascends and has no overlaps. */
struct crtos_area {
	__u64 start, end;
	__u64 offset;		/* in the file */
	__u32 file;		/* CRTOS_OP_FILE; 0: none */
	__u32 flags;		/* CRTOS_AREA_* */
};
CRTOS_ASSERT_SIZE(struct crtos_area, 32);

/* In the order of struct user_regs_struct of x86-64 Linux. */
struct crtos_registers {
	__u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	__u64 rax, rcx, rdx, rsi, rdi;
	__u64 orig_rax;		/* system call that the thread is in, or has just left; else -1 */
	__u64 rip, cs, rflags, rsp, ss;
	__u64 fs_base, gs_base;
};
CRTOS_ASSERT_SIZE(struct crtos_registers, 184);

struct crtos_core_thread {
	__u32 slot;
	__u32 reserved;
	struct crtos_registers regs;
};
CRTOS_ASSERT_SIZE(struct crtos_core_thread, 192);

/*
 * A header, then threads of them, then `areas` struct crtos_area, then at the next multiple of 64 for each thread
 * xsave_bytes: its FPU state in XSAVE's standard format.
 */
struct crtos_core {
	__u32 slot;		/* of the thread that the signal was for */
	__u32 threads;
	__u32 areas;
	__u32 xsave_bytes;	/* a multiple of 64 */
	__u8 info[128];		/* struct siginfo */
	__u64 reserved[6];
};
CRTOS_ASSERT_SIZE(struct crtos_core, 192);

#endif
