// SPDX-License-Identifier: MIT
/* Identification and processing of notifications. */
#include "uintr.h"

#define LOW_VECTOR	0x31	/* of a lower, and a higher priority class than UINV */
#define HIGH_VECTOR	0x51

static volatile int plain;	/* interrupts which went through the IDT */
static volatile unsigned int delivered_before;	/* user interrupts until the last of them */

static void count_plain(struct regs *regs)
{
	(void)regs;
	plain++;
	delivered_before = uintr_log.count;
	apic_eoi();
}

static void start(void)
{
	uintr_setup();
	plain = 0;
	irq_handler[UINV] = count_plain;
	irq_handler[OTHER_VECTOR] = count_plain;
}

static void take_interrupts(void)
{
	sti();
	cli();
}

static bool apic_idle(int vector)
{
	return !apic_bit(APIC_IRR, vector) && !apic_bit(APIC_ISR, vector);
}

static void do_spin(u64 arg)
{
	volatile u64 i;

	(void)arg;
	for (i = 0; i < 1000; i++)
		;
}

static int run_if(code_fn fn)
{
	last = (struct guard){ .rflags = RFLAGS_IF };
	return run_guarded(&last, MODE_USER, fn, 0);
}

static void check_cpl0(void)
{
	row("NOTE-MASK");
	start();
	senduipi(5);
	ok(upid[0].status == UPID_ON && upid[0].pir == 1 << 5 && rdmsr(MSR_UINTR_RR) == 0,
	   "nothing happens while IF = 0");
	row("NOTE-CPL0 NOTE-PIR NOTE-ON");
	take_interrupts();
	ok(upid[0].status == 0 && upid[0].pir == 0 && rdmsr(MSR_UINTR_RR) == 1 << 5,
	   "at CPL 0 it moves PIR to UIRR and clears ON (ON %d, PIR %lx, UIRR %lx)", upid[0].status,
	   upid[0].pir, rdmsr(MSR_UINTR_RR));
	row("NOTE-UINV");
	ok(plain == 0, "the IDT has no part in it");
	row("NOTE-EOI APIC-EOI");
	ok(apic_idle(UINV), "EOI is done");

	row("NOTE-PIR");

	senduipi(6);
	take_interrupts();
	ok(rdmsr(MSR_UINTR_RR) == (1 << 5 | 1 << 6), "UIRR collects (%lx)", rdmsr(MSR_UINTR_RR));

	/* With more than one bit, and with SN set, which is none of the receiver's business. */
	row("NOTE-PIR NOTE-ON");
	start();
	wrmsr(MSR_UINTR_RR, 1ull << 40);
	upid[0].pir = 1ull << 63 | 1ull << 32 | 1;
	upid[0].status = UPID_ON | UPID_SN;
	apic_self_ipi(UINV);
	take_interrupts();
	ok(rdmsr(MSR_UINTR_RR) == (1ull << 63 | 1ull << 40 | 1ull << 32 | 1) && upid[0].pir == 0 &&
		   upid[0].status == UPID_SN,
	   "takes all of PIR, clears ON only (UIRR %lx, status %d)", rdmsr(MSR_UINTR_RR),
	   upid[0].status);

	row("NOTE-EMPTY");
	start();
	apic_self_ipi(UINV);
	take_interrupts();
	ok(rdmsr(MSR_UINTR_RR) == 0 && plain == 0 && apic_idle(UINV),
	   "an empty one is swallowed too");
}

static void check_cpl3(void)
{
	row("NOTE-UIF");
	start();
	senduipi(7);
	run_if(do_spin);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1 << 7 && upid[0].status == 0,
	   "at CPL 3 with UIF = 0 it pends (count %d, UIRR %lx)", uintr_log.count,
	   rdmsr(MSR_UINTR_RR));
	stui();
	run_if(do_spin);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 7, "and is delivered with UIF = 1");

	row("NOTE-UINV");
	start();
	stui();
	senduipi(3);
	run_if(do_spin);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 3 && plain == 0,
	   "at CPL 3 with UIF = 1 it is delivered");

	/* Delivery comes behind all interrupts, but before the next instruction. */
	row("DELIV-IRQ");
	start();
	stui();
	wrmsr(MSR_UINTR_RR, 4);
	apic_self_ipi(OTHER_VECTOR);
	run_if(do_spin);
	ok(plain == 1 && delivered_before == 0 && uintr_log.count == 1 &&
		   uintr_log.frame.rip == (u64)do_spin,
	   "an ordinary interrupt comes first, delivery at the same boundary (%d, %d, %d)", plain,
	   delivered_before, uintr_log.count);
	row("NOTE-PIR FRAME-VECTOR");
	start();
	stui();
	wrmsr(MSR_UINTR_RR, 4);
	senduipi(1);
	run_if(do_spin);
	ok(uintr_log.count == 2 && uintr_log.vectors[0] == 2 && uintr_log.vectors[1] == 1 &&
		   uintr_log.frame.rip == (u64)do_spin,
	   "a notification adds to what is pending (%d)", uintr_log.count);
	row("DELIV-IF");
	start();
	stui();
	wrmsr(MSR_UINTR_RR, 4);
	apic_write(APIC_TPR, 0xf0);
	apic_self_ipi(OTHER_VECTOR);
	run_if(do_spin);
	ok(plain == 0 && uintr_log.count == 1 && uintr_log.frame.rip == (u64)do_spin,
	   "the task priority holds interrupts back, not delivery (%d, %d)", plain,
	   uintr_log.count);
	row("NOTE-MASK");
	senduipi(6);
	take_interrupts();
	ok(upid[0].status == UPID_ON && rdmsr(MSR_UINTR_RR) == 0 && apic_bit(APIC_IRR, UINV),
	   "and it holds a notification back (ON %d, UIRR %lx)", upid[0].status,
	   rdmsr(MSR_UINTR_RR));
	apic_write(APIC_TPR, 0);
	take_interrupts();
	ok(upid[0].status == 0 && rdmsr(MSR_UINTR_RR) == 1 << 6 && plain == 1,
	   "until it is lowered (ON %d, UIRR %lx)", upid[0].status, rdmsr(MSR_UINTR_RR));
}

/*
 * An interrupt of a higher class is in service while a notification waits, then one of a lower class
 * while it is processed: its EOI must end itself only.
 */
static volatile bool in_service_after, notified_early;

static void nest_low(struct regs *regs)
{
	(void)regs;
	plain++;
	senduipi(4);
	take_interrupts();
	in_service_after = apic_bit(APIC_ISR, LOW_VECTOR) && !apic_bit(APIC_ISR, UINV);
	apic_eoi();
}

static void nest_high(struct regs *regs)
{
	(void)regs;
	plain++;
	senduipi(4);
	take_interrupts();
	notified_early = rdmsr(MSR_UINTR_RR) != 0;
	apic_eoi();
}

static void check_nesting(void)
{
	row("NOTE-EOI");
	start();
	irq_handler[LOW_VECTOR] = nest_low;
	apic_self_ipi(LOW_VECTOR);
	take_interrupts();
	ok(plain == 1 && rdmsr(MSR_UINTR_RR) == 1 << 4 && in_service_after && apic_idle(LOW_VECTOR),
	   "a notification inside a handler of lower priority ends only itself (%d, UIRR %lx)",
	   plain, rdmsr(MSR_UINTR_RR));

	row("NOTE-MASK");
	start();
	irq_handler[HIGH_VECTOR] = nest_high;
	apic_self_ipi(HIGH_VECTOR);
	take_interrupts();
	ok(plain == 1 && !notified_early && rdmsr(MSR_UINTR_RR) == 1 << 4,
	   "one inside a handler of higher priority waits for its end (%d, UIRR %lx)", plain,
	   rdmsr(MSR_UINTR_RR));
}

/* NOP until INT 80h, in 32-bit code, with interrupts on. */
extern void compat_code(u64 arg);
asm(".text\ncompat_code: .fill 64, 1, 0x90\n int $0x80\n");

static void check_compat(void)
{
	row("NOTE-COMPAT DELIV-MODE");
	start();
	senduipi(9);
	stui();
	last = (struct guard){ .rflags = RFLAGS_IF };
	run_guarded(&last, MODE_COMPAT, compat_code, 0);
	ok(last.vector == VEC_EXIT && plain == 0 && upid[0].status == 0 && upid[0].pir == 0 &&
		   rdmsr(MSR_UINTR_RR) == 1 << 9 && uintr_log.count == 0,
	   "in compatibility mode it is processed, not delivered (trap %d, UIRR %lx, count %d)",
	   last.vector, rdmsr(MSR_UINTR_RR), uintr_log.count);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 9, "but in 64-bit mode afterwards");
}

/* Every bit of the first half but ON is the software's: processing leaves it. */
static void check_first_half(void)
{
	u64 low = 0xa5c3d200ull << 32 | UPID_ON | UPID_SN | 0xc3ull << 16;

	row("NOTE-ON");
	start();
	upid[0].low = low;
	upid[0].pir = 1ull << 50;
	apic_self_ipi(UINV);
	take_interrupts();
	ok(upid[0].low == (low & ~(u64)UPID_ON) && rdmsr(MSR_UINTR_RR) == 1ull << 50,
	   "only ON changes in the first half: %lx becomes %lx", low, upid[0].low);
}

/* The CPU ends the interrupt by itself, whatever the page tables say. */
static void check_unmapped(void)
{
	row("APIC-EOI");
	start();
	senduipi(5);
	map_apic(false);
	take_interrupts();
	map_apic(true);
	ok(rdmsr(MSR_UINTR_RR) == 1 << 5 && apic_idle(UINV),
	   "EOI is done with the APIC's page absent (UIRR %lx)", rdmsr(MSR_UINTR_RR));
	apic_self_ipi(OTHER_VECTOR);
	take_interrupts();
	ok(plain == 1, "and other interrupts still come (%d)", plain);
}

static void check_identity(void)
{
	row("NOTE-OTHER");
	start();
	upid[0].nv = OTHER_VECTOR;
	senduipi(1);
	take_interrupts();
	ok(plain == 1 && upid[0].status == UPID_ON && upid[0].pir == 2 && rdmsr(MSR_UINTR_RR) == 0,
	   "NV that is not UINV is a plain interrupt, ON and PIR stay (ON %d, PIR %lx)",
	   upid[0].status, upid[0].pir);
	senduipi(2);
	take_interrupts();
	ok(plain == 1 && upid[0].pir == 6, "and later sends are silent until ON is cleared");
	upid[0].status = 0;
	senduipi(3);
	take_interrupts();
	ok(plain == 2, "and not after that");

	row("NOTE-CR4");
	start();
	write_cr4(read_cr4() & ~(u64)CR4_UINTR);
	apic_self_ipi(UINV);
	take_interrupts();
	ok(plain == 1, "with CR4.UINTR = 0 the vector is a plain one");

	row("NOTE-UINV");
	start();
	wrmsr(MSR_UINTR_MISC, (u64)OTHER_VECTOR << 32 | (UITT_ENTRIES - 1));
	upid[0].nv = OTHER_VECTOR;
	senduipi(1);
	take_interrupts();
	ok(plain == 0 && rdmsr(MSR_UINTR_RR) == 2, "UINV is what the MSR says");
	apic_self_ipi(UINV);
	take_interrupts();
	ok(plain == 1, "and the old one is plain");

	row("NOTE-MASK");
	start();
	asm volatile("int %0" : : "i"(UINV));
	apic_eoi();
	ok(plain == 1, "INT n is no notification");
}

static void do_halt(u64 arg)
{
	(void)arg;
	senduipi(4);
	asm volatile("sti; hlt; cli" : : : "memory");
}

static void check_halt(void)
{
	row("NOTE-HLT");
	start();
	ok(run(MODE_KERNEL, do_halt, 0) == VEC_NONE && rdmsr(MSR_UINTR_RR) == 1 << 4,
	   "it ends HLT");
}

static void do_take(u64 arg)
{
	(void)arg;
	take_interrupts();
}

static void do_load(u64 addr)
{
	*(volatile u64 *)addr;
}

static void check_fault(void)
{
	u64 rights;
	int vector;

	row("NOTE-PF");
	start();
	senduipi(5);
	rights = page_rights(upid, 0);
	vector = run(MODE_KERNEL, do_take, 0);
	page_rights(upid, rights);
	ok(vector == VEC_PF && last.cr2 == (u64)&upid[0] && last.regs.error == 2 && apic_idle(UINV),
	   "an absent UPID is a page fault, not a crash (trap %d, CR2 %lx, error %lx)", vector,
	   last.cr2, last.regs.error);
	ok(upid[0].status == UPID_ON && upid[0].pir == 1 << 5, "and it keeps ON and PIR");

	start();
	senduipi(5);
	rights = page_rights(upid, PTE_P);
	vector = run(MODE_KERNEL, do_take, 0);
	page_rights(upid, rights);
	ok(vector == VEC_PF && last.cr2 == (u64)&upid[0] && last.regs.error == 3 &&
		   upid[0].status == UPID_ON && upid[0].pir == 1 << 5,
	   "a read-only UPID is a write's page fault (trap %d, error %lx)", vector,
	   last.regs.error);

	/* At CPL 3 too it is a supervisor's access: no U in the error code. */
	start();
	senduipi(5);
	rights = page_rights(upid, 0);
	run_if(do_spin);
	page_rights(upid, rights);
	ok(last.vector == VEC_PF && last.cr2 == (u64)&upid[0] && last.regs.error == 2 &&
		   last.regs.cs == USER_CS,
	   "and at CPL 3 still a supervisor's (trap %d, error %lx)", last.vector, last.regs.error);

	row("NOTE-EXT");
	/* Nothing of the notification must show in the error code of a later fault. */
	start();
	senduipi(5);
	take_interrupts();
	vector = run(MODE_KERNEL, do_load, 0x800000000000);
	ok(vector == VEC_GP && last.regs.error == 0, "the next #GP has error code 0 (%lx)",
	   last.regs.error);
	vector = run(MODE_USER, do_load, (u64)&upid[0]);
	ok(vector == VEC_PF && last.regs.error == 5, "the next #PF has its own error code (%lx)",
	   last.regs.error);
}

void test_main(void)
{
	check_cpl0();
	check_cpl3();
	check_nesting();
	check_unmapped();
	check_compat();
	check_first_half();
	check_identity();
	check_halt();
	check_fault();
}
