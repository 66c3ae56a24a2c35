/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the real-time core executes first: from the real mode of a STARTUP IPI straight to long
 * mode.
 *
 * The module copies this to a page below 1 MiB (CS = page >> 4, IP = 0), which the start-up page
 * tables map at its own address, and patches the words at the end. Interrupts stay off, no stack is
 * used.
 */
#include <linux/linkage.h>

#define CR4_PAE		0x20
#define MSR_EFER	0xc0000080
#define EFER_LME_NXE	0x900
#define CR0_START	0x80050033	/* PG AM WP NE ET MP PE; caches on */
#define CODE64		8

	.section .rodata, "a"
	.balign	16

	.globl	crtos_trampoline_start
crtos_trampoline_start:
	.code16
	cli
	cld
	xorl	%eax, %eax
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	%ds:(gdtr - crtos_trampoline_start)
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	%ds:(crtos_trampoline_cr3 - crtos_trampoline_start), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME_NXE, %eax
	wrmsr
	movl	$CR0_START, %eax
	movl	%eax, %cr0
	ljmpl	*%ds:(crtos_trampoline_far - crtos_trampoline_start)

	.code64
	.globl	crtos_trampoline_long
crtos_trampoline_long:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movq	crtos_trampoline_boot(%rip), %rdi
	movq	crtos_trampoline_entry(%rip), %rax
	jmpq	*%rax

	.balign	16
	.globl	crtos_trampoline_gdt
crtos_trampoline_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* CODE64 */
	.quad	0x00cf93000000ffff
gdtr:
	.word	23
	.globl	crtos_trampoline_gdt_base
crtos_trampoline_gdt_base:
	.long	0			/* physical address of the GDT */
	.balign	8
	.globl	crtos_trampoline_far
crtos_trampoline_far:
	.long	0			/* physical address of crtos_trampoline_long */
	.word	CODE64
	.balign	8
	.globl	crtos_trampoline_cr3
crtos_trampoline_cr3:
	.quad	0			/* below 4 GiB */
	.globl	crtos_trampoline_boot
crtos_trampoline_boot:
	.quad	0			/* RDI on entry */
	.globl	crtos_trampoline_entry
crtos_trampoline_entry:
	.quad	0
	.globl	crtos_trampoline_end
crtos_trampoline_end:

	.section .note.GNU-stack, "", @progbits
