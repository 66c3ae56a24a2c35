/* SPDX-License-Identifier: MIT */
/*
 * The user-interrupt handler of a shadow thread.
 *
 * Entered with UIF = 0 and struct crtos_uintr_frame at RSP, which is 16-byte aligned. It interrupts
 * shadow_loop() only, which keeps nothing in vector or x87 registers: the integer registers that a C
 * function may change are all there is to save.
 */
	.text
	.globl	shadow_uintr_entry
	.type	shadow_uintr_entry, @function
shadow_uintr_entry:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	subq	$8, %rsp		/* 32 + 9 * 8 + 8: aligned for a call */
	cld
	call	shadow_service_uipi
	addq	$8, %rsp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$8, %rsp		/* the vector */
	.byte	0xf3, 0x0f, 0x01, 0xec	/* uiret */
	.size	shadow_uintr_entry, . - shadow_uintr_entry

/*
 * A thread that has left its loop by forking goes on here: it never returns to what is below RDI.
 */
	.globl	shadow_continue_on
	.type	shadow_continue_on, @function
shadow_continue_on:
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	hlt
	.size	shadow_continue_on, . - shadow_continue_on

/* The kernel returns to this from a handler. */
	.globl	shadow_signal_return
	.type	shadow_signal_return, @function
shadow_signal_return:
	movl	$15, %eax		/* rt_sigreturn */
	syscall
	.size	shadow_signal_return, . - shadow_signal_return
/*
 * RDI: struct crtos_dump, RSI: its XSAVE state, EDX: the session, RCX: status of a process that does not end by this.
 * The registers of the program's thread, those that are not in struct pt_regs first; then the module gives it the
 * others, and the thread does not come back.
 */
	.globl	core_become
	.type	core_become, @function
core_become:
	movq	%rdi, %r12
	movq	%rsi, %r13
	movl	%edx, %r14d
	movl	%ecx, %r15d
	movl	$158, %eax		/* arch_prctl(ARCH_SET_FS) */
	movl	$0x1002, %edi
	movq	168(%r12), %rsi
	syscall
	movl	$158, %eax		/* arch_prctl(ARCH_SET_GS) */
	movl	$0x1001, %edi
	movq	176(%r12), %rsi
	syscall
	movl	$-1, %eax
	movl	$-1, %edx
	xrstor64 (%r13)
	movl	$1, %eax		/* write */
	movl	%r14d, %edi
	movq	%r12, %rsi
	movl	$320, %edx		/* sizeof(struct crtos_dump) */
	syscall
1:	movl	$231, %eax		/* exit_group */
	movl	%r15d, %edi
	syscall
	jmp	1b
	.size	core_become, . - core_become
	.section .note.GNU-stack, "", @progbits
