// SPDX-License-Identifier: MIT
/* When a user interrupt is delivered, and which. */
#include "uintr.h"

static volatile u64 reached;	/* how far the code had come when the handler ran */

static void note_reached(struct uintr_frame *frame)
{
	(void)frame;
	reached |= 0x100;
}

/* The same bytes in 32-bit code: NOP, INT 80h. */
extern void compat_code(u64 arg);
asm(".text\ncompat_code: nop\n nop\n int $0x80\n");

/* UIF = 1 with @rr pending, but CPL 0: nothing happens yet. */
static void pend(u64 rr)
{
	uintr_setup();
	stui();
	wrmsr(MSR_UINTR_RR, rr);
}

static void do_stui_step(u64 arg)
{
	(void)arg;
	reached = 1;
	asm volatile("stui\n .globl after_stui\nafter_stui: movq $2, %0"
		     : "=m"(reached)
		     :
		     : "memory");
}

/* UIRET to the next instruction. */
static void do_uiret_step(u64 arg)
{
	(void)arg;
	asm volatile("mov %%rsp, %%rax\n"
		     "push %%rax\n"
		     "pushfq\n"
		     "lea after_uiret(%%rip), %%rax\n"
		     "push %%rax\n"
		     "uiret\n"
		     ".globl after_uiret\nafter_uiret: nop"
		     :
		     :
		     : "rax", "memory", "cc");
}

/* STUI in the shadow of MOV SS: UIF is 1 behind it, and the shadow over. */
static void do_shadow(u64 arg)
{
	(void)arg;
	asm volatile("mov %%ss, %%eax\n"
		     "mov %%eax, %%ss\n"
		     "stui\n"
		     ".globl shadow_first\nshadow_first: nop\n"
		     "nop\n"
		     :
		     :
		     : "eax", "memory");
}

/* The same by a load from memory. */
static void do_shadow_load(u64 arg)
{
	(void)arg;
	asm volatile("mov %%ss, %%eax\n"
		     "push %%rax\n"
		     "mov (%%rsp), %%ss\n"
		     "stui\n"
		     ".globl load_first\nload_first: nop\n"
		     "pop %%rax\n"
		     :
		     :
		     : "rax", "memory");
}

/* With IOPL 3 and a notification waiting: STI keeps it off for one instruction more. */
static void do_sti(u64 arg)
{
	(void)arg;
	asm volatile("sti\n nop\n .globl after_sti\nafter_sti: nop\n cli" : : : "memory");
}

/* STUI alone, so that the trap of TF is its own. */
extern void raw_stui(u64 arg);
extern const char raw_stui_end[];
asm(".text\nraw_stui: stui\nraw_stui_end: clui\n ret\n");

/* Self-IPI from CPL 3, with interrupts on. */
static void do_self(u64 index)
{
	stui();
	senduipi(index);
	for (int i = 0; i < 1000000 && !uintr_log.count; i++)
		pause();
	clui();
}

static int run_if(int mode, code_fn fn, u64 arg)
{
	last = (struct guard){ .rflags = RFLAGS_IF };
	return run_guarded(&last, mode, fn, arg);
}

static bool log_is(unsigned int n, const u8 *vectors)
{
	unsigned int i;

	if (uintr_log.count != n)
		return false;
	for (i = 0; i < n; i++)
		if (uintr_log.vectors[i] != vectors[i])
			return false;
	return true;
}

static void check_points(void)
{
	extern const char after_stui[], after_uiret[], shadow_first[];

	row("DELIV-IRET DELIV-WRMSR");
	pend(1 << 3);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)do_nothing &&
		   uintr_log.vectors[0] == 3,
	   "at the first instruction after IRET to CPL 3 (count %d, RIP %lx)", uintr_log.count,
	   uintr_log.frame.rip);

	row("DELIV-SYSRET");
	pend(1 << 4);
	run(MODE_SYSRET, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)do_nothing &&
		   uintr_log.vectors[0] == 4,
	   "at the first instruction after SYSRET (count %d, RIP %lx)", uintr_log.count,
	   uintr_log.frame.rip);

	row("DELIV-STUI UIF-STUI");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1 << 5);
	reached = 0;
	uintr_hook = note_reached;
	run(MODE_USER, do_stui_step, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)after_stui && reached == 2,
	   "at the first instruction after STUI (count %d, RIP %lx)", uintr_log.count,
	   uintr_log.frame.rip);

	row("DELIV-UIRET");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1 << 6);
	run(MODE_USER, do_uiret_step, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)after_uiret,
	   "at the first instruction after UIRET (count %d, RIP %lx)", uintr_log.count,
	   uintr_log.frame.rip);

	row("DELIV-MOVSS");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1 << 7);
	run(MODE_USER, do_shadow, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)shadow_first,
	   "MOV SS blocks for one instruction only (count %d, RIP %lx)", uintr_log.count,
	   uintr_log.frame.rip);
}

static void check_shadow(void)
{
	extern const char load_first[], after_sti[];

	row("DELIV-MOVSS");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1 << 8);
	run(MODE_USER, do_shadow_load, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)load_first,
	   "and so from memory (count %d, RIP %lx)", uintr_log.count, uintr_log.frame.rip);

	row("NOTE-MASK DELIV-IF");
	uintr_setup();
	senduipi(2);
	stui();
	last = (struct guard){ .rflags = RFLAGS_IOPL };
	run_guarded(&last, MODE_USER, do_sti, 0);
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)after_sti &&
		   uintr_log.frame.rflags & RFLAGS_IF,
	   "a notification after STI and one instruction more, delivery with it (count %d, RIP %lx)",
	   uintr_log.count, uintr_log.frame.rip);
}

static volatile unsigned int delivered_before;
static volatile u64 trap_rip;

static void note_trap(struct regs *regs)
{
	delivered_before = uintr_log.count;
	trap_rip = regs->rip;
	regs->rflags &= ~(u64)RFLAGS_TF;
}

static void check_debug(void)
{
	/* STUI under TF: its trap comes first, delivery when the trap's handler returns. */
	row("DELIV-DB");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1 << 5);
	irq_handler[VEC_DB] = note_trap;
	delivered_before = 99;
	last = (struct guard){ .rflags = RFLAGS_TF };
	run_guarded(&last, MODE_USER, raw_stui, 0);
	ok(delivered_before == 0 && trap_rip == (u64)raw_stui_end && uintr_log.count == 1 &&
		   uintr_log.frame.rip == (u64)raw_stui_end,
	   "the trap of STUI, then delivery (%d before, RIP %lx, count %d)", delivered_before,
	   trap_rip, uintr_log.count);
	irq_handler[VEC_DB] = NULL;

	row("DELIV-FETCH");
	pend(1 << 6);
	set_breakpoint((u64)do_nothing);
	run(MODE_USER, do_nothing, 0);
	ok(last.vector == VEC_DB && last.regs.rip == (u64)do_nothing && uintr_log.count == 1 &&
		   uintr_log.frame.rip == (u64)do_nothing,
	   "an instruction breakpoint hits after delivery (trap %d, count %d)", last.vector,
	   uintr_log.count);
	clear_breakpoint();
}

static u8 absent[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void check_fetch(void)
{
	u64 rights = page_rights(absent, 0);

	pend(1 << 6);
	run(MODE_USER, (code_fn)(u64)absent, 0);
	ok(last.vector == VEC_PF && last.regs.rip == (u64)absent && last.cr2 == (u64)absent &&
		   uintr_log.count == 1 && uintr_log.frame.rip == (u64)absent,
	   "a page fault of the fetch comes after delivery (trap %d, count %d, RIP %lx)",
	   last.vector, uintr_log.count, uintr_log.frame.rip);
	page_rights(absent, rights);
}

static u8 copied[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile u64 reached_at;

/* The page fault in the middle of the string instruction: makes the page present, and a vector pending. */
static void fill_in(struct regs *regs)
{
	(void)regs;
	page_rights(&copied[PAGE_SIZE], PTE_P | PTE_W | PTE_U);
	wrmsr(MSR_UINTR_RR, 1 << 12);
}

static void note_progress(struct uintr_frame *frame)
{
	(void)frame;
	for (reached_at = 0; reached_at < sizeof(copied) && copied[reached_at]; reached_at++)
		;
}

static void do_fill(u64 arg)
{
	u8 *to = copied;
	u64 count = sizeof(copied);

	(void)arg;
	stui();
	asm volatile(".globl fill_insn\nfill_insn: rep stosb"
		     : "+D"(to), "+c"(count)
		     : "a"(0x55)
		     : "memory");
	clui();
}

static void check_string(void)
{
	extern const char fill_insn[];
	unsigned int i;

	row("DELIV-REP");
	uintr_setup();
	for (i = 0; i < sizeof(copied); i++)
		copied[i] = 0;
	page_rights(&copied[PAGE_SIZE], 0);
	irq_handler[VEC_PF] = fill_in;
	uintr_hook = note_progress;
	run(MODE_USER, do_fill, 0);
	irq_handler[VEC_PF] = NULL;
	ok(uintr_log.count == 1 && uintr_log.frame.rip == (u64)fill_insn && reached_at == PAGE_SIZE,
	   "in the middle of REP STOSB (count %d, RIP %lx, after %lu bytes)", uintr_log.count,
	   uintr_log.frame.rip, reached_at);
	for (i = 0; i < sizeof(copied) && copied[i] == 0x55; i++)
		;
	ok(last.vector == VEC_EXIT && i == sizeof(copied), "which then goes on (%d bytes, trap %d)",
	   i, last.vector);
}

/* Interrupts of CPL 0 in between do not lose what is pending, and a vector can be taken back. */
static void check_wrmsr(void)
{
	row("DELIV-WRMSR");
	pend(1 << 3);
	wrmsr(MSR_UINTR_RR, 0);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0, "a write of 0 takes it back (%d)", uintr_log.count);
	wrmsr(MSR_UINTR_RR, 1ull << 63);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 63, "and a write again brings it");
}

static void check_conditions(void)
{
	row("DELIV-UIF");
	uintr_setup();
	wrmsr(MSR_UINTR_RR, 1);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1, "not while UIF = 0");

	row("DELIV-CPL");
	pend(1);
	run(MODE_KERNEL, do_nothing, 0);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1 && testui(), "not at CPL 0");

	pend(1);
	run(MODE_KERNEL, do_stui, 0);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1, "not at STUI at CPL 0");

	row("DELIV-CR4 CR4-PEND CR4-GATE");
	pend(1);
	write_cr4(read_cr4() & ~(u64)CR4_UINTR);
	run(MODE_USER, do_nothing, 0);
	write_cr4(read_cr4() | CR4_UINTR);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1 && testui(), "not while CR4.UINTR = 0");
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && rdmsr(MSR_UINTR_RR) == 0, "but as soon as it is 1 again");

	row("DELIV-MODE");
	pend(1);
	run(MODE_COMPAT, compat_code, 0);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1, "not in compatibility mode");

	row("DELIV-UIF");
	pend(1);
	clui();
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0, "CLUI takes a pending one back");
	stui();
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1, "and it is not lost");

	row("DELIV-IF");
	pend(1);
	run_if(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1, "with IF = 1");
	pend(1);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1, "with IF = 0");
}

static void check_order(void)
{
	static const u8 order[] = { 63, 40, 32, 31, 7, 0 };
	u64 rr = 0;
	unsigned int i;

	row("FRAME-VECTOR FRAME-UIRR");
	for (i = 0; i < sizeof(order); i++)
		rr |= 1ull << order[i];
	pend(rr);
	run(MODE_USER, do_nothing, 0);
	ok(log_is(sizeof(order), order), "the highest vector first, each one once (%d)",
	   uintr_log.count);
	ok(rdmsr(MSR_UINTR_RR) == 0 && testui(), "nothing is left, and UIRET set UIF");

	for (i = 0; i < 64; i++) {
		pend(1ull << i);
		run(MODE_USER, do_nothing, 0);
		if (uintr_log.count != 1 || uintr_log.frame.vector != i || rdmsr(MSR_UINTR_RR))
			break;
	}
	ok(i == 64, "each of the 64 vectors (%d)", i);
}

/* Ends in the handler, by a fault, to look at the state there. */
static void fault_in_handler(struct uintr_frame *frame)
{
	(void)frame;
	asm volatile("ud2");
}

static void check_one_bit(void)
{
	row("FRAME-VECTOR FRAME-UIRR FRAME-UIF");
	pend(1ull << 63 | 1ull << 40 | 2);
	uintr_hook = fault_in_handler;
	run(MODE_USER, do_nothing, 0);
	ok(last.vector == VEC_UD && uintr_log.count == 1 && uintr_log.frame.vector == 63,
	   "the handler has the number of the vector (%lx)", uintr_log.frame.vector);
	ok(rdmsr(MSR_UINTR_RR) == (1ull << 40 | 2), "only its bit is cleared (UIRR %lx)",
	   rdmsr(MSR_UINTR_RR));
	ok(!testui(), "UIF is 0 in the handler");
}

static void check_self(void)
{
	row("NOTE-UINV SEND-CPL");
	uintr_setup();
	run_if(MODE_USER, do_self, 6);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 6 && upid[0].status == 0 &&
		   upid[0].pir == 0,
	   "SENDUIPI to itself at CPL 3 (count %d, ON %d, PIR %lx)", uintr_log.count,
	   upid[0].status, upid[0].pir);
	uintr_log.count = 0;
	run_if(MODE_USER, do_self, 7);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 7, "and again");
}

void test_main(void)
{
	check_points();
	check_shadow();
	check_conditions();
	check_wrmsr();
	check_debug();
	check_fetch();
	check_string();
	check_order();
	check_one_bit();
	check_self();
}
