/* SPDX-License-Identifier: MIT */
/* Entry from the module: see <crtos/boot.h>. */

#define BOOT_STACK	16384

	.section .header, "ax"
/* struct crtos_image */
	.ascii	"CRTOSIMG"
	.long	1			/* CRTOS_BOOT_VERSION */
	.long	64
	.quad	image_start
	.quad	start
	.quad	image_file_size
	.quad	image_mem_size
1:	.asciz	CRTOS_BUILD
	.org	1b + 16

	.text
	.globl	start
start:
	cli
	cld
	leaq	boot_stack_top(%rip), %rsp
	xorl	%ebp, %ebp
	call	rtos_main
1:	cli
	hlt
	jmp	1b

	.bss
	.balign	4096
	.globl	boot_stack, boot_stack_top
boot_stack:
	.skip	BOOT_STACK
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
