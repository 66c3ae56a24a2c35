// SPDX-License-Identifier: MIT
/*
 * SENDUIPI: what it checks, what it posts, whom it notifies. Nobody receives: interrupts are off.
 */
#include "uintr.h"

#define INDEX	2

static const char *const cpl_name[] = { "CPL 0", "CPL 3" };
static int mode;

static int send(u64 index)
{
	return run(mode, do_senduipi, index);
}

/* A notification arrived at this CPU's APIC; takes it away, unless it is @keep. */
static bool notified(int vector)
{
	bool seen = apic_bit(APIC_IRR, vector);
	irq_fn old = irq_handler[vector];

	if (seen) {
		wrmsr(MSR_UINTR_MISC, rdmsr(MSR_UINTR_MISC) & 0xffffffff);
		irq_handler[vector] = (irq_fn)apic_eoi;
		sti();
		cli();
		irq_handler[vector] = old;
	}
	return seen;
}

/* @vector is what SENDUIPI is to end with; nothing may have been posted then. */
static void expect_fault(const char *statement, int vector, u64 index, const char *why)
{
	int got = send(index);
	bool unchanged = !upid[0].pir && !(upid[0].status & UPID_ON) && !notified(UINV);

	row("%s SEND-NOTHING", statement);
	ok(got == vector && !last.regs.error &&
		   last.regs.cs == (mode == MODE_KERNEL ? KERNEL_CS : USER_CS) && unchanged,
	   "%s: %s (trap %d, error %lx, PIR %lx)", cpl_name[mode], why, got, last.regs.error,
	   upid[0].pir);
	uintr_setup();
}

static void check_faults(void)
{
	int i;

	uintr_setup();
	expect_fault("SEND-INDEX", VEC_GP, UITT_ENTRIES, "#GP for an index above UITTSZ");
	expect_fault("SEND-INDEX", VEC_GP, 1ull << 32 | INDEX, "#GP for an index above 32 bits");
	expect_fault("SEND-INDEX", VEC_GP, ~0ull, "#GP for the highest index");
	wrmsr(MSR_UINTR_MISC, (u64)UINV << 32);
	expect_fault("SEND-INDEX", VEC_GP, 1, "#GP for index 1 with UITTSZ = 0");

	for (i = 0; i < 2; i++) {
		uitt[INDEX].low = i ? INDEX << 8 : 0;
		expect_fault("SEND-VALID", VEC_GP, INDEX, "#GP for an entry which is not valid");
	}
	for (i = 1; i < 64; i++) {
		if (i >= 8 && i < 16)
			continue;
		uitt[INDEX].low |= 1ull << i;
		expect_fault("SEND-UITTE", VEC_GP, INDEX, "#GP for a reserved bit of the entry");
	}
	for (i = 64; i < 256; i += i < 66 ? 1 : 61) {
		uitt[INDEX].vector = i;
		expect_fault("SEND-VECTOR", VEC_GP, INDEX, "#GP for a user vector above 63");
	}
	for (i = 0; i < 6; i++) {
		uitt[INDEX].upid |= 1ull << i;
		expect_fault("SEND-ALIGN", VEC_GP, INDEX, "#GP for a misaligned UPID");
	}
	for (i = 47; i < 64; i++) {
		uitt[INDEX].upid ^= 1ull << i;
		if (i == 47)
			uitt[INDEX].upid |= 1ull << 50;
		expect_fault("SEND-CANON", VEC_GP, INDEX, "#GP for a non-canonical UPID address");
	}
	uitt[INDEX].upid = 0x800000000000;
	expect_fault("SEND-CANON", VEC_GP, INDEX, "#GP for the first non-canonical UPID address");
	wrmsr(MSR_UINTR_TT, 0x7ffffffffff0 | 1);
	expect_fault("SEND-CANON", VEC_GP, 1, "#GP for a non-canonical address of the entry");
	for (i = 2; i < 32; i++) {
		if (i >= 16 && i < 24)
			continue;
		upid[0].low |= 1ull << i;
		expect_fault("SEND-UPID", VEC_GP, INDEX, "#GP for a reserved bit of the UPID");
	}
}

static void expect_page_fault(u64 error, const volatile void *addr, const char *why)
{
	int got = send(INDEX);

	ok(got == VEC_PF && last.regs.error == error && last.cr2 == (u64)addr && !notified(UINV),
	   "%s: #PF for %s (trap %d, error %lx, CR2 %lx)", cpl_name[mode], why, got,
	   last.regs.error, last.cr2);
}

static void do_load(u64 addr)
{
	*(volatile u64 *)addr;
}

static void do_store(u64 addr)
{
	*(volatile u64 *)addr = 0;
}

/* The error code is to be that of a plain access by a supervisor. */
static void check_reserved(const volatile void *addr, code_fn access, const char *why)
{
	*page_entry(addr) |= PTE_RESERVED;
	page_entry(addr);
	run(MODE_KERNEL, access, (u64)addr);
	expect_page_fault(last.vector == VEC_PF ? last.regs.error : 9, addr, why);
	ok(last.regs.error & 8, "%s: bit RSVD of the error code", cpl_name[mode]);
	*page_entry(addr) &= ~PTE_RESERVED;
	page_entry(addr);
}

static void check_page_faults(void)
{
	u64 rights;

	row("SEND-PF SEND-NOTHING");
	uintr_setup();
	rights = page_rights(&uitt[INDEX], 0);
	expect_page_fault(0, &uitt[INDEX], "an absent UITT");
	page_rights(&uitt[INDEX], rights);

	rights = page_rights(&upid[0], 0);
	expect_page_fault(2, &upid[0], "an absent UPID");
	page_rights(&upid[0], PTE_P);
	expect_page_fault(3, &upid[0], "a read-only UPID");
	page_rights(&upid[0], rights);
	check_reserved(&uitt[INDEX], do_load, "a reserved bit in the UITT's page table entry");
	check_reserved(&upid[0], do_store, "a reserved bit in the UPID's page table entry");
	ok(upid[0].pir == 0, "%s: nothing was posted", cpl_name[mode]);

	ok(send(INDEX) == (mode == MODE_KERNEL ? VEC_NONE : VEC_EXIT) && upid[0].pir == 1 << INDEX,
	   "%s: the same instruction works once the page is there", cpl_name[mode]);
	notified(UINV);

	uintr_setup();
	page_rights(&uitt[INDEX], PTE_P);
	ok(upid[0].pir == 0 && send(INDEX) != VEC_PF && upid[0].pir, "%s: a read-only UITT does",
	   cpl_name[mode]);
	notified(UINV);
	page_rights(&uitt[INDEX], rights);
}

/* Without SMAP a supervisor may use user pages, so SENDUIPI may; and only it writes. */
static void check_pages(void)
{
	int end = mode == MODE_KERNEL ? VEC_NONE : VEC_EXIT;
	u64 uitt_rights, upid_rights;
	int got;

	row("SEND-SUPER");
	uintr_setup();
	uitt_rights = page_rights(uitt, PTE_P | PTE_U);
	upid_rights = page_rights(upid, PTE_P | PTE_W | PTE_U);
	got = send(INDEX);
	ok(got == end && upid[0].pir == 1 << INDEX, "%s: user pages work without SMAP (trap %d)",
	   cpl_name[mode], got);
	notified(UINV);
	page_rights(uitt, uitt_rights);
	page_rights(upid, upid_rights);

	row("SEND-AD");
	uintr_setup();
	*page_entry(uitt) &= ~(u64)(PTE_A | PTE_D);
	*page_entry(upid) &= ~(u64)(PTE_A | PTE_D);
	page_entry(uitt);
	page_entry(upid);
	send(INDEX);
	ok((*page_entry(uitt) & (PTE_A | PTE_D)) == PTE_A, "%s: the UITT's page is accessed",
	   cpl_name[mode]);
	ok((*page_entry(upid) & (PTE_A | PTE_D)) == (PTE_A | PTE_D),
	   "%s: the UPID's page is accessed and dirty", cpl_name[mode]);
	notified(UINV);
}

/* The effect on a UPID with the given status and PIR. */
static void check_post(u8 status, u64 pir, u8 vector)
{
	bool silent = status & (UPID_ON | UPID_SN);
	int end = mode == MODE_KERNEL ? VEC_NONE : VEC_EXIT;
	u8 want = silent ? status : UPID_ON;
	u8 got_status;
	bool was_notified;
	int got;

	row("%s SEND-PIR SEND-CPL", silent ? "SEND-SILENT" : "SEND-ON");
	uintr_setup();
	upid[0].status = status;
	upid[0].pir = pir;
	uitt[INDEX].vector = vector;
	got = send(INDEX);
	was_notified = notified(UINV);
	got_status = upid[0].status;
	ok(got == end && upid[0].pir == (pir | 1ull << vector) && got_status == want &&
		   was_notified == !silent && upid[0].nv == UINV && upid[0].ndst == ndst(apic_id()),
	   "%s: vector %u to ON %d SN %d PIR %lx: PIR %lx ON %d SN %d, %snotified (trap %d)",
	   cpl_name[mode], vector, status & 1, status >> 1, pir, upid[0].pir, got_status & 1,
	   got_status >> 1, was_notified ? "" : "not ", got);
}

/*
 * SENDUIPI with operand %0 = index, all other registers holding something; wrong |= what it changed.
 * ADD sets the arithmetic flags that SENDUIPI has to keep.
 */
static volatile u64 wrong;

#define SEND_REG(reg)										\
	static void do_send_##reg(u64 index)							\
	{											\
		u64 before, after, value;							\
                                                                         \
		asm volatile("mov %3, %%" #reg "\n"						\
			     "cmp $100, %%" #reg "\n"						\
			     "pushfq\n pop %0\n"						\
			     "senduipi %%" #reg "\n"						\
			     "pushfq\n pop %1\n"						\
			     "mov %%" #reg ", %2\n"						\
			     : "=&m"(before), "=&m"(after), "=&m"(value)			\
			     : "m"(index)							\
			     : #reg, "memory", "cc");						\
		wrong = (before ^ after) | (value ^ index);					\
	}

SEND_REG(rax)
SEND_REG(rbx)
SEND_REG(rcx)
SEND_REG(rdx)
SEND_REG(rsi)
SEND_REG(rdi)
SEND_REG(r8)
SEND_REG(r9)
SEND_REG(r10)
SEND_REG(r11)
SEND_REG(r12)
SEND_REG(r13)
SEND_REG(r14)
SEND_REG(r15)

/* RSP and RBP address memory elsewhere; here they are numbers for the length of one instruction. */
static void do_send_rsp(u64 index)
{
	asm volatile("mov %%rsp, %%rax; mov %0, %%rsp; senduipi %%rsp; mov %%rax, %%rsp"
		     :
		     : "r"(index)
		     : "rax", "memory");
	wrong = 0;
}

static void do_send_rbp(u64 index)
{
	asm volatile("mov %%rbp, %%rax; mov %0, %%rbp; senduipi %%rbp; mov %%rax, %%rbp"
		     :
		     : "r"(index)
		     : "rax", "memory");
	wrong = 0;
}

static void check_registers(void)
{
	static const code_fn fns[] = {
		do_send_rax, do_send_rcx, do_send_rdx, do_send_rbx, do_send_rsp, do_send_rbp,
		do_send_rsi, do_send_rdi, do_send_r8,  do_send_r9,  do_send_r10, do_send_r11,
		do_send_r12, do_send_r13, do_send_r14, do_send_r15,
	};
	unsigned int i;

	row("SEND-REG");
	for (i = 0; i < ARRAY_SIZE(fns); i++) {
		uintr_setup();
		wrong = ~0ull;
		run(mode, fns[i], 3);
		ok(upid[0].pir == 8 && !wrong, "%s: operand register %d (PIR %lx, changed %lx)",
		   cpl_name[mode], i, upid[0].pir, wrong);
		notified(UINV);
	}
}

static void check_effects(void)
{
	static const u8 vectors[] = { 0, 1, 31, 32, 33, 63 };
	unsigned int i;
	u8 status;

	for (status = 0; status < 4; status++) {
		for (i = 0; i < ARRAY_SIZE(vectors); i++)
			check_post(status, 0, vectors[i]);
		check_post(status, ~0ull, 5);
		check_post(status, 0x8000000000000001, 32);
	}

	row("SEND-COALESCE");
	uintr_setup();
	for (i = 0; i < 3; i++)
		send(INDEX);
	ok(upid[0].pir == 1 << INDEX && upid[0].status == UPID_ON && notified(UINV) &&
		   !notified(UINV),
	   "%s: three sends of a vector are one bit and one IPI (PIR %lx)", cpl_name[mode],
	   upid[0].pir);

	row("SEND-IPI");
	uintr_setup();
	upid[0].nv = OTHER_VECTOR;
	send(INDEX);
	ok(!apic_bit(APIC_TMR, OTHER_VECTOR) && notified(OTHER_VECTOR) && !apic_bit(APIC_IRR, UINV),
	   "%s: the IPI is edge-triggered and has the vector of NV", cpl_name[mode]);
	ok(upid[0].status == UPID_ON && upid[0].pir == 1 << INDEX && upid[0].nv == OTHER_VECTOR,
	   "%s: a plain interrupt leaves ON and PIR", cpl_name[mode]);

	row("APIC-NOBODY");
	uintr_setup();
	upid[0].ndst = ndst(0x7f);
	send(INDEX);
	ok(!notified(UINV) && upid[0].status == UPID_ON && upid[0].pir == 1 << INDEX,
	   "%s: the IPI goes to NDST, and this CPU's id is not there", cpl_name[mode]);

	row("SEND-INDEX");
	uintr_setup();
	uitt[UITT_ENTRIES - 1].upid = (u64)&upid[3];
	send(UITT_ENTRIES - 1);
	ok(upid[3].pir == 1ull << (UITT_ENTRIES - 1) && upid[3].status == UPID_ON && !upid[0].pir,
	   "%s: index UITTSZ is valid, and another UPID can be meant", cpl_name[mode]);
	notified(UINV);
}

void test_main(void)
{
	uintr_setup();
	row("SEND-SUPER");
	ok(run(MODE_USER, do_load, (u64)&upid[0]) == VEC_PF &&
		   run(MODE_USER, do_load, (u64)uitt) == VEC_PF,
	   "CPL 3 cannot read the tables itself");
	for (mode = MODE_KERNEL; mode <= MODE_USER; mode++) {
		check_faults();
		check_page_faults();
		check_pages();
		check_effects();
		check_registers();
	}
}
