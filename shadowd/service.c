// SPDX-License-Identifier: MIT
/*
 * The service routine: the hot path. Built for the integer registers only; a null call costs well under
 * a hundred instructions here, and no system call but the one that was asked for.
 */

#include <sys/ioctl.h>

#include "care.h"
#include "raw.h"
#include "shadow.h"

#define hot static inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The last look at *interrupt and the system call, with a site for the signal handler (shadow.h). */
hot long call_linux(const struct crtos_scf_call *call, const uint32_t *interrupt, uint32_t seq)
{
	register uint64_t r10 __asm__("r10") = call->args[3];
	register uint64_t r8 __asm__("r8") = call->args[4];
	register uint64_t r9 __asm__("r9") = call->args[5];
	register uint64_t r11 __asm__("r11") = seq;
	long ret;

	__asm__ volatile("1:	cmpl	%k[seq], (%[interrupt])\n"
			 "	je	3f\n"
			 "	syscall\n"
			 "2:\n"
			 "	.subsection 1\n"
			 "3:	movq	%[not_begun], %%rax\n"
			 "	jmp	2b\n"
			 "	.previous\n"
			 "	.pushsection shadow_call_sites, \"a\"\n"
			 "	.long	1b - ., 2b - ., 3b - .\n"
			 "	.popsection"
			 : "=a"(ret), [interrupt] "+c"(interrupt), [seq] "+r"(r11)
			 : "0"((uint64_t)call->nr), "D"(call->args[0]), "S"(call->args[1]),
			   "d"(call->args[2]), "r"(r10), "r"(r8),
			   "r"(r9), [not_begun] "i"(-CRTOS_SCF_NOT_BEGUN)
			 : "memory", "cc");
	return ret;
}

long shadow_syscall(const struct crtos_scf_call *call, const uint32_t *interrupt, uint32_t seq)
{
	return call_linux(call, interrupt, seq);
}

static long do_changed_call(const struct crtos_scf_call *call)
{
	return shadow_syscall(call, &shadow_self->port.slot->request.interrupt,
			      shadow_self->port.seq);
}

/* By value, so that the caller's copy can stay in registers. */
static __attribute__((noinline)) long perform_slowly(struct shadow_thread *thread,
						     const struct crtos_scf_call call)
{
	if (call.nr >= CRTOS_OP_FIRST)
		return shadow_operation(thread, &call);
	return care_call(&call, shadow.dev, do_changed_call);
}

hot long perform(struct shadow_thread *thread, const struct crtos_scf_call *call)
{
	if (likely(call->nr < CRTOS_OP_FIRST && !care_needed(call->nr, call->args[0], shadow.dev)))
		return call_linux(call, &thread->port.slot->request.interrupt, thread->port.seq);
	return perform_slowly(thread, *call);
}

hot void service(struct shadow_thread *thread, enum crtos_notifier notifier)
{
	struct crtos_scf_call call;
	long ret;
	int taken;

	thread->port.handled++;
	taken = crtos_scf_take(&thread->port, &call);
	if (unlikely(taken <= 0)) {
		if (taken < 0)
			shadow_protocol_error();
		thread->port.spurious++;
		return;
	}
	ret = perform(thread, &call);
	if (unlikely(ret == SHADOW_NO_REPLY))
		return;
	if (!crtos_scf_answer(&thread->port, ret) || notifier == CRTOS_NOTIFIER_POLL) {
		thread->port.suppressed++;
		return;
	}
	thread->port.notified++;
	if (notifier == CRTOS_NOTIFIER_UIPI)
		crtos_senduipi(thread->index);
	else
		raw_syscall3(__NR_ioctl, shadow.dev, CRTOS_IOC_KICK, 0);
}

void shadow_service_uipi(void)
{
	service(shadow_self, CRTOS_NOTIFIER_UIPI);
}

void shadow_service_ipi(void)
{
	service(shadow_self, CRTOS_NOTIFIER_IPI);
}

void shadow_service_poll(struct shadow_thread *thread)
{
	service(thread, CRTOS_NOTIFIER_POLL);
}
