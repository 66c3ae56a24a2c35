// SPDX-License-Identifier: MIT
/* CPUID, CR4.UINTR, and what the MSRs hold and refuse. */
#include "uintr.h"

#define MISC_RESERVED	0xffffff0000000000
#define PD_RESERVED	0x3f
#define TT_RESERVED	0xe
#define ADDRESS_BITS	57	/* the widest a CPU may have, whatever the paging mode */

/* Bits which fault, and whether the register has to hold a canonical address. */
static const struct reg {
	u32 msr;
	const char *statement;
	u64 reserved;
	bool address;
	u64 good[4];
} regs[] = {
	{ MSR_UINTR_RR, "MSR-RR", 0, false, { ~0ull, 0x8000000000000001, 0x0123456789abcdef, 0 } },
	{ MSR_UINTR_HANDLER,
	  "MSR-HANDLER",
	  0,
	  true,
	  { 0x00007fffffffffff, 0xffff800000000001, 1, 0 } },
	{ MSR_UINTR_STACKADJUST,
	  "MSR-ADJUST",
	  0,
	  true,
	  { 128, 0xffff800000000007, 0x00007fffffffffff, 0 } },
	{ MSR_UINTR_MISC,
	  "MSR-MISC",
	  MISC_RESERVED,
	  false,
	  { 0xffffffffff, 0xff00000000, 0xffffffff, 0 } },
	{ MSR_UINTR_PD,
	  "MSR-PD",
	  PD_RESERVED,
	  true,
	  { 0x00007fffffffffc0, 0xffff800000000040, 0x40, 0 } },
	{ MSR_UINTR_TT,
	  "MSR-TT",
	  TT_RESERVED,
	  true,
	  { 0x00007ffffffffff1, 0xffff800000000010, 1, 0 } },
};

static const struct reg *reg;

static void do_write(u64 value)
{
	wrmsr(reg->msr, value);
}

static void do_read_msr(u64 msr)
{
	rdmsr(msr);
}

static void do_write_cr4(u64 val)
{
	write_cr4(val);
}

static void expect_taken(u64 value, const char *when)
{
	int vector = run(MODE_KERNEL, do_write, value);

	ok(vector == VEC_NONE && rdmsr(reg->msr) == value,
	   "%s: WRMSR %x = %lx (trap %d, reads %lx)", when, reg->msr, value, vector,
	   rdmsr(reg->msr));
}

static void expect_refused(u64 value, const char *when)
{
	u64 before = rdmsr(reg->msr);
	int vector = run(MODE_KERNEL, do_write, value);

	ok(vector == VEC_GP && !last.regs.error && rdmsr(reg->msr) == before,
	   "%s: WRMSR %x = %lx faults (trap %d, MSR %lx -> %lx)", when, reg->msr, value, vector,
	   before, rdmsr(reg->msr));
}

static void check_reg(const char *when)
{
	bool wide = cpuid(7, 0).ecx >> 16 & 1;	/* 57-bit addresses */
	unsigned int i;

	row("%s%s", reg->statement, read_cr4() & CR4_UINTR ? "" : " CR4-GATE");
	for (i = 0; i < ARRAY_SIZE(reg->good); i++)
		expect_taken(reg->good[i], when);
	for (i = 0; i < 64; i++)
		if (reg->reserved >> i & 1)
			expect_refused(1ull << i, when);
	if (!reg->address)
		return;
	/* Non-canonical for every CPU, and those of 48 bits. */
	for (i = ADDRESS_BITS - 1; i < 64; i++) {
		expect_refused(1ull << i, when);
		expect_refused(~0xffffull ^ 1ull << i, when);
	}
	if (wide) {
		skip("WRMSR may take 57-bit addresses on this CPU");
		return;
	}
	expect_refused(0x0000800000000000, when);
	expect_refused(0xffff7fffffffffc0, when);
	expect_refused(0x00ff800000000000, when);
}

static void check_msrs(const char *when)
{
	for (reg = regs; reg < regs + ARRAY_SIZE(regs); reg++)
		check_reg(when);
}

static void check_reset(void)
{
	row("MSR-RESET");
	for (reg = regs; reg < regs + ARRAY_SIZE(regs); reg++)
		ok(rdmsr(reg->msr) == 0, "MSR %x is 0 after reset", reg->msr);
	row("MSR-CPL");
	for (reg = regs; reg < regs + ARRAY_SIZE(regs); reg++) {
		ok(run(MODE_USER, do_read_msr, reg->msr) == VEC_GP, "RDMSR %x faults at CPL 3",
		   reg->msr);
		ok(run(MODE_USER, do_write, 0x40) == VEC_GP && !rdmsr(reg->msr),
		   "WRMSR %x faults at CPL 3", reg->msr);
	}
}

static void check_cr4(void)
{
	u64 cr4 = read_cr4();
	unsigned int bit;

	row("CR4-BIT MSR-RESET");
	ok(!(cr4 & CR4_UINTR), "CR4.UINTR is 0 after reset");
	ok(run(MODE_KERNEL, do_write_cr4, cr4 | CR4_UINTR) == VEC_NONE &&
		   read_cr4() == (cr4 | CR4_UINTR),
	   "CR4.UINTR can be set");
	ok(!testui(), "UIF is 0 after reset");
	row("CR4-BIT");
	ok(run(MODE_KERNEL, do_write_cr4, cr4) == VEC_NONE && read_cr4() == cr4,
	   "CR4.UINTR can be cleared");
	for (bit = 33; bit < 64; bit++)
		ok(run(MODE_KERNEL, do_write_cr4, cr4 | 1ull << bit) == VEC_GP &&
			   !last.regs.error && read_cr4() == cr4,
		   "CR4 bit %d faults", bit);
}

/* UIF and UIRR outlast CR4.UINTR = 0, unseen. */
static void check_pending(void)
{
	row("CR4-PEND");
	uintr_setup();
	stui();
	write_cr4(read_cr4() & ~(u64)CR4_UINTR);
	wrmsr(MSR_UINTR_RR, 1 << 9);
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 0 && rdmsr(MSR_UINTR_RR) == 1 << 9,
	   "a vector that becomes pending while CR4.UINTR = 0 stays (%d, UIRR %lx)",
	   uintr_log.count, rdmsr(MSR_UINTR_RR));
	write_cr4(read_cr4() | CR4_UINTR);
	ok(testui(), "UIF outlasts CR4.UINTR = 0");
	run(MODE_USER, do_nothing, 0);
	ok(uintr_log.count == 1 && uintr_log.vectors[0] == 9,
	   "and is delivered when it is 1 again");
}

/* Allowed 1-settings of the VM-exit and VM-entry controls. */
static void check_vmx(void)
{
	bool have_true_controls;
	u64 exit, entry;

	row("VMX-CAPS");
	if (!(cpuid(1, 0).ecx >> 5 & 1)) {
		skip("no VMX in this CPU");
		return;
	}
	have_true_controls = rdmsr(0x480) >> 55 & 1;
	exit = rdmsr(have_true_controls ? 0x48f : 0x483);
	entry = rdmsr(have_true_controls ? 0x490 : 0x484);
	ok(exit >> (32 + 27) & 1, "VM exit can clear UINV (%lx)", exit);
	ok(entry >> (32 + 19) & 1, "VM entry can load UINV (%lx)", entry);
}

void test_main(void)
{
	need_uintr();
	row("ENUM-CPUID");
	ok(cpuid(7, 0).edx & CPUID_7_EDX_UINTR, "CPUID.(7,0):EDX[5]");
	check_reset();

	row("CR4-GATE");
	ok(!(read_cr4() & CR4_UINTR), "CR4.UINTR = 0 for the checks of the MSRs to come");
	check_msrs("CR4.UINTR = 0");
	check_cr4();
	write_cr4(read_cr4() | CR4_UINTR);
	check_msrs("CR4.UINTR = 1");
	check_pending();
	check_vmx();
}
