// SPDX-License-Identifier: MIT
#include "lib.h"

struct gate {
	u16 offset0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset1;
	u32 offset2;
	u32 reserved;
};

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap;
} __attribute__((packed));

struct table {
	u16 limit;
	u64 base;
} __attribute__((packed));

extern const char trap_stubs[];
extern void guarded_enter(struct guard *g, u64 rip, u64 arg, int mode);
extern void guarded_resume(void);
extern void user_exit(void);

struct guard last;
irq_fn volatile irq_handler[256];

/*
 * What the CPU itself reads and writes on a trap must not be user pages, or SMAP could not be
 * tested.
 */
static struct gate idt[256] SUPERVISOR;
static struct tss tss[NR_CPUS] SUPERVISOR;
static u64 gdt[TSS_BASE / 8 + 2 * NR_CPUS] SUPERVISOR;
static u8 trap_stack[NR_CPUS][8192] SUPERVISOR __attribute__((aligned(16)));

static u8 user_stack[NR_CPUS][8192] __attribute__((aligned(4096)));
static struct guard *guard[NR_CPUS];
static bool user_gate[256] = { [VEC_EXIT] = true };

/* An interrupt has its handler; anything else ends the code under test. */
void trap_handler(struct regs *r)
{
	struct guard *g = guard[cpu_number()];

	if (irq_handler[r->vector]) {
		irq_handler[r->vector](r);
		return;
	}
	if (!g)
		die("trap %lu error %lx at %lx", r->vector, r->error, r->rip);

	g->vector = r->vector;
	g->regs = *r;
	asm volatile("mov %%cr2, %0" : "=r"(g->cr2));

	r->rip = (u64)guarded_resume;
	r->cs = KERNEL_CS;
	r->rflags = (r->rflags & RFLAGS_AC) | 2;	/* under SMAP, AC opens the stack */
	r->rsp = g->rsp;
	r->ss = KERNEL_DS;
}

void open_to_user(int vector)
{
	user_gate[vector] = true;
	idt[vector].type = 0xee;
}

int run_guarded(struct guard *g, int mode, code_fn fn, u64 arg)
{
	int cpu = cpu_number();

	g->vector = VEC_NONE;
	g->rflags |= 2;
	if (!g->user_rsp) {
		u64 *top = (u64 *)&user_stack[cpu][sizeof(user_stack[cpu])];

		*--top = (u64)user_exit;
		g->user_rsp = (u64)top;
	}
	guard[cpu] = g;
	guarded_enter(g, (u64)fn, arg, mode);
	cli();
	guard[cpu] = NULL;
	return g->vector;
}

int run(int mode, code_fn fn, u64 arg)
{
	last = (struct guard){ 0 };
	return run_guarded(&last, mode, fn, arg);
}

void trap_init_cpu(int cpu)
{
	struct table gdtr = { sizeof(gdt) - 1, (u64)gdt };
	struct table idtr = { sizeof(idt) - 1, (u64)idt };
	u64 base = (u64)&tss[cpu];
	int i;

	for (i = 0; i < 256; i++) {
		u64 stub = (u64)trap_stubs + 16 * i;

		idt[i] = (struct gate){
			.offset0 = stub,
			.selector = KERNEL_CS,
			.type = user_gate[i] ? 0xee : 0x8e,
			.offset1 = stub >> 16,
			.offset2 = stub >> 32,
		};
	}

	gdt[KERNEL_CS / 8] = 0x00af9a000000ffff;
	gdt[KERNEL_DS / 8] = 0x00cf92000000ffff;
	gdt[USER_CS32 / 8] = 0x00cffa000000ffff;
	gdt[USER_DS / 8] = 0x00cff2000000ffff;
	gdt[USER_CS / 8] = 0x00affa000000ffff;
	tss[cpu].rsp[0] = (u64)&trap_stack[cpu][sizeof(trap_stack[cpu])];
	tss[cpu].iomap = sizeof(struct tss);
	gdt[TSS_BASE / 8 + 2 * cpu] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 |
				      0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[TSS_BASE / 8 + 2 * cpu + 1] = base >> 32;

	asm volatile("lgdt %0" : : "m"(gdtr));
	asm volatile("lidt %0" : : "m"(idtr));
	asm volatile("ltr %w0" : : "r"(TSS_BASE + 16 * cpu));
	wrmsr(MSR_STAR, (u64)KERNEL_CS << 32 | (u64)USER_CS32 << 48);
}
