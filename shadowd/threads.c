// SPDX-License-Identifier: MIT
/*
 * Shadow threads come and go with those of the real-time process. A thread is made by another one's
 * service routine, on a stack that was reserved at the start; a slot's counters and sequence number go on
 * when another thread takes it.
 *
 * The slot's state: FREE -> STARTING -> LIVE (or FAILED) -> GONE -> STARTING ... A thread that is GONE
 * has detached and may still be on its stack: it is joined before the slot is used again.
 */

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"
#include "shadow.h"
#include "signals.h"

#define STACK_BYTES (256u << 10)
#define GUARD_BYTES 4096u
#define LEAVE_SECONDS 2

struct shadow_thread shadow_threads[CRTOS_SCF_SLOTS];
__thread struct shadow_thread *shadow_self;

static char *stacks;

/* In a child there are those of its parent's threads, one of which the calling thread may be running on. */
static void drop_old_stacks(void)
{
	const char *here = __builtin_frame_address(0);
	unsigned int slot;

	for (slot = 0; stacks && slot < CRTOS_SCF_SLOTS; slot++) {
		char *stack = stacks + slot * STACK_BYTES;

		if (here < stack || here >= stack + STACK_BYTES)
			munmap(stack, STACK_BYTES);
	}
}

/* Stacks are address space only, until they are used. */
int shadow_threads_init(void)
{
	unsigned int slot;

	drop_old_stacks();
	memset(shadow_threads, 0, sizeof(shadow_threads));
	stacks = mmap(NULL, CRTOS_SCF_SLOTS * STACK_BYTES, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		return -errno;
	for (slot = 0; slot < CRTOS_SCF_SLOTS; slot++) {
		shadow_threads[slot].slot = slot;
		shadow_threads[slot].port.slot = crtos_scf_slot(shadow.scf, slot);
	}
	return 0;
}

static int get_state(const struct shadow_thread *thread)
{
	return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
}

static void set_state(struct shadow_thread *thread, int state)
{
	__atomic_store_n(&thread->state, state, __ATOMIC_RELEASE);
	raw_syscall3(__NR_futex, (uintptr_t)&thread->state, FUTEX_WAKE_PRIVATE, INT32_MAX);
}

/* Until the state is no longer `state`, or the time is over. */
static void await_change(const struct shadow_thread *thread, int state,
			 const struct timespec *timeout)
{
	raw_syscall4(__NR_futex, (uintptr_t)&thread->state, FUTEX_WAIT_PRIVATE, state,
		     (uintptr_t)timeout);
}

/* UIF stays as it was when a thread becomes a receiver: here it must be 0 until the loop sets it. */
static int attach(struct shadow_thread *thread)
{
	const void *handler = NULL;
	int ret;

	shadow_self = thread;
	thread->tid = gettid();
	thread->leaving = 0;
	if (shadow.notifier == CRTOS_NOTIFIER_UIPI) {
		handler = (const void *)shadow_uintr_entry;
		crtos_clui();
	}
	ret = crtos_thread_attach(shadow.dev, thread->slot, handler, &thread->index);
	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_clui();
	return ret;
}

int shadow_attach_first(void)
{
	int ret = attach(&shadow_threads[0]);

	if (!ret)
		set_state(&shadow_threads[0], SHADOW_THREAD_LIVE);
	return ret;
}

static void *thread_main(void *argument)
{
	struct shadow_thread *thread = argument;

	thread->error = attach(thread);
	if (thread->error) {
		set_state(thread, SHADOW_THREAD_FAILED);
		return NULL;
	}
	set_state(thread, SHADOW_THREAD_LIVE);
	shadow_signals_serve();
	shadow_loop(thread);
	shadow_left(thread);
	return NULL;
}

static int start_thread(struct shadow_thread *thread)
{
	char *stack = stacks + thread->slot * STACK_BYTES + GUARD_BYTES;
	pthread_attr_t attr;
	int error;

	if (mprotect(stack, STACK_BYTES - GUARD_BYTES, PROT_READ | PROT_WRITE))
		return errno;
	error = pthread_attr_init(&attr);
	if (error)
		return error;
	error = pthread_attr_setstack(&attr, stack, STACK_BYTES - GUARD_BYTES);
	if (!error)
		error = pthread_create(&thread->thread, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	return error;
}

/*
 * The RTOS may give a slot to a new thread while the shadow of the old one has not yet taken its
 * EXIT_THREAD.
 */
static int await_leave(struct shadow_thread *thread)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	unsigned int ticks = LEAVE_SECONDS * 1000;

	while (get_state(thread) == SHADOW_THREAD_LIVE) {
		if (CRTOS_SCF_READ(thread->port.slot->request.nr) != CRTOS_OP_EXIT_THREAD ||
		    !ticks--)
			return -EBUSY;
		await_change(thread, SHADOW_THREAD_LIVE, &tick);
	}
	return 0;
}

/* Makes the slot free for a new thread; of two that want it, one gets it. */
static int take_slot(struct shadow_thread *thread)
{
	int state, ret = await_leave(thread);

	if (ret)
		return ret;
	state = get_state(thread);
	if ((state != SHADOW_THREAD_FREE && state != SHADOW_THREAD_GONE) ||
	    !__atomic_compare_exchange_n(&thread->state, &state, SHADOW_THREAD_STARTING, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return -EBUSY;
	/* The first thread is not one that can be joined, nor does it use a stack of ours. */
	if (thread->thread)
		pthread_join(thread->thread, NULL);
	thread->thread = 0;
	return 0;
}

pid_t shadow_thread_tid(uint32_t slot)
{
	const struct shadow_thread *thread = &shadow_threads[slot];

	return get_state(thread) == SHADOW_THREAD_LIVE ? thread->tid : 0;
}

void shadow_threads_reap(void)
{
	struct shadow_thread *thread;
	int gone;

	for (thread = shadow_threads; thread < shadow_threads + CRTOS_SCF_SLOTS; thread++) {
		gone = SHADOW_THREAD_GONE;
		if (!__atomic_compare_exchange_n(&thread->state, &gone, SHADOW_THREAD_STARTING,
						 false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		if (thread->thread)
			pthread_join(thread->thread, NULL);
		thread->thread = 0;
		set_state(thread, SHADOW_THREAD_FREE);
	}
}

long shadow_clone(uint64_t slot)
{
	struct shadow_thread *thread;
	int ret;

	if (slot >= CRTOS_SCF_SLOTS)
		return -EINVAL;
	thread = &shadow_threads[slot];
	ret = take_slot(thread);
	if (ret)
		return ret;

	ret = -start_thread(thread);
	if (ret) {
		set_state(thread, SHADOW_THREAD_FREE);
		return ret == -ENOMEM ? -ENOMEM : -EAGAIN;
	}
	while (get_state(thread) == SHADOW_THREAD_STARTING)
		await_change(thread, SHADOW_THREAD_STARTING, NULL);
	if (get_state(thread) == SHADOW_THREAD_FAILED) {
		ret = thread->error;
		pthread_join(thread->thread, NULL);
		thread->thread = 0;
		set_state(thread, SHADOW_THREAD_FREE);
		/* No descriptor left: to a program that is as if there were too many threads. */
		return ret == -ENOSPC ? -EAGAIN : ret;
	}
	return thread->tid;
}

/*
 * The number of this request counts as answered, so that the slot's next user may go on from it; nobody
 * is notified. Detached first: a thread that waits in the module after this gets EINVAL.
 */
void shadow_leave(struct shadow_thread *thread)
{
	raw_syscall3(__NR_ioctl, shadow.dev, CRTOS_IOC_THREAD_DETACH, 0);
	thread->leaving = 1;
	crtos_scf_set_looking(&thread->port, false);
	crtos_scf_answer(&thread->port, 0);
}

/*
 * Out of the loop: only now may a new thread have the slot, for it clears `leaving`, which the loop had to
 * see.
 */
void shadow_left(struct shadow_thread *thread)
{
	set_state(thread, SHADOW_THREAD_GONE);
}
