/* SPDX-License-Identifier: MIT */
/* Constants shared by C and assembly. */
#ifndef DEFS_H
#define DEFS_H

#define CR0_PE		0x00000001
#define CR0_WP		0x00010000
#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define CR4_OSFXSR	0x00000200
#define CR4_OSXSAVE	0x00040000
#define CR4_SMAP	0x00200000
#define CR4_UINTR	0x02000000

#define RFLAGS_ARITH	0x8d5	/* CF PF AF ZF SF OF */
#define RFLAGS_TF	0x100
#define RFLAGS_IF	0x200
#define RFLAGS_DF	0x400
#define RFLAGS_IOPL	0x3000
#define RFLAGS_NT	0x4000
#define RFLAGS_RF	0x10000
#define RFLAGS_AC	0x40000
#define RFLAGS_ID	0x200000

#define MSR_EFER	0xc0000080
#define EFER_SCE	0x001
#define EFER_LME	0x100
#define MSR_STAR	0xc0000081

/* Selectors, in the order SYSRET wants them. */
#define KERNEL_CS	0x08
#define KERNEL_DS	0x10
#define USER_CS32	0x1b
#define USER_DS		0x23
#define USER_CS		0x2b
#define TSS_BASE	0x30

#define NR_CPUS		4
#define AP_TRAMPOLINE	0x8000
#define AP_STACK_SIZE	16384

/* How guarded_enter() goes to the code under test. */
#define MODE_KERNEL	0	/* call */
#define MODE_USER	1	/* IRET to CPL 3 */
#define MODE_SYSRET	2	/* SYSRET to CPL 3 */
#define MODE_COMPAT	3	/* IRET to CPL 3, 32-bit code */

/* struct guard */
#define GUARD_RSP	0
#define GUARD_USER_RSP	8
#define GUARD_RFLAGS	16

#endif
