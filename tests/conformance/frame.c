// SPDX-License-Identifier: MIT
/* What delivery does to stack and flags, also if it faults half-way. */
#include "uintr.h"

static u8 stack[4 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static u8 alternate[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

extern void raw_handler(void);
asm(".text\nraw_handler: pushfq\n ud2\n");

/*
 * Delivery at IRET to do_nothing() with this RSP and RFLAGS; the handler faults at once, state in
 * last.
 */
static void deliver(u64 rsp, u64 adjust, u64 rflags)
{
	uintr_setup();
	wrmsr(MSR_UINTR_HANDLER, (u64)raw_handler);
	wrmsr(MSR_UINTR_STACKADJUST, adjust);
	wrmsr(MSR_UINTR_RR, 1ull << 37);
	stui();
	last = (struct guard){ .user_rsp = rsp, .rflags = rflags };
	run_guarded(&last, MODE_USER, do_nothing, 0);
	clui();
}

/* raw_handler pushed the flags it started with. */
static const struct uintr_frame *frame(void)
{
	return (const struct uintr_frame *)(last.regs.rsp + 8);
}

static void check_stack(u64 rsp, u64 adjust, const char *what)
{
	u64 base = adjust & 1 ? adjust : rsp - adjust;
	u64 want = (base & ~0xfull) - sizeof(struct uintr_frame);

	row("%s%s FRAME-RIP FRAME-ORDER", adjust & 1 ? "FRAME-LOAD" : "FRAME-ADJUST",
	    base & 0xf ? " FRAME-ALIGN" : "");
	deliver(rsp, adjust, 0);
	ok(last.vector == VEC_UD && last.regs.rip == (u64)raw_handler + 1 && (u64)frame() == want &&
		   last.regs.cs == USER_CS && last.regs.ss == USER_DS,
	   "%s: RSP ...%lx adjusted by %lx: frame at %lx, %lx is right (trap %d)", what,
	   rsp & 0xfff, adjust, (u64)frame(), want, last.vector);
	if (last.vector == VEC_UD && (u64)frame() == want)
		ok(frame()->vector == 37 && frame()->rip == (u64)do_nothing && frame()->rsp == rsp,
		   "%s: vector %lu, RIP %lx, RSP %lx", what, frame()->vector, frame()->rip,
		   frame()->rsp);
}

static void check_stacks(void)
{
	u64 top = (u64)&stack[3 * PAGE_SIZE];
	unsigned int i;

	for (i = 0; i < 16; i++)
		check_stack(top - 512 + i, 128, "alignment");
	check_stack(top - 512, 0, "no adjustment");
	check_stack(top - 512, 136, "odd adjustment");
	check_stack(top - 512, -(u64)1024, "negative adjustment");
	check_stack(top - 512, (u64)&alternate[sizeof(alternate)] | 1, "alternate stack");
	check_stack(top - 512, ((u64)&alternate[sizeof(alternate)] - 24) | 1,
		    "unaligned alternate stack");
	check_stack(top - 512, ((u64)&alternate[sizeof(alternate)] - 2) | 1,
		    "unaligned alternate stack");
	check_stack((u64)&stack[PAGE_SIZE] + 16 + 128, 128, "frame across two pages");
}

static void check_flags(void)
{
	static const u64 values[] = {
		0,
		RFLAGS_ARITH,
		RFLAGS_DF,
		RFLAGS_NT,
		RFLAGS_AC,
		RFLAGS_ID,
		RFLAGS_IF,
		RFLAGS_RF,
		RFLAGS_ARITH | RFLAGS_DF | RFLAGS_ID | RFLAGS_AC | RFLAGS_IF | RFLAGS_RF,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		u64 in_handler;

		deliver((u64)&stack[2 * PAGE_SIZE], 128, values[i]);
		in_handler = *(u64 *)last.regs.rsp;
		row("FRAME-FLAGS");
		ok(frame()->rflags == (values[i] | 2), "RFLAGS %lx pushed (%lx)", values[i] | 2,
		   frame()->rflags);
		row("FRAME-TFRF");
		/* PUSHFQ shows RF as 0 anyway. */
		ok(in_handler == ((values[i] | 2) & ~(u64)(RFLAGS_TF | RFLAGS_RF)),
		   "RFLAGS %lx in the handler (%lx)", values[i] | 2, in_handler);
	}

	/*
	 * TF: IRET with it set lets one instruction run before the trap, but delivery comes first.
	 */
	row("FRAME-TFRF FRAME-FLAGS");
	deliver((u64)&stack[2 * PAGE_SIZE], 128, RFLAGS_TF);
	ok(last.vector == VEC_UD && (frame()->rflags & RFLAGS_TF) &&
		   !(*(u64 *)last.regs.rsp & RFLAGS_TF),
	   "TF is pushed and cleared (trap %d)", last.vector);

	/* RF of the interrupted code would hide this breakpoint. */
	set_breakpoint((u64)raw_handler);
	deliver((u64)&stack[2 * PAGE_SIZE], 128, RFLAGS_RF);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)raw_handler,
	   "RF is cleared: a breakpoint on the handler hits (trap %d, RIP %lx)", last.vector,
	   last.regs.rip);
	clear_breakpoint();
}

/* Flags of an instruction just before, which an emulator may not have computed yet. */
static void do_lazy(u64 arg)
{
	asm volatile("sub $1, %%rdi\n"		/* CF, SF, PF, AF if it was 0; ZF, PF if it was 1 */
		     "stui\n"
		     "nop\n"
		     :
		     : "D"(arg)
		     : "cc", "memory");
}

static void check_lazy_flags(void)
{
	static const u64 want[] = { 0x95, 0x44 };
	unsigned int i;

	row("FRAME-FLAGS");
	for (i = 0; i < 2; i++) {
		uintr_setup();
		wrmsr(MSR_UINTR_RR, 1);
		run(MODE_USER, do_lazy, i);
		ok(uintr_log.count == 1 && (uintr_log.frame.rflags & RFLAGS_ARITH) == want[i],
		   "flags of the instruction before (%lx, %lx is right)",
		   uintr_log.frame.rflags & RFLAGS_ARITH, want[i]);
	}
}

/* The state of a delivery which has not happened; UIRR was 6. */
static void expect_untouched(int vector, u64 rsp, const char *what)
{
	row("FRAME-FAULT");
	ok(last.vector == vector && last.regs.rip == (u64)do_nothing && last.regs.rsp == rsp,
	   "%s: fault at the interrupted instruction (trap %d, RIP %lx, RSP %lx)", what,
	   last.vector, last.regs.rip, last.regs.rsp);
	ok(rdmsr(MSR_UINTR_RR) == 6 && testui(), "%s: UIRR %lx and UIF as before", what,
	   rdmsr(MSR_UINTR_RR));
}

static void try_delivery(u64 rsp, u64 adjust)
{
	uintr_setup();
	wrmsr(MSR_UINTR_HANDLER, (u64)raw_handler);
	wrmsr(MSR_UINTR_STACKADJUST, adjust);
	wrmsr(MSR_UINTR_RR, 6);
	stui();
	last = (struct guard){ .user_rsp = rsp };
	run_guarded(&last, MODE_USER, do_nothing, 0);
}

/* Delivery with the frame's top at @top, while @page has only these @rights: faults at @cr2. */
static void check_fault(u64 top, bool load, u64 page, u64 rights, u64 cr2, const char *what)
{
	u64 rsp = load ? (u64)&alternate[PAGE_SIZE] : top;
	u64 old = page_rights((void *)page, rights);
	u64 error = rights & PTE_P ? 7 : 6;

	try_delivery(rsp, load ? top | 1 : 0);
	expect_untouched(VEC_PF, rsp, what);
	row("FRAME-USER");
	ok(last.regs.error == error && last.cr2 == cr2, "%s: error code %lx, CR2 %lx", what,
	   last.regs.error, last.cr2);

	row("FRAME-FAULT");
	page_rights((void *)page, old);
	last = (struct guard){ .user_rsp = rsp };
	run_guarded(&last, MODE_USER, do_nothing, 0);
	ok(last.vector == VEC_UD && frame()->vector == 2 && frame()->rsp == rsp &&
		   frame()->rip == (u64)do_nothing && (u64)(frame() + 1) == top &&
		   rdmsr(MSR_UINTR_RR) == 2 && !testui(),
	   "%s: delivered once the page is there (trap %d)", what, last.vector);
}

static void check_faults(void)
{
	static const u64 rights[] = { 0, PTE_P | PTE_U, PTE_P | PTE_W };
	static const char *const names[] = { "absent", "read-only", "supervisor" };
	u64 page = (u64)&stack[PAGE_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++) {
		print("# %s page\n", names[i]);
		check_fault(page, false, (u64)stack, rights[i], page - 8, "the first push");
		check_fault(page, true, (u64)stack, rights[i], page - 8,
			    "the first push, loaded RSP");
		check_fault(page + 16, false, (u64)stack, rights[i], page - 8, "the third push");
		check_fault(page + 16, true, (u64)stack, rights[i], page - 8,
			    "the third push, loaded RSP");
		check_fault(page + 16, false, page, rights[i], page + 8, "the upper page");
	}
}

static void check_canonical(void)
{
	u64 outside = 0x800000000000;

	row("FRAME-CANON");
	try_delivery(outside + 4096, 0);
	ok(last.vector == VEC_SS && !last.regs.error, "#SS(0) (trap %d, error %lx)", last.vector,
	   last.regs.error);
	expect_untouched(VEC_SS, outside + 4096, "non-canonical stack");
	row("FRAME-CANON");
	try_delivery((u64)&stack[PAGE_SIZE], (u64)&stack[PAGE_SIZE] - outside - 4096);
	ok(last.vector == VEC_SS && !last.regs.error, "#SS(0) by adjustment (trap %d)",
	   last.vector);
	expect_untouched(VEC_SS, (u64)&stack[PAGE_SIZE], "non-canonical after adjustment");
	clui();
}

/* The handler's page: delivery is complete, the fault is the handler's, and UIRET goes back. */
static void check_handler_fault(void)
{
	u64 page = (u64)&stack[PAGE_SIZE];
	u64 rights = page_rights(alternate, 0);

	row("FRAME-HANDLER");
	uintr_setup();
	wrmsr(MSR_UINTR_HANDLER, (u64)alternate);
	wrmsr(MSR_UINTR_RR, 6);
	stui();
	last = (struct guard){ .user_rsp = page };
	run_guarded(&last, MODE_USER, do_nothing, 0);
	ok(last.vector == VEC_PF && last.regs.rip == (u64)alternate && last.cr2 == (u64)alternate &&
		   rdmsr(MSR_UINTR_RR) == 2 && !testui() && last.regs.rsp == page - 128 - 32,
	   "a fault on the handler's first instruction comes after delivery (RIP %lx, UIRR %lx)",
	   last.regs.rip, rdmsr(MSR_UINTR_RR));
	ok(last.regs.error == 4 || last.regs.error == 0x14, "it is a user's fetch (error %lx)",
	   last.regs.error);
	ok(*(u64 *)last.regs.rsp == 2 && ((u64 *)last.regs.rsp)[1] == (u64)do_nothing,
	   "with the frame written");
	page_rights(alternate, rights);
}

void test_main(void)
{
	check_stacks();
	check_flags();
	check_lazy_flags();
	check_faults();
	check_canonical();
	check_handler_fault();
}
