// SPDX-License-Identifier: MIT
/* CLUI, STUI and TESTUI. */
#include "uintr.h"

static u64 flags;

static void do_testui_flags(u64 before)
{
	asm volatile("push %1; popfq; testui; pushfq; pop %0"
		     : "=r"(flags)
		     : "r"(before)
		     : "cc", "memory");
}

static void check(int mode)
{
	int cpl = mode == MODE_KERNEL ? 0 : 3;

	row("UIF-TESTUI");
	clui();
	run(mode, do_testui_flags, RFLAGS_ARITH | 2);
	ok((flags & RFLAGS_ARITH) == 0, "CPL %d: TESTUI with UIF = 0 clears all flags (%lx)", cpl,
	   flags);
	row("UIF-STUI");
	run(mode, do_stui, 0);
	ok(testui(), "CPL %d: STUI sets UIF", cpl);
	row("UIF-TESTUI");
	run(mode, do_testui_flags, 2);
	ok((flags & RFLAGS_ARITH) == 1, "CPL %d: TESTUI with UIF = 1 sets CF (%lx)", cpl, flags);
	run(mode, do_testui_flags, RFLAGS_ARITH | 2);
	ok((flags & RFLAGS_ARITH) == 1, "CPL %d: TESTUI with UIF = 1 clears the others (%lx)", cpl,
	   flags);
	row("UIF-CLUI");
	run(mode, do_clui, 0);
	ok(!testui(), "CPL %d: CLUI clears UIF", cpl);
}

/* CLUI and STUI leave the flags alone. */
static void do_both(u64 before)
{
	asm volatile("push %1; popfq; stui; clui; pushfq; pop %0"
		     : "=r"(flags)
		     : "r"(before)
		     : "cc", "memory");
}

void test_main(void)
{
	uintr_setup();
	check(MODE_KERNEL);
	check(MODE_USER);
	row("UIF-CLUI UIF-STUI");
	run(MODE_USER, do_both, RFLAGS_ARITH | 2);
	ok((flags & RFLAGS_ARITH) == RFLAGS_ARITH, "STUI and CLUI keep set flags (%lx)", flags);
	run(MODE_USER, do_both, 2);
	ok((flags & RFLAGS_ARITH) == 0, "STUI and CLUI keep clear flags (%lx)", flags);
}
