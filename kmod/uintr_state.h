/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_STATE_H
#define _CRTOS_UINTR_STATE_H

#include <linux/types.h>

#include "compat.h"

struct crtos_thread;

/*
 * Whose the UINTR MSRs are. On a stock kernel they are the module's at any time. On a kernel that
 * manages user interrupts itself they are a part of each thread's extended state: see uintr_state.c.
 */
#if CRTOS_UINTR_KERNEL

bool crtos_state_own(struct crtos_thread *thread);
void crtos_state_loaded(struct crtos_thread *thread);
void crtos_state_unloaded(struct crtos_thread *thread);

#else

static inline bool crtos_state_own(struct crtos_thread *thread)
{
	return true;
}

static inline void crtos_state_loaded(struct crtos_thread *thread)
{
}

static inline void crtos_state_unloaded(struct crtos_thread *thread)
{
}

#endif

#endif
