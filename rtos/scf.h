/* SPDX-License-Identifier: MIT */
/* Remote system calls: the client's side of <crtos/scf.h>. */
#ifndef RTOS_SCF_H
#define RTOS_SCF_H

#include <crtos/scf.h>

#include "thread.h"
#include "types.h"

struct process;

/*
 * Has the shadow of `current` carry out a call, and waits for it: the result or -errno of Linux. -EINTR
 * when `current` is killed meanwhile, or when the process was ended.
 */
s64 scf_call(u32 nr, const u64 args[6]);
/* No errno is below: Linux says no such thing, and cut to an int it might be taken for success. */
static inline s64 scf_errno(s64 ret)
{
	return ret < -4095 ? -5 /* EIO */ : ret;
}

/* For the RTOS itself: no signal interrupts it. */
static inline s64 scf_own_call(u32 nr, const u64 args[6])
{
	s64 ret;

	current->scf_own = true;
	ret = scf_call(nr, args);
	current->scf_own = false;
	return ret;
}

/*
 * One that even a thread that is killed waits for, so that whoever goes on in its memory finds that it is over.
 * It must not be one that may take long.
 */
static inline s64 scf_patient_call(u32 nr, const u64 args[6])
{
	s64 ret;

	current->scf_patient = true;
	ret = scf_own_call(nr, args);
	current->scf_patient = false;
	return scf_errno(ret);
}

/* The same with the arguments one by one; those not given are 0. */
#define scf(nr, ...) scf_errno(scf_own_call(nr, (const u64[6]){ __VA_ARGS__ }))

/* A request that has no answer: one of the (no reply) operations, the last of this thread. */
void scf_post(u32 nr, u64 arg0, u64 arg1, u64 arg2);

/* True if an earlier call of `current` was left before its answer came: nothing can be posted. */
bool scf_outstanding(void);

/*
 * A signal became deliverable to t, which is in a remote call: it shall end with EINTR, if it is one that
 * may be interrupted.
 */
void scf_interrupt(struct thread *t);

/* Called for each slot whose bit came in a reverse notification. */
void scf_answered(struct process *p, unsigned int slot);

#endif
