/* SPDX-License-Identifier: MIT */
#include "defs.h"

	.text
	.globl trap_stubs
	/* 256 stubs of 16 bytes; they leave vector and error code on the stack. */
	.balign 16
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

trap_common:
	push %rax
	push %rbx
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %rbp
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	call trap_handler
	.globl trap_return
trap_return:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rbp
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rbx
	pop %rax
	add $16, %rsp
	iretq

/*
 * void guarded_enter(struct guard *g, u64 rip, u64 arg, int mode): run rip(arg). Comes back when that
 * returns, in kernel mode, or when trap_handler() sends it to guarded_resume with RSP = g->rsp.
 */
	.globl guarded_enter, guarded_resume
guarded_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, GUARD_RSP(%rdi)
	mov GUARD_USER_RSP(%rdi), %r8
	mov GUARD_RFLAGS(%rdi), %r11
	mov $USER_CS, %eax
	cmp $MODE_USER, %ecx
	je 1f
	mov $USER_CS32, %eax
	cmp $MODE_COMPAT, %ecx
	je 1f
	cmp $MODE_SYSRET, %ecx
	je 2f

	mov %rdx, %rdi
	push %rsi
	push %r11
	popfq
	call *(%rsp)
	pop %rsi
	jmp guarded_resume

1:	pushq $USER_DS
	push %r8
	push %r11
	push %rax
	push %rsi
	mov %rdx, %rdi
	iretq

2:	mov %rsi, %rcx
	mov %r8, %rsp
	mov %rdx, %rdi
	sysretq

guarded_resume:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

/* Where code at CPL 3 returns to. */
	.globl user_exit
user_exit:
	int $0x80

/* The user-interrupt handler: uintr_handler(frame) with all registers saved. */
	.globl uintr_entry
uintr_entry:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbp
	mov %rsp, %rbp
	lea 80(%rsp), %rdi
	and $-16, %rsp
	cld
	call uintr_handler
	mov %rbp, %rsp
	pop %rbp
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	add $8, %rsp
	uiret
