/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_UPID_H
#define _CRTOS_UINTR_UPID_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <crtos/uintr.h>

/*
 * One UPID of the reserved pages. A reference is held by the receiving thread, by every vector
 * descriptor, by every UITT entry and by the process slot it belongs to: as long as anybody can
 * still post to it, it is not given to another receiver.
 */
struct crtos_upid_slot {
	struct crtos_upid *upid;
	unsigned int index;
	refcount_t refs;
	struct task_struct *receiver;	/* NULL: gone. Under the allocator's lock */
	kuid_t owner;			/* who is charged for it */
	bool exported;			/* raw senders may name its physical address */
};

int crtos_upid_init(void);
void crtos_upid_exit(void);

struct crtos_upid_slot *crtos_upid_alloc(void);
struct crtos_upid_slot *crtos_upid_get(struct crtos_upid_slot *slot);
void crtos_upid_put(struct crtos_upid_slot *slot);

void crtos_upid_set_receiver(struct crtos_upid_slot *slot, struct task_struct *receiver);
bool crtos_upid_alive(struct crtos_upid_slot *slot);
u64 crtos_upid_export(struct crtos_upid_slot *slot);
struct crtos_upid_slot *crtos_upid_get_exported(u64 phys);

u64 crtos_upid_phys(void);
unsigned int crtos_upid_total(void);
unsigned int crtos_upid_used(void);

/*
 * The control word is changed by compare-and-swap only: a SENDUIPI elsewhere may set ON between any
 * two instructions. Each change is a full barrier.
 */
static inline void crtos_upid_update(struct crtos_upid *upid, u64 clear, u64 set)
{
	u64 *word = (u64 *)&upid->control;
	u64 old = READ_ONCE(*word);

	while (!try_cmpxchg64(word, &old, (old & ~clear) | set))
		;
}

/* Senders post to PIR from now on without notifying. */
static inline void crtos_upid_mute(struct crtos_upid *upid)
{
	crtos_upid_update(upid, 0, CRTOS_UPID_SN);
}

/* Notify that CPU from now on; earlier notifications are forgotten: look at PIR. */
static inline void crtos_upid_aim(struct crtos_upid *upid, u32 apic_id, bool x2apic, u8 vector)
{
	crtos_upid_update(upid, ~0ull, crtos_upid_control(apic_id, x2apic, vector, 0));
}

/* Change only where notifications go. */
static inline void crtos_upid_retarget(struct crtos_upid *upid, u32 apic_id, bool x2apic, u8 vector)
{
	crtos_upid_update(upid, CRTOS_UPID_NV_MASK | CRTOS_UPID_NDST_MASK,
			  crtos_upid_control(apic_id, x2apic, vector, 0));
}

/* Take the posted vectors. */
static inline u64 crtos_upid_take(struct crtos_upid *upid)
{
	return xchg((u64 *)&upid->pir, 0);
}

static inline bool crtos_upid_pending(const struct crtos_upid *upid)
{
	return READ_ONCE(upid->control) & CRTOS_UPID_ON || READ_ONCE(upid->pir);
}

/* Nobody listens: mute, and forget what was posted. */
static inline void crtos_upid_deactivate(struct crtos_upid *upid)
{
	crtos_upid_update(upid, CRTOS_UPID_ON, CRTOS_UPID_SN);
	crtos_upid_take(upid);
}

#endif
