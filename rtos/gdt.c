// SPDX-License-Identifier: MIT
#include "gdt.h"
#include "trap.h"

#define IST_BYTES	4096

#define TSS_SELECTOR	0x28

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 io_bitmap;
} __attribute__((packed));

static struct tss tss = { .io_bitmap = sizeof(struct tss) };
static u8 ist_stack[3][IST_BYTES] __attribute__((aligned(4096)));

/* Accessed bits are set, so that the CPU need not. */
static u64 gdt[] __attribute__((aligned(8))) = {
	0,
	0x00af9b000000ffff,	/* KERNEL_CS */
	0x00cf93000000ffff,	/* KERNEL_DS */
	0x00cff3000000ffff,	/* USER_DS */
	0x00affb000000ffff,	/* USER_CS */
	0,			/* TSS_SELECTOR */
	0,
};

static void load_gdt(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) gdtr = { sizeof(gdt) - 1, (u64)gdt };

	asm volatile("lgdt %0\n\t"
		     "pushq %1\n\t"
		     "leaq 1f(%%rip), %%rax\n\t"
		     "pushq %%rax\n\t"
		     "lretq\n"
		     "1:\n\t"
		     "movl %2, %%ds\n\t"
		     "movl %2, %%es\n\t"
		     "movl %2, %%ss\n\t"
		     "movl %3, %%fs\n\t"
		     "movl %3, %%gs\n\t"
		     "lldt %w3\n\t"
		     "ltr %w4"
		     :
		     : "m"(gdtr), "i"(KERNEL_CS), "r"(KERNEL_DS), "r"(0), "r"(TSS_SELECTOR)
		     : "rax", "memory");
}

void gdt_init(void)
{
	u64 base = (u64)&tss;

	for (int i = 0; i < 3; i++)
		tss.ist[i] = (u64)ist_stack[i] + IST_BYTES;
	gdt[TSS_SELECTOR / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
				(base >> 24 & 0xff) << 56;
	gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
	load_gdt();
}

void gdt_set_kernel_stack(u64 top)
{
	tss.rsp[0] = top;
}

bool gdt_interrupt_stack(u64 addr, u64 *end)
{
	u64 offset = addr - (u64)ist_stack;

	if (offset >= sizeof(ist_stack))
		return false;
	*end = (u64)ist_stack + ALIGN_UP(offset + 1, (u64)IST_BYTES);
	return true;
}
