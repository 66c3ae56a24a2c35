/* SPDX-License-Identifier: MIT */
/*
 * The instructions that touch user memory. uaccess.c has checked the range; a fault continues at the
 * fixup.
 */
#include "asm.inc"

	.text

/* size_t user_copy(void *to, const void *from, size_t bytes): bytes that were not copied. */
	.globl	user_copy
user_copy:
	movq	%rdx, %rcx
	STAC
1:	rep movsb
2:	CLAC
	movq	%rcx, %rax
	ret
	FIXUP	1b, 2b

/* size_t user_clear(void *to, size_t bytes) */
	.globl	user_clear
user_clear:
	movq	%rsi, %rcx
	xorl	%eax, %eax
	STAC
1:	rep stosb
2:	CLAC
	movq	%rcx, %rax
	ret
	FIXUP	1b, 2b

/* int user_load32(u32 *value, const void *from): 0, or 1 after a fault. */
	.globl	user_load32
user_load32:
	xorl	%eax, %eax
	STAC
1:	movl	(%rsi), %ecx
	CLAC
	movl	%ecx, (%rdi)
	ret
	FIXUP	1b, user_fault

/* int user_store32(void *to, u32 value) */
	.globl	user_store32
user_store32:
	xorl	%eax, %eax
	STAC
1:	movl	%esi, (%rdi)
	CLAC
	ret
	FIXUP	1b, user_fault

/* int user_cmpxchg32(void *addr, u32 expected, u32 desired, u32 *old) */
	.globl	user_cmpxchg32
user_cmpxchg32:
	movq	%rcx, %r8
	movl	%esi, %eax
	STAC
1:	lock cmpxchgl %edx, (%rdi)
	CLAC
	movl	%eax, (%r8)
	xorl	%eax, %eax
	ret
	FIXUP	1b, user_fault

/* s64 user_strncpy(char *to, const char *from, size_t bytes): length, `bytes` without a NUL, or -1. */
	.globl	user_strncpy
user_strncpy:
	xorl	%eax, %eax
	STAC
1:	cmpq	%rdx, %rax
	je	3f
2:	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	jz	3f
	incq	%rax
	jmp	1b
3:	CLAC
	ret
4:	CLAC
	movq	$-1, %rax
	ret
	FIXUP	2b, 4b

user_fault:
	CLAC
	movl	$1, %eax
	ret

	.section .note.GNU-stack, "", @progbits
