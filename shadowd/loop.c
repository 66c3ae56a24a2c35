// SPDX-License-Identifier: MIT
/*
 * What a shadow thread does between requests: spin a while with user interrupts let in, then block in the
 * module. It never looks at the slot itself: being notified is what user interrupts are for.
 *
 * No wake-up is lost. A request that arrives before the thread blocks is served on top of this loop; one
 * that arrives later is pending in the UPID, which the module looks at before it lets the thread sleep.
 * A thread that left its slot on top of the loop gets EINVAL from the module.
 *
 * Built for the integer registers only: see entry.S.
 */

#include <errno.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "raw.h"
#include "shadow.h"
#include "signals.h"

/* Of the counters, only `handled` is looked at while the service routine may change it. */
static inline uint64_t handled(const struct shadow_thread *thread)
{
	return CRTOS_SCF_READ(thread->port.handled);
}

/* Every request served starts the time anew. */
static void spin(const struct shadow_thread *thread)
{
	uint64_t seen = handled(thread), start = __rdtsc();

	if (!shadow.spin)
		return;
	while (!thread->leaving && (shadow.spin == UINT64_MAX || __rdtsc() - start < shadow.spin)) {
		__builtin_ia32_pause();
		if (handled(thread) != seen) {
			seen = handled(thread);
			start = __rdtsc();
		}
	}
}

/* The counters are complete whenever the thread sleeps. */
static void count_block(struct shadow_thread *thread)
{
	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_clui();
	thread->port.blocked++;
	crtos_scf_publish_counters(&thread->port);
	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_stui();
}

static void notified_loop(struct shadow_thread *thread)
{
	long ret;

	for (;;) {
		spin(thread);
		if (thread->leaving)
			return;
		count_block(thread);
		ret = raw_syscall3(__NR_ioctl, shadow.dev, CRTOS_IOC_THREAD_WAIT, 0);
		if (thread->leaving)
			return;
		if (ret == -ESHUTDOWN)
			break;
		if (ret < 0 && ret != -EINTR)
			shadow_fail("the module does not let a shadow thread wait");
	}
	/* A request that tells how to end is found there, whether it was notified or not. */
	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_clui();
	shadow_shut_down();
}

static void polling_loop(struct shadow_thread *thread)
{
	const struct crtos_scf_request *request = &thread->port.slot->request;

	crtos_scf_set_looking(&thread->port, true);
	while (!thread->leaving) {
		if (CRTOS_SCF_READ(request->seq) != thread->port.seq)
			shadow_service_poll(thread);
		else
			__builtin_ia32_pause();
		if (CRTOS_SCF_READ(shadow.scf->state) != CRTOS_SCF_RUNNING)
			shadow_check_state();
	}
}

void shadow_loop(struct shadow_thread *thread)
{
	if (!thread->stack)
		thread->stack = __builtin_frame_address(0);
	switch (shadow.notifier) {
	case CRTOS_NOTIFIER_UIPI:
		crtos_stui();
		notified_loop(thread);
		break;
	case CRTOS_NOTIFIER_IPI:
		notified_loop(thread);
		break;
	default:
		polling_loop(thread);
		break;
	}
}

_Noreturn void shadow_first_loop(void)
{
	if (shadow_signals_start())
		shadow_fail("no thread for its signals");
	shadow_loop(&shadow_threads[0]);
	/* It ended before others: they go on. */
	shadow_left(&shadow_threads[0]);
	for (;;)
		raw_syscall3(__NR_exit, 0, 0, 0);
}
