// SPDX-License-Identifier: MIT
/* Exceptions of programs: the signals that Linux would send. */
#include <linux/errno.h>
#include <linux/signal.h>

#include "log.h"
#include "process.h"
#include "signals.h"
#include "vm.h"

#define VECTOR_DEBUG		1
#define VECTOR_PAGE_FAULT	14
#define FAULT_WRITE		(1u << 1)	/* error code of a page fault */
#define FAULT_FETCH		(1u << 4)
#define VECTOR_X87		16
#define VECTOR_SIMD		19

struct kind {
	int sig, code;
	const char *name;
};

/* By vector; arch/x86/kernel/traps.c of Linux. */
static const struct kind kinds[32] = {
	[0] = { SIGFPE, FPE_INTDIV, "divide error" },
	[1] = { SIGTRAP, TRAP_TRACE, "debug exception" },
	[3] = { SIGTRAP, SI_KERNEL, "breakpoint" },
	[4] = { SIGSEGV, SI_KERNEL, "overflow" },
	[5] = { SIGSEGV, SI_KERNEL, "bound range exceeded" },
	[6] = { SIGILL, ILL_ILLOPN, "invalid opcode" },
	[7] = { SIGSEGV, SI_KERNEL, "device not available" },
	[10] = { SIGSEGV, SI_KERNEL, "invalid TSS" },
	[11] = { SIGBUS, SI_KERNEL, "segment not present" },
	[12] = { SIGBUS, SI_KERNEL, "stack fault" },
	[13] = { SIGSEGV, SI_KERNEL, "general protection" },
	[14] = { SIGSEGV, SEGV_MAPERR, "page fault" },
	[16] = { SIGFPE, FPE_FLTINV, "x87 error" },
	[17] = { SIGBUS, BUS_ADRALN, "alignment check" },
	[19] = { SIGFPE, FPE_FLTINV, "SIMD error" },
	[21] = { SIGSEGV, SI_KERNEL, "control protection" },
};

/* FPE_* of exceptions that were raised and are not masked. */
static int float_code(u32 raised)
{
	if (raised & 1)
		return FPE_FLTINV;
	if (raised & 4)
		return FPE_FLTDIV;
	if (raised & 8)
		return FPE_FLTOVF;
	if (raised & (0x10 | 2))
		return FPE_FLTUND;
	return raised & 0x20 ? FPE_FLTRES : FPE_FLTINV;
}

static int x87_code(void)
{
	u16 control, status;

	asm volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
	return float_code(status & ~control);
}

static int simd_code(void)
{
	u32 mxcsr;

	asm volatile("stmxcsr %0" : "=m"(mxcsr));
	return float_code(mxcsr & ~(mxcsr >> 7));
}

static u32 fault_access(u64 error)
{
	if (error & FAULT_WRITE)
		return VM_WRITE;
	return error & FAULT_FETCH ? VM_EXEC : VM_READ;
}

void user_exception(struct regs *regs, u64 cr2)
{
	struct process *p = current->process;
	struct kind kind = { SIGSEGV, SI_KERNEL, "exception" };
	struct thread_signals *s = &current->signals;
	struct signal_info info;
	u64 addr = 0;
	int lent;

	if (!p->started && !current->slot) {
		exec_first(regs);
		return;
	}
	if (regs->vector < ARRAY_SIZE(kinds) && kinds[regs->vector].sig)
		kind = kinds[regs->vector];
	if (regs->vector == VECTOR_PAGE_FAULT) {
		addr = cr2;
		lent = mm_lend_fault(p->mm, cr2, fault_access(regs->error));
		if (!lent)
			return;
		if (lent == -EFAULT)
			kind = (struct kind){ SIGBUS, BUS_ADRERR, "behind the end of a file" };
		else if (vma_find(&p->mm->vmas, cr2) && vma_find(&p->mm->vmas, cr2)->start <= cr2)
			kind.code = SEGV_ACCERR;
	} else if (kind.sig == SIGFPE || kind.sig == SIGILL || regs->vector == VECTOR_DEBUG) {
		addr = regs->rip;
	}
	if (regs->vector == VECTOR_X87)
		kind.code = x87_code();
	else if (regs->vector == VECTOR_SIMD)
		kind.code = simd_code();
	s->fault_vector = regs->vector;
	s->fault_error = regs->error;
	if (regs->vector == VECTOR_PAGE_FAULT)
		s->fault_addr = cr2;
	info = (struct signal_info){ .sig = kind.sig, .code = kind.code, .addr = addr };
	if (signal_fault(regs, &info))
		return;
	log_print("%s[%d]: %s, error %lx, at rip %lx, rsp %lx, address %lx: killed by signal %d",
		  p->comm, current->tid, kind.name, (unsigned long)regs->error,
		  (unsigned long)regs->rip, (unsigned long)regs->rsp, (unsigned long)addr,
		  kind.sig);
	process_die(&info, current->slot);
}
