// SPDX-License-Identifier: MIT
/* Changes of the APIC's mode, and how NDST reads before and after. */
#include "uintr.h"

#define MSR_X2APIC_ID	0x802
#define MODE_BITS	(APIC_BASE_EN | APIC_BASE_EXTD)
#define STRANGER	0x70	/* an APIC id that no CPU has */

static void do_read_msr(u64 msr)
{
	rdmsr(msr);
}

static void do_write_base(u64 value)
{
	wrmsr(MSR_APIC_BASE, value);
}

static u64 mode_bits(void)
{
	return rdmsr(MSR_APIC_BASE) & MODE_BITS;
}

static void expect_refused(u64 bits, const char *what)
{
	u64 base = rdmsr(MSR_APIC_BASE);
	int vector = run(MODE_KERNEL, do_write_base, (base & ~(u64)MODE_BITS) | bits);

	ok(vector == VEC_GP && !last.regs.error && rdmsr(MSR_APIC_BASE) == base,
	   "%s faults (trap %d, mode %lx)", what, vector, mode_bits());
}

/* A send by way of @dest reaches this CPU and is processed. */
static void check_send(u32 dest, bool want, const char *what)
{
	uintr_setup();
	upid[0].ndst = dest;
	senduipi(3);
	sti();
	cli();
	ok((rdmsr(MSR_UINTR_RR) == 1 << 3) == want && (upid[0].status == 0) == want &&
		   !apic_bit(APIC_ISR, UINV) && !apic_bit(APIC_IRR, UINV),
	   "%s: NDST %x %s here (UIRR %lx, ON %d)", what, dest,
	   want ? "arrives" : "does not arrive", rdmsr(MSR_UINTR_RR), upid[0].status);
}

void test_main(void)
{
	u32 id;

	need_uintr();
	row("APIC-SWITCH");
	if (!cpu_has_x2apic()) {
		skip("no x2APIC in this CPU");
		return;
	}
	apic_set_mode(false);
	id = apic_id();
	ok(mode_bits() == APIC_BASE_EN, "xAPIC mode");
	ok(run(MODE_KERNEL, do_read_msr, MSR_X2APIC_ID) == VEC_GP, "the MSRs fault in it");
	expect_refused(APIC_BASE_EXTD, "xAPIC to the invalid state");
	check_send(id << 8, true, "xAPIC");
	check_send(STRANGER << 8, false, "xAPIC");

	apic_set_mode(true);
	ok(mode_bits() == MODE_BITS && run(MODE_KERNEL, do_read_msr, MSR_X2APIC_ID) == VEC_NONE &&
		   (rdmsr(MSR_X2APIC_ID) & 0xff) == id,
	   "x2APIC mode, with the same id");
	expect_refused(APIC_BASE_EN, "x2APIC to xAPIC");
	expect_refused(APIC_BASE_EXTD, "x2APIC to the invalid state");
	check_send(apic_id(), true, "x2APIC");
	check_send(apic_id() | STRANGER << 8, false, "x2APIC");
	check_send(0xff00, false, "x2APIC");

	run(MODE_KERNEL, do_write_base, rdmsr(MSR_APIC_BASE) & ~(u64)MODE_BITS);
	ok(last.vector == VEC_NONE && mode_bits() == 0, "x2APIC can be disabled");
	expect_refused(MODE_BITS, "disabled to x2APIC");
	expect_refused(APIC_BASE_EXTD, "disabled to the invalid state");
	apic_set_mode(false);
	ok(mode_bits() == APIC_BASE_EN && apic_id() == id, "and xAPIC mode again");
	check_send(id << 8, true, "xAPIC again");
	check_send(STRANGER << 8 | id, false, "xAPIC again");
}
