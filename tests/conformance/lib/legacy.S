/* SPDX-License-Identifier: MIT */
/*
 * void take_interrupts_legacy(const void *idtr): leave IA-32e mode, take interrupts for a moment with that
 * 32-bit IDT, and come back. The GDT is that of the boot afterwards.
 */
#include "defs.h"

#define CODE32	0x18

	.text
	.code64
	.globl take_interrupts_legacy
take_interrupts_legacy:
	push %rbx
	push %rbp
	mov %rdi, %rbx
	lgdt boot_gdtr64
	pushq $CODE32
	pushq $1f
	lretq
	.code32
1:	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	jmp 2f
2:	mov $KERNEL_DS, %eax
	mov %eax, %ds
	mov %eax, %ss
	lidt (%ebx)
	sti
	nop
	nop
	cli
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0
	ljmp $KERNEL_CS, $3f
	.code64
3:	pop %rbp
	pop %rbx
	ret

	.code32
	.globl legacy_interrupt
legacy_interrupt:
	incl legacy_interrupts
	iret

	.data
	.balign 8
boot_gdtr64:
	.word 4 * 8 - 1
	.quad boot_gdt

	.bss
	.globl legacy_interrupts
	.balign 4
legacy_interrupts:
	.skip 4
