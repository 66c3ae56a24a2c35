/* SPDX-License-Identifier: MIT */
/* What signals.c and its neighbours need of the rest, on top of rtos_fake.h. Included once by a test. */
#ifndef RTOS_SIGNAL_FAKE_H
#define RTOS_SIGNAL_FAKE_H

#define FAKE_OWN_SIGNALS
#define FAKE_OWN_SCF
#include "rtos_fake.h"

#include <signal.h>

#include "../../rtos/cpu.h"
#include "../../rtos/cpu_timer.h"
#include "../../rtos/sigframe.h"
#include "../../rtos/sys.h"

#define STACK		0x100000ull	/* a page, readable and writable; so is the next one */
#define STACK_TOP	(STACK + 2 * PAGE_SIZE)
#define DATA		0x200000ull
#define FPU_BYTES	576u

struct cpu_features cpu;
static u8 fake_xsave[4][FPU_BYTES];
static unsigned int fake_fpu_saves, fake_fpu_loads, fake_fpu_resets, fake_calls, fake_interrupts;
static u32 fake_call_nr;
static u64 fake_call_args[6];
static s64 fake_call_result;
static jmp_buf fake_exit;
static u32 fake_exit_op;
static u64 fake_exit_value;
static int fake_stopped;
static void (*fake_on_stop)(void);

u32 thread_fpu_bytes(void)
{
	return FPU_BYTES;
}

void thread_fpu_save(void)
{
	fake_fpu_saves++;
}

void thread_fpu_load(void)
{
	fake_fpu_loads++;
}

void thread_fpu_reset(void)
{
	fake_fpu_resets++;
}

s64 scf_call(u32 nr, const u64 args[6])
{
	fake_calls++;
	fake_call_nr = nr;
	memcpy(fake_call_args, args, sizeof(fake_call_args));
	return fake_call_result;
}

void scf_interrupt(struct thread *t)
{
	assert_true(t->scf_waiting);
	fake_interrupts++;
}

s64 sys_remote(struct regs *regs)
{
	const u64 args[6] = {
		arg0(regs), arg1(regs), arg2(regs), arg3(regs), arg4(regs), arg5(regs)
	};

	return scf_call(regs->error, args);
}

bool sys_user_pointer(u64 addr)
{
	return !addr || (addr >= CRTOS_USER_START && addr < CRTOS_USER_END);
}

void process_exit(u32 op, u64 value)
{
	fake_exit_op = op;
	fake_exit_value = value;
	longjmp(fake_exit, 1);
}

void process_die(const struct signal_info *info, u32 slot)
{
	(void)slot;
	process_exit(CRTOS_OP_DIE, info->sig);
}

/* What fn does ends the process by that signal. */
#define assert_dies(signal, statement)                          \
	do {                                                    \
		if (!setjmp(fake_exit)) {                       \
			statement;                              \
			fail_msg("it lives on");                \
		}                                               \
		assert_int_equal(fake_exit_op, CRTOS_OP_DIE);   \
		assert_int_equal(fake_exit_value, signal);      \
	} while (0)

bool sys_shadow_pointer(u64 addr)
{
	return addr >= CRTOS_USER_END;
}

void process_wait_frozen(void)
{
}

/* A test that is made with rtos/signalfd.c says FAKE_NO_SIGNALFD. */
#ifndef FAKE_NO_SIGNALFD
void signalfd_notify(struct process *p, const struct thread *thread, int sig)
{
	(void)p;
	(void)thread;
	(void)sig;
}
#endif

void process_stop(int sig)
{
	fake_stopped = sig;
	if (fake_on_stop)
		fake_on_stop();
}

struct thread *process_find_thread(const struct process *p, s32 tid)
{
	struct list *link;

	list_for_each(link, &p->threads) {
		struct thread *t = list_entry(link, struct thread, process_link);

		if (t->tid == tid)
			return t;
	}
	return NULL;
}

/* --- timers, that expire when the test lets time go by --------------------------------------------- */

static struct timer *fake_armed[8];

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

void timer_stop(struct timer *timer)
{
	timer->order = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fake_armed); i++)
		if (fake_armed[i] == timer)
			fake_armed[i] = NULL;
}

void timer_start(struct timer *timer, u64 expires)
{
	timer_stop(timer);
	timer->expires = expires;
	timer->order = 1;
	for (size_t i = 0; i < ARRAY_SIZE(fake_armed); i++) {
		if (!fake_armed[i]) {
			fake_armed[i] = timer;
			return;
		}
	}
	fail_msg("too many timers");
}

/* In the order of their times, up to `until`; how many have expired. */
FAKE_UNUSED static unsigned int fake_pass(u64 until)
{
	unsigned int count = 0;

	for (;;) {
		struct timer *first = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(fake_armed); i++) {
			struct timer *t = fake_armed[i];

			if (t && t->expires <= until && (!first || t->expires < first->expires))
				first = t;
		}
		if (!first)
			break;
		fake_now = max(fake_now, first->expires);
		timer_stop(first);
		first->fn(first);
		count++;
	}
	fake_now = until;
	return count;
}

/* --- processor time: that of `current`, unless nobody runs ------------------------------------------ */

static u64 fake_charged;
static bool fake_idle;

static u64 fake_uncharged(void)
{
	return fake_idle ? 0 : fake_now - fake_charged;
}

u64 thread_cpu_ns(const struct thread *thread)
{
	return thread->cpu_ticks + (thread == current ? fake_uncharged() : 0);
}

u64 process_cpu_ns(const struct process *process)
{
	return process->cpu_ticks + fake_uncharged();
}

/* As thread_switch() does, and thread_idle() for NULL. */
FAKE_UNUSED static void fake_run(struct thread *thread)
{
	current->cpu_ticks += fake_uncharged();
	fake_process->cpu_ticks += fake_uncharged();
	fake_charged = fake_now;
	fake_idle = !thread;
	if (thread)
		current = thread;
	if (thread && fake_process->cpu_timers)
		cpu_timers_run();
	else
		cpu_timers_pause();
}

FAKE_UNUSED static int fake_signal_setup(void **state)
{
	unsigned int i;

	fake_setup(state);
	fake_process->signals = kalloc(sizeof(struct signals));
	fake_process->signals->uid = 1000;
	for (i = 0; i < 4; i++)
		fake_threads[i].xsave = fake_xsave[i];
	vm_map(&fake_process->mm->vm, STACK, page_alloc(), VM_READ | VM_WRITE);
	vm_map(&fake_process->mm->vm, STACK + PAGE_SIZE, page_alloc(), VM_READ | VM_WRITE);
	vm_map(&fake_process->mm->vm, DATA, page_alloc(), VM_READ | VM_WRITE);
	fake_fpu_saves = fake_fpu_loads = fake_fpu_resets = fake_calls = fake_interrupts = 0;
	fake_call_result = 0;
	fake_stopped = 0;
	fake_on_stop = NULL;
	fake_charged = fake_now;
	fake_idle = false;
	return 0;
}

/* In user memory. */
FAKE_UNUSED static void put64(u64 at, u64 value)
{
	assert_int_equal(copy_to_user(at, &value, sizeof(value)), 0);
}

FAKE_UNUSED static u64 get64(u64 at)
{
	u64 value;

	assert_int_equal(copy_from_user(&value, at, sizeof(value)), 0);
	return value;
}

/* Nothing that was queued is lost. */
FAKE_UNUSED static int fake_signal_teardown(void **state)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		current = &fake_threads[i];
		signal_thread_leaves();
	}
	signal_end(fake_process);
	cpu_timers_pause();
	assert_null(fake_process->cpu_timers);
	for (i = 0; i < ARRAY_SIZE(fake_armed); i++)
		assert_null(fake_armed[i]);
	assert_int_equal(fake_process->signals->queued, 0);
	kfree(fake_process->signals);
	assert_int_equal(fake_objects, 0);
	vm_destroy(&fake_process->mm->vm);
	assert_int_equal(fake_frames, 0);
	return fake_teardown(state);
}

#endif
