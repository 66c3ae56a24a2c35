// SPDX-License-Identifier: MIT
/* User interrupts as a supervisor component of XSAVES and XRSTORS. */
#include "uintr.h"

#define UINTR_BIT	(1ull << 14)
#define X87_SSE		3ull
#define COMPACT		(1ull << 63)
#define UIF		(1ull << 63)	/* in the third word */

#define HANDLER		0xffff800012345679
#define ADJUST		0x00007123456789ab
#define UITTSZ		0x89abcdefull
#define PD		0xffffffffffffffc0
#define RR		0x8000000100000081
#define TT		0x00007fedcba98761

/* A compacted XSAVE area with nothing else in its extended region. */
static struct area {
	u8 legacy[512];
	u64 xstate_bv, xcomp_bv, reserved[6];
	u64 handler, adjust, misc, pd, rr, tt;
	u8 rest[PAGE_SIZE - 624];
} area __attribute__((aligned(PAGE_SIZE)));

static const char *const all_rows =
	"ENUM-XSAVE XS-XSS XS-SAVE XS-UINV XS-RESTORE XS-BUSY XS-RESERVED XS-CANON XS-PENDING "
	"XS-INIT XS-PARTIAL XS-CR4 XS-XSAVEC DELIV-XRSTORS";

static void do_xsaves(u64 mask)
{
	asm volatile("xsaves64 %0"
		     : "+m"(area)
		     : "a"((u32)mask), "d"((u32)(mask >> 32))
		     : "memory");
}

static void do_xrstors(u64 mask)
{
	asm volatile("xrstors64 %0"
		     :
		     : "m"(area), "a"((u32)mask), "d"((u32)(mask >> 32))
		     : "memory");
}

static void do_xsavec(u64 mask)
{
	asm volatile("xsavec64 %0"
		     : "+m"(area)
		     : "a"((u32)mask), "d"((u32)(mask >> 32))
		     : "memory");
}

static void do_xsave(u64 mask)
{
	asm volatile("xsave64 %0" : "+m"(area) : "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
}

static void do_xrstor(u64 mask)
{
	asm volatile("xrstor64 %0"
		     :
		     : "m"(area), "a"((u32)mask), "d"((u32)(mask >> 32))
		     : "memory");
}

static void do_write_xss(u64 val)
{
	wrmsr(MSR_XSS, val);
}

static void set_state(bool uif, u8 uinv)
{
	if (uif)
		stui();
	else
		clui();
	wrmsr(MSR_UINTR_HANDLER, HANDLER);
	wrmsr(MSR_UINTR_STACKADJUST, ADJUST);
	wrmsr(MSR_UINTR_MISC, (u64)uinv << 32 | UITTSZ);
	wrmsr(MSR_UINTR_PD, PD);
	wrmsr(MSR_UINTR_RR, RR);
	wrmsr(MSR_UINTR_TT, TT);
}

static void clear_state(void)
{
	u32 msr;

	clui();
	for (msr = MSR_UINTR_RR; msr <= MSR_UINTR_TT; msr++)
		wrmsr(msr, 0);
}

/* The MSRs and UIF are those of set_state(@uif, @uinv). */
static bool state_is(bool uif, u8 uinv)
{
	return testui() == uif && rdmsr(MSR_UINTR_HANDLER) == HANDLER &&
	       rdmsr(MSR_UINTR_STACKADJUST) == ADJUST &&
	       rdmsr(MSR_UINTR_MISC) == ((u64)uinv << 32 | UITTSZ) && rdmsr(MSR_UINTR_PD) == PD &&
	       rdmsr(MSR_UINTR_RR) == RR && rdmsr(MSR_UINTR_TT) == TT;
}

static bool state_is_clear(void)
{
	u32 msr;

	for (msr = MSR_UINTR_RR; msr <= MSR_UINTR_TT; msr++)
		if (rdmsr(msr))
			return false;
	return !testui();
}

static void wipe(void)
{
	u8 *p;

	for (p = (u8 *)&area; p < (u8 *)(&area + 1); p++)
		*p = 0;
}

/* An image for XRSTORS of the state of set_state(@uif, 0), but with this UIRR. */
static void compose(bool uif, u64 rr)
{
	wipe();
	area.xstate_bv = UINTR_BIT;
	area.xcomp_bv = COMPACT | UINTR_BIT;
	area.handler = HANDLER;
	area.adjust = ADJUST;
	area.misc = UITTSZ | (uif ? UIF : 0);
	area.pd = PD;
	area.rr = rr;
	area.tt = TT;
}

static void check_enumeration(void)
{
	struct cpuid c = cpuid(0xd, 14);
	u64 listed = cpuid(0xd, 1).ecx | (u64)cpuid(0xd, 1).edx << 32;
	unsigned int bit;

	row("ENUM-XSAVE");
	ok(c.eax == 48 && c.ebx == 0 && (c.ecx & 3) == 1 && c.edx == 0,
	   "CPUID.(0Dh,14): size %u, offset %u, flags %x", c.eax, c.ebx, c.ecx);
	ok(listed & UINTR_BIT, "CPUID.(0Dh,1) lists it for IA32_XSS (%lx)", listed);
	ok(cpuid(0xd, 1).ebx == 576, "without it an area is 576 bytes (%u)", cpuid(0xd, 1).ebx);

	row("XS-XSS");
	ok(rdmsr(MSR_XSS) == 0, "IA32_XSS is 0 after reset");
	for (bit = 0; bit < 64; bit++)
		if (!(listed >> bit & 1))
			ok(run(MODE_KERNEL, do_write_xss, 1ull << bit) == VEC_GP &&
				   !last.regs.error && !rdmsr(MSR_XSS),
			   "IA32_XSS bit %d faults", bit);
	ok(run(MODE_KERNEL, do_write_xss, UINTR_BIT) == VEC_NONE && rdmsr(MSR_XSS) == UINTR_BIT,
	   "IA32_XSS[14] can be set");
	row("ENUM-XSAVE");
	ok(cpuid(0xd, 1).ebx == 576 + 48, "with it 48 more (%u)", cpuid(0xd, 1).ebx);
}

static void check_save(bool uif)
{
	row("XS-SAVE");
	wipe();
	set_state(uif, 0xe5);
	ok(run(MODE_KERNEL, do_xsaves, UINTR_BIT) == VEC_NONE && area.xstate_bv == UINTR_BIT &&
		   area.xcomp_bv == (COMPACT | UINTR_BIT),
	   "XSAVES (trap %d, XSTATE_BV %lx, XCOMP_BV %lx)", last.vector, area.xstate_bv,
	   area.xcomp_bv);
	ok(area.handler == HANDLER && area.adjust == ADJUST && area.pd == PD && area.rr == RR &&
		   area.tt == TT,
	   "stores handler %lx, adjustment %lx, UPID %lx, UIRR %lx, UITT %lx", area.handler,
	   area.adjust, area.pd, area.rr, area.tt);
	ok(area.misc == (0xe5ull << 32 | UITTSZ | (uif ? UIF : 0)),
	   "stores UINV, UITTSZ and UIF = %d (%lx)", uif, area.misc);
	row("XS-UINV");
	ok(state_is(uif, 0), "clears UINV and nothing else (MISC %lx)", rdmsr(MSR_UINTR_MISC));

	row("XS-RESTORE");
	area.misc &= ~(0xffull << 32);
	clear_state();
	if (!uif)
		stui();
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_NONE && state_is(uif, 0),
	   "XRSTORS of what was saved, UINV taken out (trap %d, UIF %d)", last.vector, testui());
	area.misc |= 0x77ull << 32;
	clear_state();
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_NONE && state_is(uif, 0x77),
	   "and with another UINV (trap %d, MISC %lx)", last.vector, rdmsr(MSR_UINTR_MISC));
	wrmsr(MSR_UINTR_MISC, 0);
}

/* A fault in the middle must not have taken UINV. */
static void check_fault(void)
{
	u64 rights;

	row("XS-UINV");
	set_state(true, 0xe5);
	rights = page_rights(&area, 0);
	ok(run(MODE_KERNEL, do_xsaves, UINTR_BIT) == VEC_PF && state_is(true, 0xe5),
	   "an XSAVES that faults leaves UINV (trap %d, MISC %lx)", last.vector,
	   rdmsr(MSR_UINTR_MISC));
	page_rights(&area, rights);
	set_state(false, 0xe5);
	ok(run(MODE_USER, do_xsaves, UINTR_BIT) == VEC_GP && state_is(false, 0xe5),
	   "XSAVES is for CPL 0 (trap %d)", last.vector);
	clear_state();
}

static void expect_refused(const char *what, u64 value)
{
	int vector = run(MODE_KERNEL, do_xrstors, UINTR_BIT);

	ok(vector == VEC_GP && !last.regs.error, "XRSTORS with %s %lx faults (trap %d)", what,
	   value, vector);
	clear_state();
	compose(true, RR);
}

static void check_busy(void)
{
	row("XS-BUSY");
	compose(true, 5);
	set_state(false, 1);
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_GP && !last.regs.error &&
		   state_is(false, 1),
	   "UINV = 1 before (trap %d)", last.vector);
	wrmsr(MSR_UINTR_MISC, 0xffull << 32);
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_GP, "UINV = FFh before (trap %d)",
	   last.vector);
	wrmsr(MSR_UINTR_MISC, UITTSZ);
	compose(true, RR);
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_NONE && state_is(true, 0),
	   "UINV = 0 before, UITTSZ not (trap %d)", last.vector);
	clear_state();
}

static void check_reserved(void)
{
	unsigned int bit;

	row("XS-RESERVED");
	compose(true, RR);
	for (bit = 40; bit < 63; bit++) {
		area.misc |= 1ull << bit;
		expect_refused("word 2", 1ull << bit);
	}
	for (bit = 0; bit < 6; bit++) {
		area.pd |= 1ull << bit;
		expect_refused("word 3", area.pd);
	}
	for (bit = 1; bit < 4; bit++) {
		area.tt = 1ull << bit;
		expect_refused("word 5", area.tt);
	}
	area.xcomp_bv = UINTR_BIT;
	expect_refused("XCOMP_BV", UINTR_BIT);
	area.xcomp_bv = COMPACT;
	expect_refused("XSTATE_BV beyond XCOMP_BV", UINTR_BIT);
	area.reserved[0] = 1;
	expect_refused("header byte 16", 1);

	row("XS-CANON");
	for (bit = 56; bit < 64; bit++) {
		area.handler = 1ull << bit;
		expect_refused("handler", 1ull << bit);
		area.adjust = 1ull << bit;
		expect_refused("adjustment", 1ull << bit);
		area.pd = 1ull << bit;
		expect_refused("UPID", 1ull << bit);
		area.tt = 1ull << bit;
		expect_refused("UITT", 1ull << bit);
	}
}

/* An image of the library's receiver, to take user interrupts with. */
static void compose_receiver(bool uif, u64 rr)
{
	uintr_setup();
	compose(uif, rr);
	area.handler = rdmsr(MSR_UINTR_HANDLER);
	area.adjust = rdmsr(MSR_UINTR_STACKADJUST);
	area.pd = rdmsr(MSR_UINTR_PD);
	area.tt = rdmsr(MSR_UINTR_TT);
	wrmsr(MSR_UINTR_MISC, 0);
}

static void check_pending(void)
{
	row("XS-PENDING DELIV-XRSTORS");
	compose_receiver(true, 1ull << 33);
	run(MODE_KERNEL, do_xrstors, UINTR_BIT);
	ok(last.vector == VEC_NONE && uintr_log.count == 0, "not at CPL 0 (trap %d)", last.vector);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 33 &&
		   uintr_log.frame.rip == (u64)do_nothing,
	   "UIRR restored is delivered after the return to CPL 3 (%d)", uintr_log.count);

	compose_receiver(false, 1ull << 33);
	run(MODE_KERNEL, do_xrstors, UINTR_BIT);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0, "not with UIF = 0 restored (%d)", uintr_log.count);
	run(MODE_USER, do_stui, 0);
	ok(uintr_log.count == 1, "but after STUI");

	row("XS-PENDING");
	compose_receiver(true, 0);
	stui();
	wrmsr(MSR_UINTR_RR, 2);
	run(MODE_KERNEL, do_xrstors, UINTR_BIT);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0, "UIRR = 0 restored takes a pending one back (%d)",
	   uintr_log.count);
}

static void check_init(void)
{
	row("XS-INIT");
	compose(true, RR);
	area.xstate_bv = 0;
	set_state(true, 0);
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_NONE && state_is_clear(),
	   "XRSTORS with XSTATE_BV[14] = 0 clears all (trap %d, UIF %d, UIRR %lx)", last.vector,
	   testui(), rdmsr(MSR_UINTR_RR));

	compose_receiver(true, 1);
	area.xstate_bv = 0;
	stui();
	wrmsr(MSR_UINTR_RR, 2);
	run(MODE_KERNEL, do_xrstors, UINTR_BIT);
	wrmsr(MSR_UINTR_HANDLER, (u64)uintr_entry);
	wrmsr(MSR_UINTR_STACKADJUST, 128);
	run(MODE_USER, do_stui, 0);
	ok(uintr_log.count == 0, "and nothing is pending (%d)", uintr_log.count);

	/* All of it in the initial state: saved as such, or as zeros. */
	clear_state();
	compose(true, RR);
	run(MODE_KERNEL, do_xsaves, UINTR_BIT);
	ok(last.vector == VEC_NONE && area.xcomp_bv == (COMPACT | UINTR_BIT) &&
		   (!area.xstate_bv || (area.xstate_bv == UINTR_BIT && !area.handler &&
					!area.misc && !area.rr && !area.tt)),
	   "XSAVES of the initial state (XSTATE_BV %lx)", area.xstate_bv);
}

static void check_partial(void)
{
	row("XS-PARTIAL");
	wipe();
	set_state(true, 0xe5);
	run(MODE_KERNEL, do_xsaves, X87_SSE);
	ok(last.vector == VEC_NONE && !(area.xstate_bv & UINTR_BIT) &&
		   area.xcomp_bv == (COMPACT | X87_SSE) && state_is(true, 0xe5),
	   "XSAVES without bit 14 in the mask (XCOMP_BV %lx, MISC %lx)", area.xcomp_bv,
	   rdmsr(MSR_UINTR_MISC));
	run(MODE_KERNEL, do_xrstors, X87_SSE);
	ok(last.vector == VEC_NONE && state_is(true, 0xe5),
	   "XRSTORS without it, UINV being set (trap %d)", last.vector);

	wipe();
	wrmsr(MSR_XSS, 0);
	run(MODE_KERNEL, do_xsaves, X87_SSE | UINTR_BIT);
	ok(last.vector == VEC_NONE && area.xcomp_bv == (COMPACT | X87_SSE) && state_is(true, 0xe5),
	   "XSAVES without it in IA32_XSS (XCOMP_BV %lx)", area.xcomp_bv);
	run(MODE_KERNEL, do_xrstors, X87_SSE | UINTR_BIT);
	ok(last.vector == VEC_NONE && state_is(true, 0xe5),
	   "XRSTORS without it in IA32_XSS (trap %d)", last.vector);
	wrmsr(MSR_UINTR_MISC, 0);
	compose(true, RR);
	ok(run(MODE_KERNEL, do_xrstors, UINTR_BIT) == VEC_GP,
	   "XRSTORS of an image with it faults then (trap %d)", last.vector);
	wrmsr(MSR_XSS, UINTR_BIT);

	/* Beside other components it comes after them, without a gap. */
	wipe();
	set_state(false, 0xe5);
	run(MODE_KERNEL, do_xsaves, X87_SSE | UINTR_BIT);
	ok(last.vector == VEC_NONE && area.xcomp_bv == (COMPACT | X87_SSE | UINTR_BIT) &&
		   area.xstate_bv & UINTR_BIT && area.handler == HANDLER && area.rr == RR,
	   "XSAVES beside x87 and SSE (XSTATE_BV %lx)", area.xstate_bv);
	clear_state();
}

static void check_cr4(void)
{
	row("XS-CR4");
	wipe();
	set_state(true, 0xe5);
	write_cr4(read_cr4() & ~(u64)CR4_UINTR);
	run(MODE_KERNEL, do_xsaves, UINTR_BIT);
	ok(last.vector == VEC_NONE && area.misc == (UIF | 0xe5ull << 32 | UITTSZ) &&
		   area.rr == RR && rdmsr(MSR_UINTR_MISC) == UITTSZ,
	   "XSAVES (trap %d, word 2 %lx)", last.vector, area.misc);
	compose(false, RR);
	run(MODE_KERNEL, do_xrstors, UINTR_BIT);
	write_cr4(read_cr4() | CR4_UINTR);
	ok(last.vector == VEC_NONE && state_is(false, 0), "XRSTORS (trap %d, UIF %d)", last.vector,
	   testui());
	clear_state();
}

static void check_user_forms(void)
{
	row("XS-XSAVEC");
	wipe();
	set_state(true, 0xe5);
	if (cpuid(0xd, 1).eax >> 1 & 1) {
		run(MODE_KERNEL, do_xsavec, X87_SSE | UINTR_BIT);
		ok(last.vector == VEC_NONE && !(area.xstate_bv & UINTR_BIT) &&
			   area.xcomp_bv == (COMPACT | X87_SSE) && state_is(true, 0xe5),
		   "XSAVEC (trap %d, XCOMP_BV %lx)", last.vector, area.xcomp_bv);
	} else {
		skip("no XSAVEC in this CPU");
	}
	wipe();
	run(MODE_KERNEL, do_xsave, X87_SSE | UINTR_BIT);
	ok(last.vector == VEC_NONE && !(area.xstate_bv & UINTR_BIT) && !area.handler &&
		   state_is(true, 0xe5),
	   "XSAVE (trap %d, XSTATE_BV %lx)", last.vector, area.xstate_bv);
	wrmsr(MSR_UINTR_MISC, 0);
	compose(false, 5);
	ok(run(MODE_KERNEL, do_xrstor, X87_SSE | UINTR_BIT) == VEC_GP && rdmsr(MSR_UINTR_RR) == RR,
	   "XRSTOR of a supervisor component faults (trap %d)", last.vector);
	clear_state();
}

void test_main(void)
{
	need_uintr();
	row("%s", all_rows);
	if (!(cpuid(0xd, 1).eax >> 3 & 1) || !(cpuid(0xd, 1).ecx & UINTR_BIT)) {
		skip("no XSAVES of user interrupts in this CPU");
		return;
	}
	write_cr4(read_cr4() | CR4_OSXSAVE | CR4_UINTR);
	asm volatile("xsetbv" : : "a"((u32)X87_SSE), "c"(0), "d"(0));

	check_enumeration();
	check_save(false);
	check_save(true);
	check_fault();
	check_busy();
	check_reserved();
	check_pending();
	check_init();
	check_partial();
	check_cr4();
	check_user_forms();
}
