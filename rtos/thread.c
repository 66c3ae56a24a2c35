// SPDX-License-Identifier: MIT
/*
 * Threads: their stacks, and what of the CPU belongs to them.
 *
 * The kernel touches neither FPU nor FS and GS bases nor, in a thread of its own, user memory. So the
 * user state in the CPU is left there until another user thread runs: `owner` is whose it is.
 */
#include <linux/errno.h>

#include "cpu.h"
#include "cpu_timer.h"
#include "kstring.h"
#include "log.h"
#include "page.h"
#include "process.h"
#include "scheduler.h"
#include "trap.h"
#include "uipi.h"
#include "vm.h"

#define FCW_INITIAL	0x37f
#define MXCSR_INITIAL	0x1f80
#define MXCSR_VALID	0xffff
#define XSAVE_LEGACY	512

struct xsave {
	u16 fcw, fsw;
	u32 reserved0;
	u64 rip, rdp;
	u32 mxcsr, mxcsr_mask;
	u8 registers[XSAVE_LEGACY - 32];
	u64 present;		/* XSTATE_BV */
	u64 compact;		/* XCOMP_BV */
	u64 reserved1[6];
};

/* entry.S */
void thread_switch_stack(u64 *save, u64 load);
void thread_enter_user(void);
void thread_enter_kernel(void);
void thread_begin_user(void);
_Noreturn void thread_begin_kernel(void (*fn)(void *arg), void *arg);

static u64 charged_to;		/* TSC */
static struct list users = { &users, &users };
static struct thread *owner;
static struct thread *dead;	/* ended, but ran on its stack until the switch */

/* --- user state --------------------------------------------------------------------------------- */

static void xsave(void *area)
{
	asm volatile("xsave64 (%0)"
		     :
		     : "r"(area), "a"((u32)cpu.xcr0), "d"((u32)(cpu.xcr0 >> 32))
		     : "memory");
}

/*
 * Leaves out what is in its initial state, or unchanged since the last XRSTOR from this very area: only
 * right for the area that the state was loaded from, and not for one that somebody else reads.
 */
static void xsaveopt(void *area)
{
	if (!cpu.xsaveopt) {
		xsave(area);
		return;
	}
	asm volatile("xsaveopt64 (%0)"
		     :
		     : "r"(area), "a"((u32)cpu.xcr0), "d"((u32)(cpu.xcr0 >> 32))
		     : "memory");
}

static void xrstor(const void *area)
{
	asm volatile("xrstor64 (%0)"
		     :
		     : "r"(area), "a"((u32)cpu.xcr0), "d"((u32)(cpu.xcr0 >> 32))
		     : "memory");
}

static u64 read_fs_base(void)
{
	u64 v;

	if (!cpu.fsgsbase)
		return rdmsr(MSR_FS_BASE);
	asm volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static u64 read_gs_base(void)
{
	u64 v;

	if (!cpu.fsgsbase)
		return rdmsr(MSR_GS_BASE);
	asm volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static void write_fs_base(u64 v)
{
	if (cpu.fsgsbase)
		asm volatile("wrfsbase %0" : : "r"(v));
	else
		wrmsr(MSR_FS_BASE, v);
}

static void write_gs_base(u64 v)
{
	if (cpu.fsgsbase)
		asm volatile("wrgsbase %0" : : "r"(v));
	else
		wrmsr(MSR_GS_BASE, v);
}

static void save_user(struct thread *t)
{
	t->fs_base = read_fs_base();
	t->gs_base = read_gs_base();
	xsaveopt(t->xsave);
}

static void load_user(struct thread *t)
{
	write_fs_base(t->fs_base);
	write_gs_base(t->gs_base);
	xrstor(t->xsave);
	trap_set_stack(t->kstack_top);
}

static void fpu_initial(struct xsave *x)
{
	memset(x, 0, cpu.xsave_size);
	x->fcw = FCW_INITIAL;
	x->mxcsr = MXCSR_INITIAL;
}

void thread_set_fs_base(struct thread *thread, u64 base)
{
	if (thread == owner)
		write_fs_base(base);
	else
		thread->fs_base = base;
}

void thread_set_gs_base(struct thread *thread, u64 base)
{
	if (thread == owner)
		write_gs_base(base);
	else
		thread->gs_base = base;
}

u64 thread_fs_base(const struct thread *thread)
{
	return thread == owner ? read_fs_base() : thread->fs_base;
}

u64 thread_gs_base(const struct thread *thread)
{
	return thread == owner ? read_gs_base() : thread->gs_base;
}

u32 thread_fpu_bytes(void)
{
	return cpu.xsave_size;
}

void thread_fpu_save(void)
{
	xsave(current->xsave);
}

void thread_fpu_load(void)
{
	struct xsave *x = current->xsave;

	x->mxcsr &= MXCSR_VALID;
	x->present &= cpu.xcr0;
	x->compact = 0;
	memset(x->reserved1, 0, sizeof(x->reserved1));
	xrstor(x);
}

void thread_fpu_reset(void)
{
	fpu_initial(current->xsave);
	xrstor(current->xsave);
}

/* --- processor time ------------------------------------------------------------------------------- */

/* What has passed since the last call was t's time, or nobody's. */
static void charge(struct thread *t)
{
	u64 now = rdtsc(), ticks = now - charged_to;

	charged_to = now;
	if (!t)
		return;
	t->cpu_ticks += ticks;
	if (t->process)
		t->process->cpu_ticks += ticks;
}

u64 thread_cpu_ns(const struct thread *thread)
{
	return clock_tsc_to_ns(thread->cpu_ticks + (thread == current ? rdtsc() - charged_to : 0));
}

u64 process_cpu_ns(const struct process *process)
{
	return clock_tsc_to_ns(process->cpu_ticks +
			       (process == current->process ? rdtsc() - charged_to : 0));
}

/* --- life --------------------------------------------------------------------------------------- */

static void sleep_over(struct timer *timer)
{
	thread_wake(container_of(timer, struct thread, sleep), -ETIMEDOUT);
}

/* `bytes` of room at the top of the stack, below them what thread_switch_stack() pops. */
static u64 *thread_frame(struct thread *t, size_t bytes, void (*entry)(void))
{
	u64 *sp = (u64 *)(t->kstack_top - bytes) - 7;

	t->ksp = (u64)sp;
	sp[6] = (u64)entry;
	return sp;
}

static struct thread *thread_create(int priority)
{
	struct thread *t = kalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->kstack_top = kstack_alloc();
	if (!t->kstack_top) {
		kfree(t);
		return NULL;
	}
	t->state = THREAD_NEW;
	t->priority = t->effective = priority;
	t->policy = priority ? SCHED_FIFO : SCHED_OTHER;
	list_init(&t->run_link);
	list_init(&t->process_link);
	list_init(&t->user_link);
	list_init(&t->futex_link);
	list_init(&t->pi_link);
	list_init(&t->pi_owned);
	timer_init(&t->sleep, sleep_over);
	return t;
}

struct thread *thread_create_user(const struct regs *regs, struct process *process,
				  const struct thread *fpu_from)
{
	struct thread *t = thread_create(0);

	if (!t)
		return NULL;
	t->xsave = kalloc(cpu.xsave_size);
	if (!t->xsave) {
		thread_free(t);
		return NULL;
	}
	t->process = process;
	list_append(&users, &t->user_link);
	fpu_initial(t->xsave);
	if (fpu_from) {
		BUG_ON(fpu_from != owner);
		t->fs_base = read_fs_base();
		t->gs_base = read_gs_base();
		xsave(t->xsave);
	}
	thread_frame(t, sizeof(*regs), thread_enter_user);
	*thread_regs(t) = *regs;
	return t;
}

struct thread *thread_create_kernel(void (*fn)(void *arg), void *arg, int priority)
{
	struct thread *t = thread_create(priority);
	u64 *sp;

	if (!t)
		return NULL;
	/* Calls are made with the stack a multiple of 16. */
	sp = thread_frame(t, 16, thread_enter_kernel);
	sp[3] = (u64)fn;	/* r12 */
	sp[2] = (u64)arg;	/* r13 */
	return t;
}

struct thread *thread_find(s32 tid)
{
	struct thread *found = NULL;
	struct list *p;

	list_for_each(p, &users) {
		struct thread *t = list_entry(p, struct thread, user_link);

		if (t->tid != tid || t->futex.closed)
			continue;
		found = t;
		if (t->process == current->process)
			break;
	}
	return found;
}

void thread_free(struct thread *thread)
{
	list_remove(&thread->user_link);
	kstack_free(thread->kstack_top);
	kfree(thread->xsave);
	kfree(thread);
}

void thread_exit(void)
{
	BUG_ON(!list_empty(&current->pi_owned));
	timer_stop(&current->sleep);
	list_remove(&current->user_link);
	if (owner == current)
		owner = NULL;
	current->state = THREAD_DEAD;
	sched_switch();
	panic(NULL, "a dead thread runs");
}

/* After every switch, on the new stack. */
static void switched(void)
{
	if (!dead)
		return;
	thread_free(dead);
	dead = NULL;
}

void thread_switch(struct thread *prev, struct thread *next)
{
	charge(prev);
	if (next->process && next->process->cpu_timers)
		cpu_timers_run();
	else
		cpu_timers_pause();
	if (prev->state == THREAD_DEAD)
		dead = prev;
	if (next->xsave) {
		if (owner != next) {
			if (owner)
				save_user(owner);
			load_user(next);
			owner = next;
		}
		BUG_ON(!next->process);
		vm_switch(&next->process->mm->vm);
		uipi_table_use(next->process->uitt);
	}
	thread_switch_stack(&prev->ksp, next->ksp);
	switched();
}

/* `current` is blocked, but nobody else is there to wait. */
void thread_idle(void)
{
	charge(current);
	cpu_timers_pause();
	trap_wait();
	charge(NULL);
	if (current->process && current->process->cpu_timers)
		cpu_timers_run();
}

void thread_begin_user(void)
{
	switched();
	if (current->process->mm->lend_due)
		mm_lend_all(current->process->mm);
	trap_finish(thread_regs(current));
	trap_make_valid(thread_regs(current));
}

void thread_begin_kernel(void (*fn)(void *arg), void *arg)
{
	switched();
	fn(arg);
	thread_exit();
}

void preempt_point(void)
{
	if (trap_window() && sched_pending && current != &sched_boot_thread)
		sched_preempt();
}
