// SPDX-License-Identifier: MIT
/* qemu: -cpu max */
/* Without the CPUID bit there is nothing of it. */
#include "uintr.h"

static void do_read_msr(u64 msr)
{
	rdmsr(msr);
}

static void do_write_msr(u64 msr)
{
	wrmsr(msr, 0);
}

static void do_write_xss(u64 val)
{
	wrmsr(MSR_XSS, val);
}

static void do_write_cr4(u64 val)
{
	write_cr4(val);
}

void test_main(void)
{
	struct cpuid component;
	u32 msr;
	int mode;

	row("ENUM-ABSENT");
	if (cpuid(7, 0).edx & CPUID_7_EDX_UINTR) {
		skip("this CPU has user interrupts");
		return;
	}
	ok(!(cpuid(7, 1).edx >> 17 & 1), "CPUID.(7,1):EDX[17] is 0 too");
	component = cpuid(0xd, 14);
	ok(!component.eax && !component.ebx && !component.ecx && !component.edx &&
		   !(cpuid(0xd, 1).ecx >> 14 & 1),
	   "no XSAVE component 14 (%x, %x, %x, %x)", component.eax, component.ebx, component.ecx,
	   component.edx);
	if (cpuid(0xd, 1).eax >> 3 & 1)
		ok(run(MODE_KERNEL, do_write_xss, 1 << 14) == VEC_GP && !rdmsr(MSR_XSS),
		   "IA32_XSS[14] is reserved");
	ok(run(MODE_KERNEL, do_write_cr4, read_cr4() | CR4_UINTR) == VEC_GP && !last.regs.error,
	   "CR4.UINTR is reserved");
	for (msr = MSR_UINTR_RR; msr <= MSR_UINTR_TT; msr++) {
		ok(run(MODE_KERNEL, do_read_msr, msr) == VEC_GP, "RDMSR %x faults", msr);
		ok(run(MODE_KERNEL, do_write_msr, msr) == VEC_GP, "WRMSR %x faults", msr);
	}
	for (mode = MODE_KERNEL; mode <= MODE_USER; mode++) {
		int cpl = mode == MODE_USER ? 3 : 0;

		ok(run(mode, do_clui, 0) == VEC_UD, "CLUI: #UD at CPL %d", cpl);
		ok(run(mode, do_stui, 0) == VEC_UD, "STUI: #UD at CPL %d", cpl);
		ok(run(mode, do_testui, 0) == VEC_UD, "TESTUI: #UD at CPL %d", cpl);
		ok(run(mode, do_senduipi, 0) == VEC_UD, "SENDUIPI: #UD at CPL %d", cpl);
		ok(run(mode, do_uiret, 0x9000) == VEC_UD, "UIRET: #UD at CPL %d", cpl);
	}
}
