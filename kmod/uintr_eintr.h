/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_EINTR_H
#define _CRTOS_UINTR_EINTR_H

#include <linux/types.h>
#include <linux/user-return-notifier.h>

/* Of one thread: a user interrupt has come while it was blocked, and its system call is to end. */
struct crtos_eintr {
	struct user_return_notifier notifier;
	bool due;
};

#ifdef CONFIG_USER_RETURN_NOTIFIER

static inline bool crtos_eintr_possible(void)
{
	return true;
}

void crtos_eintr_set(struct crtos_eintr *eintr);
void crtos_eintr_in(struct crtos_eintr *eintr);
void crtos_eintr_out(struct crtos_eintr *eintr);

#else

static inline bool crtos_eintr_possible(void)
{
	return false;
}

static inline void crtos_eintr_set(struct crtos_eintr *eintr)
{
}

static inline void crtos_eintr_in(struct crtos_eintr *eintr)
{
}

static inline void crtos_eintr_out(struct crtos_eintr *eintr)
{
}

#endif

#endif
