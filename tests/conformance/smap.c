// SPDX-License-Identifier: MIT
/*
 * Under SMAP, UITT and UPID in user pages fault, whatever EFLAGS.AC is. All but the tables is user
 * memory.
 */
#include "uintr.h"

static u64 send(int mode)
{
	struct guard g = { .rflags = RFLAGS_AC };
	u64 result;

	asm volatile("pushfq; orl %0, (%%rsp); popfq" : : "i"(RFLAGS_AC) : "memory", "cc");
	write_cr4(read_cr4() | CR4_SMAP);
	result = run_guarded(&g, mode, do_senduipi, 1);
	asm volatile("pushfq; orl %0, (%%rsp); popfq" : : "i"(RFLAGS_AC) : "memory", "cc");
	write_cr4(read_cr4() & ~(u64)CR4_SMAP);
	return result == VEC_PF ? result | g.regs.error << 8 : result;
}

static void check(int mode)
{
	int cpl = mode == MODE_KERNEL ? 0 : 3;
	u64 got, end = mode == MODE_KERNEL ? (u64)VEC_NONE : VEC_EXIT;
	u64 rights;

	uintr_setup();
	got = send(mode);
	ok(got == end && upid[0].pir == 2, "CPL %d: supervisor pages work (%lx)", cpl, got);

	uintr_setup();
	rights = page_rights(uitt, PTE_P | PTE_W | PTE_U);
	got = send(mode);
	ok(got == (VEC_PF | 1 << 8), "CPL %d: a UITT in a user page faults (%lx)", cpl, got);
	page_rights(uitt, rights);

	rights = page_rights(upid, PTE_P | PTE_W | PTE_U);
	got = send(mode);
	ok(got == (VEC_PF | 3 << 8) && !upid[0].pir, "CPL %d: a UPID in a user page faults (%lx)",
	   cpl, got);
	page_rights(upid, rights);
}

void test_main(void)
{
	row("SEND-SUPER");
	need_uintr();
	if (!(cpuid(7, 0).ebx >> 20 & 1)) {
		skip("no SMAP in this CPU");
		return;
	}
	check(MODE_KERNEL);
	check(MODE_USER);
}
