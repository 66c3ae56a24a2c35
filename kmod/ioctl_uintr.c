// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of user interrupts for Linux threads; uapi.h says what each does. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <asm/processor.h>
#include <asm/syscall.h>

#include <crtos/uapi.h>
#include <crtos/uintr.h>

#include "features.h"
#include "ioctl.h"
#include "uintr_fd.h"
#include "uintr_thread.h"
#include "uintr_uitt.h"
#include "uintr_upid.h"
#include "uintr_wait.h"

#define WAIT_USEC_MAX		1000000000ull
#define ALT_STACK_MIN		4096

/* The instructions exist in 64-bit mode only, and nothing is delivered outside it. */
static bool have_uintr(void)
{
	return crtos_features_uintr() && !in_ia32_syscall();
}

static struct crtos_thread *receiver(void)
{
	struct crtos_thread *thread = crtos_thread_current();

	return thread && thread->upid ? thread : NULL;
}

long crtos_ioctl_uintr_register(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_handler *handler = arg;
	struct crtos_upid_slot *upid;
	struct crtos_thread *thread;

	if (handler->flags & ~(CRTOS_WAITING_RECEIVER | CRTOS_WAITING_SENDER) || handler->reserved)
		return -EINVAL;
	if (!handler->handler || handler->handler >= TASK_SIZE_MAX)
		return -EFAULT;
	if (!have_uintr() || (handler->flags && !crtos_eintr_possible()))
		return -EOPNOTSUPP;

	if (receiver())
		return -EBUSY;
	upid = crtos_upid_alloc();
	if (!upid)
		return -ENOSPC;
	thread = crtos_thread_get_current();
	if (!IS_ERR(thread))
		crtos_thread_set_receiver(thread, upid, handler->handler, handler->flags);
	crtos_upid_put(upid);
	return PTR_ERR_OR_ZERO(thread);
}

long crtos_ioctl_uintr_unregister(struct crtos_session *session, void *arg)
{
	struct crtos_thread *thread = receiver();

	if (*(u32 *)arg || !thread)
		return -EINVAL;
	/* A shadow's UPID belongs to its slot. */
	if (thread->process)
		return -EINVAL;
	crtos_thread_drop_receiver(thread);
	crtos_thread_trim(thread);
	return 0;
}

static long vector_check(const struct crtos_uintr_vector *vector)
{
	if (vector->flags || vector->reserved || !receiver())
		return -EINVAL;
	if (vector->vector >= CRTOS_UINTR_VECTORS)
		return -ENOSPC;
	return 0;
}

long crtos_ioctl_uintr_vector_fd(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_vector *vector = arg;
	long ret = vector_check(vector);

	return ret ?: crtos_vector_fd_create(receiver()->upid, vector->vector);
}

/* The caller as a sender: its process's table is loaded. Other threads load it when they send. */
static struct crtos_thread *sender_current(void)
{
	struct crtos_thread *thread = crtos_thread_get_current();
	struct crtos_uitt *uitt;

	if (IS_ERR(thread) || thread->uitt)
		return thread;
	uitt = crtos_uitt_get_current();
	if (IS_ERR(uitt)) {
		crtos_thread_trim(thread);
		return ERR_CAST(uitt);
	}
	crtos_thread_set_uitt(thread, uitt);
	return thread;
}

static long sender_add(struct crtos_upid_slot *upid, unsigned int vector)
{
	struct crtos_thread *thread = sender_current();

	return IS_ERR(thread) ? PTR_ERR(thread) : crtos_uitt_add(thread->uitt, upid, vector);
}

long crtos_ioctl_uintr_sender(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_sender *sender = arg;
	struct crtos_upid_slot *upid;
	unsigned int vector;
	long ret;

	if (sender->flags & ~CRTOS_SENDER_RAW)
		return -EINVAL;
	if (!have_uintr())
		return -EOPNOTSUPP;
	if (sender->flags & CRTOS_SENDER_RAW) {
		if (!capable(CAP_SYS_RAWIO))
			return -EPERM;
		if (sender->vector >= CRTOS_UINTR_VECTORS)
			return -EINVAL;
		vector = sender->vector;
		upid = crtos_upid_get_exported(sender->target) ?: ERR_PTR(-EINVAL);
	} else {
		if (sender->vector)
			return -EINVAL;
		upid = crtos_vector_fd_target(sender->target, &vector);
	}
	if (IS_ERR(upid))
		return PTR_ERR(upid);
	ret = sender_add(upid, vector);
	crtos_upid_put(upid);
	return ret;
}

long crtos_ioctl_uintr_unsender(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_index *index = arg;
	struct crtos_uitt *uitt;
	long ret;

	if (index->flags)
		return -EINVAL;
	uitt = crtos_uitt_find_current();
	if (!uitt)
		return -EINVAL;
	ret = crtos_uitt_remove(uitt, index->index);
	crtos_uitt_put(uitt);
	return ret;
}

long crtos_ioctl_uintr_wait(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_wait *wait = arg;
	struct crtos_thread *thread = receiver();
	ktime_t until;
	int ret;

	if (wait->flags || wait->reserved || wait->usec > WAIT_USEC_MAX)
		return -EINVAL;
	if (!wait->usec)
		return 0;
	if (!thread)
		return -EOPNOTSUPP;
	until = ktime_add_us(ktime_get(), wait->usec);
	ret = crtos_wait_notification(thread, &until, NULL);
	return ret == -ETIME ? 0 : -EINTR;
}

long crtos_ioctl_uintr_self(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_vector *vector = arg;
	long ret = vector_check(vector);

	if (ret)
		return ret;
	return have_uintr() ? sender_add(receiver()->upid, vector->vector) : -EOPNOTSUPP;
}

long crtos_ioctl_uintr_stack(struct crtos_session *session, void *arg)
{
	const struct crtos_uintr_stack *stack = arg;
	struct crtos_thread *thread = receiver();
	u64 adjust = CRTOS_RED_ZONE;

	if (stack->flags || stack->reserved)
		return -EINVAL;
	if (stack->sp) {
		if (stack->size < ALT_STACK_MIN || stack->size > TASK_SIZE_MAX ||
		    stack->sp > TASK_SIZE_MAX - stack->size)
			return -EINVAL;
		/* The hardware pushes downwards from what it loads: give it the top. */
		adjust = ((stack->sp + stack->size) & ~15ull) | CRTOS_STACKADJUST_LOAD;
	}
	if (!thread)
		return -EOPNOTSUPP;
	crtos_thread_set_stack(thread, adjust);
	return 0;
}

long crtos_ioctl_uintr_upid_address(struct crtos_session *session, void *arg)
{
	struct crtos_thread *thread = receiver();

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (!thread)
		return -EOPNOTSUPP;
	*(u64 *)arg = crtos_upid_export(thread->upid);
	return 0;
}
