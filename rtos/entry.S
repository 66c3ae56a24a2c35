/* SPDX-License-Identifier: MIT */
/*
 * Entry to and exit from the kernel. The kernel does not use GS, so there is no SWAPGS and none of its
 * traps: what an entry needs is in plain variables, since there is one core.
 */
#include "asm.inc"

#define USER_DS		0x1b
#define USER_CS		0x23
#define TRAP_SYSCALL	0x100

	/* struct regs from rdi down; rbp becomes 0, the end of a back-trace. */
	.macro	PUSH_REGS
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	xorl	%ebp, %ebp
	.endm

	.macro	POP_PRESERVED
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	.endm

	.text

/* 256 stubs of 16 bytes. */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16, 0xcc
	.if	(vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || \
		(vector == 21) || (vector == 29) || (vector == 30)
	.else
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

	.balign	16, 0xcc
trap_common:
	PUSH_REGS
	CLAC
	cld
	movq	%rsp, %rdi
	call	trap_handler
trap_iret:
	POP_PRESERVED
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$16, %rsp		/* vector, error */
	iretq

/* void trap_leave(struct regs *regs): to where regs lead, without any check. */
	.globl	trap_leave
trap_leave:
	movq	%rdi, %rsp
	jmp	trap_iret

/*
 * SYSCALL: RCX = RIP, R11 = RFLAGS, interrupts off by FMASK, RSP still the program's. NMI and machine
 * check have stacks of their own, so nothing can run on it.
 */
	.balign	16, 0xcc
	.globl	syscall_entry
syscall_entry:
	movq	%rsp, syscall_user_rsp(%rip)
	movq	syscall_stack(%rip), %rsp
	pushq	$USER_DS
	pushq	syscall_user_rsp(%rip)
	pushq	%r11
	pushq	$USER_CS
	pushq	%rcx
	pushq	%rax
	pushq	$TRAP_SYSCALL
	PUSH_REGS
	movq	%rsp, %rdi
	call	trap_syscall
	testb	%al, %al
	jz	trap_iret
	POP_PRESERVED
	movq	1 * 8(%rsp), %r10
	movq	2 * 8(%rsp), %r9
	movq	3 * 8(%rsp), %r8
	movq	4 * 8(%rsp), %rax
	movq	6 * 8(%rsp), %rdx
	movq	7 * 8(%rsp), %rsi
	movq	8 * 8(%rsp), %rdi
	movq	11 * 8(%rsp), %rcx	/* rip */
	movq	13 * 8(%rsp), %r11	/* rflags */
	movq	14 * 8(%rsp), %rsp
	sysretq

/* First instructions of a thread: thread.c builds the stack that leads here. */
	.balign	16, 0xcc
	.globl	thread_enter_user
thread_enter_user:
	movq	%rsp, %rdi
	call	thread_begin_user
	jmp	trap_iret

	.globl	thread_enter_kernel
thread_enter_kernel:
	movq	%r12, %rdi		/* fn */
	movq	%r13, %rsi		/* arg */
	call	thread_begin_kernel
	ud2

/*
 * void thread_switch_stack(u64 *save, u64 load): the stack pointer goes to *save; execution continues
 * where `load` was saved.
 */
	.balign	16, 0xcc
	.globl	thread_switch_stack
thread_switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

	.bss
	.balign	8
syscall_user_rsp:
	.quad	0

	.section .note.GNU-stack, "", @progbits
