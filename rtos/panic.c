// SPDX-License-Identifier: MIT
/* The report that `crtos log` shows. Addresses are those of rtos.elf: addr2line tells their lines. */
#include <crtos/boot.h>

#include "core.h"
#include "cpu.h"
#include "gdt.h"
#include "log.h"
#include "process.h"
#include "thread.h"
#include "trap.h"
#include "vm.h"

#define FRAMES_MAX	24

/* rtos.lds, start.S */
extern const char image_start[], text_end[], boot_stack[], boot_stack_top[];

static int depth;		/* of panics: each level does less */

static _Noreturn void end(void)
{
	if (control && depth < 3) {
		store_release(&control->rt_state, CRTOS_RT_PANIC);
		doorbell_linux();
	}
	cpu_halt();
}

static void print_regs(const struct regs *r)
{
	log_print("vector %lu error %lx cr2 %lx cr3 %lx", r->vector, r->error, read_cr2(),
		  read_cr3());
	log_print("rip %lx cs %lx rflags %lx rsp %lx ss %lx", r->rip, r->cs, r->rflags, r->rsp,
		  r->ss);
	log_print("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	log_print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
	log_print("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
	log_print("r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
}

/* The end of the stack that addr is on, or 0: what is read up to there is mapped. */
static u64 stack_end(u64 addr)
{
	u64 top = current->kstack_top;

	if (addr >= (u64)boot_stack && addr < (u64)boot_stack_top)
		return (u64)boot_stack_top;
	if (top && addr >= top - KSTACK_BYTES && addr < top)
		return top;
	return gdt_interrupt_stack(addr, &top) ? top : 0;
}

static void print_frames(u64 rip, u64 rbp)
{
	u64 end = stack_end(rbp);

	for (int i = 0; i < FRAMES_MAX; i++) {
		const u64 *frame = (const u64 *)rbp;

		if (rip < (u64)image_start || rip >= (u64)text_end)
			return;
		log_print("  #%d %lx", i, rip);
		if (!end || rbp % 8 || rbp + 16 > end)
			return;
		rip = frame[1];
		if (frame[0] <= rbp)
			end = 0;
		rbp = frame[0];
	}
}

static void print_thread(void)
{
	const struct process *p = current->process;

	if (p)
		log_print("thread %d (slot %u) of %.16s, process %d, kernel stack %lx",
			  current->tid, current->slot, p->comm, p->pid, current->kstack_top);
	else
		log_print("kernel thread, stack %lx", current->kstack_top);
}

void panic(const struct regs *regs, const char *fmt, ...)
{
	va_list args;

	irq_off();
	if (depth++)
		end();
	log_print("PANIC:");
	va_start(args, fmt);
	log_vprint(fmt, args);
	va_end(args);
	if (regs) {
		print_regs(regs);
		log_print("back-trace (addr2line -f -e rtos.elf ADDRESS):");
		if (!regs_from_user(regs))
			print_frames(regs->rip, regs->rbp);
	} else {
		log_print("back-trace (addr2line -f -e rtos.elf ADDRESS):");
	}
	print_frames((u64)__builtin_return_address(0), *(u64 *)__builtin_frame_address(0));
	print_thread();
	end();
}
