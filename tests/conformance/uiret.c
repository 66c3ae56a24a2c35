// SPDX-License-Identifier: MIT
/* without: uiret-uif */
/* UIRET. */
#include "uintr.h"

#define UIRET_MASK	0x254dd5
#define NON_CANONICAL	0x0000800000000000

static struct {
	u64 rip, rflags, rsp;
} frame __attribute__((aligned(16)));

extern void landing(u64 arg), landing_nop(u64 arg), raw_uiret(u64 arg);
asm(".text\nlanding_nop: nop\nlanding: ud2\nraw_uiret: uiret\n");

/* To the next instruction, with RFLAGS @flags. */
static void do_here(u64 flags)
{
	asm volatile("mov %%rsp, %%rax\n"
		     "push %%rax\n"
		     "push %0\n"
		     "lea 1f(%%rip), %%rax\n"
		     "push %%rax\n"
		     "uiret\n"
		     "1: nop"
		     :
		     : "r"(flags)
		     : "rax", "memory", "cc");
}

static bool flexible(void)
{
	return cpuid(7, 1).edx >> 17 & 1;
}

static int uiret(int mode, u64 rip, u64 rflags, u64 before)
{
	frame.rip = rip;
	frame.rflags = rflags;
	frame.rsp = 0x123456789abc;
	last = (struct guard){ .rflags = before };
	return run_guarded(&last, mode, do_uiret, (u64)&frame);
}

/* In MODE_KERNEL RSP has to be good for the trap that ends it, hence only at CPL 3: */
static void check_registers(void)
{
	int vector;

	row("UIRET-POP");
	uintr_setup();
	vector = uiret(MODE_USER, (u64)landing, 2, 0);
	ok(vector == VEC_UD && last.regs.rip == (u64)landing && last.regs.rsp == 0x123456789abc,
	   "pops RIP %lx and RSP %lx (trap %d)", last.regs.rip, last.regs.rsp, vector);
	ok(last.regs.cs == USER_CS && last.regs.ss == USER_DS, "keeps CS and SS");
}

/* UIF after UIRET at @mode which popped RFLAGS @popped. */
static void check_uif(int mode, u64 popped, bool before)
{
	bool want = !flexible() || popped & 2;

	uintr_setup();
	if (before)
		stui();
	if (mode == MODE_USER)
		uiret(mode, (u64)landing, popped, 0);
	else
		run(mode, do_here, popped);
	ok(last.vector == (mode == MODE_USER ? VEC_UD : VEC_NONE) && testui() == want,
	   "CPL %d: UIF = %d, RFLAGS %lx popped: UIF = %d (trap %d)", mode == MODE_USER ? 3 : 0,
	   before, popped, testui(), last.vector);
	clui();
}

static void check_uifs(void)
{
	unsigned int i;

	row("UIRET-UIF%s", flexible() ? " ENUM-FLEX" : "");
	for (i = 0; i < 8; i++)
		check_uif(i & 1 ? MODE_USER : MODE_KERNEL, i & 2, i & 4);
	if (flexible()) {
		uintr_setup();
		uiret(MODE_USER, (u64)landing, 0, 0);
		ok(last.regs.rflags & 2, "RFLAGS[1] itself stays 1");
	} else {
		row("ENUM-FLEX");
		skip("no flexible UIRET in this CPU");
	}
}

static void check_flags(void)
{
	unsigned int bit;
	u64 got, want;

	row("UIRET-FLAGS");
	for (bit = 0; bit < 22; bit++) {
		/* 8: TF, 16: RF are seen through the trap; fixed bits: 1, 3, 5, 15. */
		if (bit == 8)
			continue;
		uintr_setup();
		uiret(MODE_USER, (u64)landing, 1ull << bit, 0);
		got = last.regs.rflags & ~(u64)0x10002;
		want = 1ull << bit & UIRET_MASK & ~(u64)0x10000;
		ok(got == want, "RFLAGS bit %d popped as 1: %lx", bit, got);
	}
	for (bit = 0; bit < 22; bit++) {
		u64 before = 1ull << bit;

		/* Bits which no RFLAGS at CPL 3 has, or which would trap before. */
		if (bit == 1 || bit == 3 || bit == 5 || bit == 8 || bit == 15 || bit == 16 ||
		    bit == 17 || bit == 19 || bit == 20)
			continue;
		uintr_setup();
		uiret(MODE_USER, (u64)landing, 0, before);
		got = last.regs.rflags & ~(u64)0x10002;
		want = before & ~(u64)UIRET_MASK;
		ok(got == want, "RFLAGS bit %d popped as 0: %lx", bit, got);
	}

	uintr_setup();
	run(MODE_KERNEL, do_here, RFLAGS_IF | RFLAGS_IOPL | RFLAGS_ARITH | 2);
	got = read_rflags();
	ok(last.vector == VEC_NONE && !(got & (RFLAGS_IF | RFLAGS_IOPL)),
	   "CPL 0: IF and IOPL popped as 1 stay 0 (%lx)", got);
}

static void check_trace(void)
{
	row("UIRET-TF");
	uintr_setup();
	uiret(MODE_USER, (u64)landing_nop, RFLAGS_TF | 2, 0);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)landing,
	   "TF popped as 1 traps after one instruction (trap %d, RIP %lx)", last.vector,
	   last.regs.rip);

	/* From TF = 1: the trap of UIRET itself; do_uiret() starts with a MOV, which traps before. */
	uintr_setup();
	frame.rip = (u64)landing_nop;
	frame.rflags = 2;
	frame.rsp = 0x123456789abc;
	last = (struct guard){ .rflags = RFLAGS_TF, .user_rsp = (u64)&frame };
	run_guarded(&last, MODE_USER, raw_uiret, 0);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)landing_nop &&
		   !(last.regs.rflags & RFLAGS_TF),
	   "TF = 1 before traps after UIRET, TF as popped (trap %d, RIP %lx)", last.vector,
	   last.regs.rip);

	row("UIRET-RF");
	uintr_setup();
	set_breakpoint((u64)landing);
	uiret(MODE_USER, (u64)landing, 2, 0);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)landing,
	   "a breakpoint on the target hits if RF is popped as 0 (trap %d)", last.vector);
	uiret(MODE_USER, (u64)landing, RFLAGS_RF | 2, 0);
	ok(last.vector == VEC_UD && last.regs.rip == (u64)landing,
	   "and does not if RF is popped as 1 (trap %d)", last.vector);
	uiret(MODE_USER, (u64)landing_nop, RFLAGS_RF | 2, 0);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)landing,
	   "RF lasts for one instruction (trap %d)", last.vector);
	clear_breakpoint();
}

static void check_faults(void)
{
	static u64 frames[3 * 512] __attribute__((aligned(PAGE_SIZE)));
	u64 *edge = &frames[512];
	int vector;
	u64 rights;

	row("UIRET-CANON");
	uintr_setup();
	vector = uiret(MODE_USER, NON_CANONICAL, 2, 0);
	ok(vector == VEC_GP && !last.regs.error && last.regs.rsp == (u64)&frame && !testui(),
	   "CPL 3: #GP(0) for a non-canonical RIP, nothing changed (trap %d, RSP %lx)", vector,
	   last.regs.rsp);
	vector = uiret(MODE_KERNEL, NON_CANONICAL, 2, 0);
	ok(vector == VEC_GP && !last.regs.error && !testui(),
	   "CPL 0: #GP(0) for a non-canonical RIP (trap %d)", vector);

	last = (struct guard){ 0 };
	vector = run_guarded(&last, MODE_USER, do_uiret, NON_CANONICAL);
	ok(vector == VEC_SS && !last.regs.error && !testui(),
	   "#SS(0) for a non-canonical RSP (trap %d)", vector);

	row("UIRET-PF");
	edge[-1] = (u64)landing;
	rights = page_rights(edge, 0);
	last = (struct guard){ 0 };
	vector = run_guarded(&last, MODE_USER, do_uiret, (u64)(edge - 1));
	ok(vector == VEC_PF && last.cr2 == (u64)edge && last.regs.error == 4 &&
		   last.regs.rsp == (u64)(edge - 1) && !testui(),
	   "#PF for an absent page, RSP unchanged (trap %d, CR2 %lx)", vector, last.cr2);
	page_rights(edge, rights);

	rights = page_rights(edge, PTE_P | PTE_W);
	last = (struct guard){ 0 };
	vector = run_guarded(&last, MODE_USER, do_uiret, (u64)(edge - 1));
	ok(vector == VEC_PF && last.regs.error == 5,
	   "it reads the stack with the rights of CPL 3 (error %lx)", last.regs.error);
	page_rights(edge, rights);
}

void test_main(void)
{
	check_registers();
	check_uifs();
	check_flags();
	check_trace();
	check_faults();

	row("UIRET-CPL0");
	uintr_setup();
	ok(run(MODE_KERNEL, do_here, 2) == VEC_NONE && testui(), "works at CPL 0 and stays there");
}
