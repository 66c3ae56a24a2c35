// SPDX-License-Identifier: MIT
/* When the instructions do not exist. */
#include "uintr.h"

struct insn {
	const char *name;
	code_fn plain, locked, repne;
};

/* Each of them with "ret" behind it, so that one which wrongly runs is seen. */
#define INSN(id, bytes)							\
	void id(u64), id##_lock(u64), id##_repne(u64);			\
	asm(".text\n" #id ": .byte 0xf3, " bytes "\n ret\n" #id "_lock: .byte 0xf0, 0xf3, " bytes \
	    "\n ret\n" #id "_repne: .byte 0xf2, " bytes "\n ret\n")

INSN(raw_uiret, "0x0f, 0x01, 0xec");
INSN(raw_testui, "0x0f, 0x01, 0xed");
INSN(raw_clui, "0x0f, 0x01, 0xee");
INSN(raw_stui, "0x0f, 0x01, 0xef");
INSN(raw_senduipi, "0x0f, 0xc7, 0xf7");		/* RDI */
INSN(raw_senduipi_mem, "0x0f, 0xc7, 0x37");	/* (RDI): VMXON */

/* Without F3, in 64-bit mode: RDPKRU and WRPKRU have a meaning, these have not. */
void bare_uiret(u64 arg);
void bare_testui(u64 arg);
asm(".text\n"
    "bare_uiret: .byte 0x0f, 0x01, 0xec\n ret\n"
    "bare_testui: .byte 0x0f, 0x01, 0xed\n ret\n");

static const struct insn insns[] = {
	{ "UIRET", raw_uiret, raw_uiret_lock, raw_uiret_repne },
	{ "TESTUI", raw_testui, raw_testui_lock, raw_testui_repne },
	{ "CLUI", raw_clui, raw_clui_lock, raw_clui_repne },
	{ "STUI", raw_stui, raw_stui_lock, raw_stui_repne },
	{ "SENDUIPI", raw_senduipi, raw_senduipi_lock, raw_senduipi_repne },
};

static void expect_ud(const char *statement, int mode, code_fn fn, const char *name,
		      const char *why)
{
	int vector = run(mode, fn, 0);

	row(statement);
	ok(vector == VEC_UD && last.regs.rip == (u64)fn, "%s: #UD %s, CPL %d (trap %d)", name, why,
	   mode == MODE_KERNEL ? 0 : 3, vector);
}

void test_main(void)
{
	unsigned int i;
	int mode;

	for (mode = MODE_KERNEL; mode <= MODE_USER; mode++) {
		for (i = 0; i < ARRAY_SIZE(insns); i++) {
			uintr_setup();
			write_cr4(read_cr4() & ~(u64)CR4_UINTR);
			expect_ud("UD-CR4", mode, insns[i].plain, insns[i].name,
				  "with CR4.UINTR = 0");
			uintr_setup();
			expect_ud("UD-LOCK", mode, insns[i].locked, insns[i].name, "with LOCK");
			expect_ud("UD-PREFIX", mode, insns[i].repne, insns[i].name,
				  "with F2 for F3");
		}
		expect_ud("UD-PREFIX", mode, bare_uiret, "UIRET", "without F3");
		expect_ud("UD-PREFIX", mode, bare_testui, "TESTUI", "without F3");
		expect_ud("UD-PREFIX", mode, raw_senduipi_mem, "SENDUIPI", "with a memory operand");
		wrmsr(MSR_UINTR_TT, (u64)uitt);
		expect_ud("UD-TT", mode, raw_senduipi, "SENDUIPI", "with IA32_UINTR_TT[0] = 0");
	}

	uintr_setup();
	for (i = 0; i < ARRAY_SIZE(insns); i++)
		expect_ud("UD-MODE", MODE_COMPAT, insns[i].plain, insns[i].name,
			  "in compatibility mode");
	ok(!testui() && !upid[0].pir && !upid[0].status, "and none of them did anything");
}
