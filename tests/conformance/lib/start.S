/* SPDX-License-Identifier: MIT */
/*
 * The way into 64-bit mode: for the first CPU from multiboot, for the others from real mode, by way of a
 * trampoline which smp.c copies to AP_TRAMPOLINE.
 *
 * The first 4 GiB are mapped one to one, open to CPL 3: the first 8 MiB by 4 KiB pages (page_tables, the
 * ones paging.c changes), the rest by 2 MiB pages.
 */
#include "defs.h"

	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002, 0, -0x1badb002

	.text
	.code32
	.globl start
start:
	mov $boot_stack_top, %esp
	mov %ebx, multiboot_info

	movl $(pdpt + 7), pml4
	mov $page_directories + 7, %eax
	mov $pdpt, %edi
	mov $4, %ecx
1:	mov %eax, (%edi)
	add $0x1000, %eax
	add $8, %edi
	loop 1b

	mov $0x87, %eax
	mov $page_directories, %edi
	mov $2048, %ecx
1:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 1b

	mov $page_tables + 7, %eax
	mov $page_directories, %edi
	mov $4, %ecx
1:	mov %eax, (%edi)
	add $0x1000, %eax
	add $8, %edi
	loop 1b

	mov $7, %eax
	mov $page_tables, %edi
	mov $2048, %ecx
1:	mov %eax, (%edi)
	add $0x1000, %eax
	add $8, %edi
	loop 1b

	lgdt boot_gdtr
	call enter_long_mode
	ljmp $0x08, $1f
	.code64
1:	call load_data_segments
	xor %ebp, %ebp
	mov multiboot_info, %edi
	call boot_main
	ud2

	.code32
enter_long_mode:
	mov $(CR4_PAE | CR4_OSFXSR), %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	mov $(EFER_SCE | EFER_LME), %eax
	xor %edx, %edx
	wrmsr
	mov $(CR0_PE | CR0_WP | CR0_PG), %eax
	mov %eax, %cr0
	ret

	.code64
load_data_segments:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	ret

	.globl ap_trampoline, ap_trampoline_end
	.code16
ap_trampoline:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl boot_gdtr - ap_trampoline_data + AP_TRAMPOLINE + (ap_trampoline_data - ap_trampoline)
	mov $CR0_PE, %eax
	mov %eax, %cr0
	ljmpl $0x18, $ap_start32
ap_trampoline_data:
boot_gdtr:
	.word boot_gdt_end - boot_gdt - 1
	.long boot_gdt
ap_trampoline_end:

	.code32
ap_start32:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %ss
	/* All come here at once: each takes the next number; one too many sleeps. */
	mov $1, %edi
	lock xadd %edi, ap_count
	cmp $NR_CPUS, %edi
	jb 2f
1:	cli
	hlt
	jmp 1b
2:	imul $AP_STACK_SIZE, %edi, %esp
	add $ap_stacks + AP_STACK_SIZE, %esp
	call enter_long_mode
	ljmp $0x08, $1f
	.code64
1:	call load_data_segments
	xor %ebp, %ebp
	call ap_main
	ud2

	.data
	.balign 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00af9a000000ffff	/* 08: code, 64-bit */
	.quad 0x00cf92000000ffff	/* 10: data */
	.quad 0x00cf9a000000ffff	/* 18: code, 32-bit */
boot_gdt_end:

	.bss
	.balign 0x1000
	.globl page_directories, page_tables
pml4:
	.skip 0x1000
pdpt:
	.skip 0x1000
page_directories:
	.skip 4 * 0x1000
page_tables:
	.skip 4 * 0x1000
	.skip 0x4000
boot_stack_top:
multiboot_info:
	.skip 4
