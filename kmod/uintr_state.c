// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UINTR MSRs on a kernel that manages user interrupts itself (Intel's patches and descendants).
 *
 * There they are component 14 of the extended state. XSAVES saves them when a thread is switched
 * out, or when the kernel wants the FPU, and clears UINV; XRSTORS loads them before the thread is in
 * user mode again. The copy in memory is nobody's to change, so:
 *
 * - The module reads and writes the MSRs only while the state of current is in the CPU, and calls
 *   the kernel's own function to load it first.
 * - It takes its state out when the thread is switched out (uintr_thread.c), before XSAVES: what
 *   the kernel saves and loads then has none of the module's, and no old copy comes back.
 * - Between the two the kernel may use the FPU: XSAVES, and no UINV from then on. It does not know
 *   of the module's threads, so a user return notifier, which runs before the kernel loads the
 *   state, has it loaded and sets UINV. What came meanwhile went to the kernel's handler for its
 *   notification vector, which only acknowledges: ON and PIR tell.
 *
 * UINV is the kernel's notification vector on all CPUs: XRSTORS may load UINV as it was on another
 * CPU, where a vector of our own would have been another one's here.
 *
 * State that is there and not the module's is the kernel's: a thread has asked for it by the kernel's
 * own system calls. That is left alone, and the module gives way when it finds its own overwritten.
 */
#include <linux/sched.h>
#include <linux/user-return-notifier.h>
#include <asm/fpu/api.h>
#include <asm/msr.h>

#include <crtos/uintr.h>

#include "uintr_cpu.h"
#include "uintr_state.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"

/*
 * XRSTORS faults while UINV is set. It is set in a state that is not to be saved any more: exec has
 * thrown it away.
 */
static void clear_uinv(void)
{
	u64 misc;

	rdmsrl(CRTOS_MSR_UINTR_MISC, misc);
	if (misc & CRTOS_MISC_UINV_MASK)
		wrmsrl(CRTOS_MSR_UINTR_MISC, misc & ~CRTOS_MISC_UINV_MASK);
}

static u64 own_pd(const struct crtos_thread *thread)
{
	return thread->loaded && thread->upid ? (unsigned long)thread->upid->upid : 0;
}

static u64 own_tt(const struct crtos_thread *thread)
{
	if (!thread->loaded || !thread->uitt)
		return 0;
	return crtos_uitt_address(thread->uitt) | CRTOS_TT_ENABLE;
}

/*
 * Have the state of current, @thread's, in the CPU. Interrupts off until the caller is done with the
 * MSRs. Return: whether they hold what the module has put there, or nothing.
 */
bool crtos_state_own(struct crtos_thread *thread)
{
	u64 pd, tt;

	if (test_thread_flag(TIF_NEED_FPU_LOAD)) {
		clear_uinv();
		switch_fpu_return();
	}
	rdmsrl(CRTOS_MSR_UINTR_PD, pd);
	rdmsrl(CRTOS_MSR_UINTR_TT, tt);
	return pd == own_pd(thread) && tt == own_tt(thread);
}

static void on_user_return(struct user_return_notifier *notifier)
{
	struct crtos_thread *thread = container_of(notifier, struct crtos_thread, user_return);
	u64 misc;

	if (!crtos_state_own(thread)) {
		crtos_thread_unload(thread);
		return;
	}
	if (!thread->upid)
		return;
	rdmsrl(CRTOS_MSR_UINTR_MISC, misc);
	if (!(misc & CRTOS_MISC_UINV_MASK))
		wrmsrl(CRTOS_MSR_UINTR_MISC,
		       misc | (u64)CRTOS_UINTR_VECTOR << CRTOS_MISC_UINV_SHIFT);
	if (crtos_upid_pending(thread->upid->upid))
		crtos_thread_fold(thread);
}

/* The state of @thread, current, has been written. Interrupts off. */
void crtos_state_loaded(struct crtos_thread *thread)
{
	thread->user_return.on_user_return = on_user_return;
	user_return_notifier_register(&thread->user_return);
}

/*
 * It is out of the CPU, or not the module's any more. Interrupts off. Nothing of ours stays, so that
 * what is found there later is another's.
 */
void crtos_state_unloaded(struct crtos_thread *thread)
{
	u64 value;

	user_return_notifier_unregister(&thread->user_return);
	rdmsrl(CRTOS_MSR_UINTR_TT, value);
	if (value == own_tt(thread))
		wrmsrl(CRTOS_MSR_UINTR_TT, 0);
	rdmsrl(CRTOS_MSR_UINTR_PD, value);
	if (value != own_pd(thread))
		return;
	wrmsrl(CRTOS_MSR_UINTR_HANDLER, 0);
	wrmsrl(CRTOS_MSR_UINTR_STACKADJUST, 0);
	wrmsrl(CRTOS_MSR_UINTR_PD, 0);
}
