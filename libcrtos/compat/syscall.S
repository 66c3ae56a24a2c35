/* SPDX-License-Identifier: MIT */
/*
 * long syscall(long number, ...): the calls of a uintr kernel become ours, all others are made as they are.
 *
 * It is assembly because a call may return twice (vfork) or on another stack (clone): nothing of ours
 * may lie on the stack then. Nothing is allocated, locked or resolved here, so it may be called in a
 * signal handler, before any constructor, and in the child of vfork.
 */
#ifndef ENTRY
#define ENTRY syscall
#endif

#define LAST_ERRNO 4095

	.text
	.globl	ENTRY
	.type	ENTRY, @function
	.p2align 4
ENTRY:
	.cfi_startproc
	endbr64
	/* The kernel, too, looks at 32 bits of the number. */
	mov	%edi, %eax
	sub	compat_first(%rip), %eax
	cmp	compat_count(%rip), %eax
	jb	.Lours

	/* From the order of a C function's arguments to that of a system call's. */
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	cmp	$-LAST_ERRNO, %rax
	jae	.Lerror
	ret

.Lerror:
	neg	%eax
	push	%rax
	.cfi_adjust_cfa_offset 8
	call	*__errno_location@GOTPCREL(%rip)
	pop	%rcx
	.cfi_adjust_cfa_offset -8
	mov	%ecx, (%rax)
	mov	$-1, %rax
	ret

	/* compat_call(which, argument, argument, argument) */
.Lours:
	mov	%eax, %edi
	jmp	compat_call
	.cfi_endproc
	.size	ENTRY, . - ENTRY

	.section .note.GNU-stack, "", @progbits
