// SPDX-License-Identifier: GPL-2.0-only
/*
 * Donated page frames that left the mirror while Linux still held a reference, for example for
 * direct I/O in flight.
 *
 * The RTOS must not reuse such a frame: its bit is set in the shared bitmap before the zap is
 * answered or the process is killed (both are store-releases), and cleared when the last reference
 * has gone. Our own copy decides which frames we look at; what the RTOS does to the shared one
 * concerns only itself.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "pinned.h"

static DEFINE_SPINLOCK(pinned_lock);
static unsigned long *pinned;
static unsigned long *pinned_shared;
static unsigned long pinned_first;
static unsigned long pinned_frames;
static u64 pinned_count;

/* @shared: zeroed, one bit for each frame. May sleep. Return: 0 or -ENOMEM. */
int crtos_pinned_open(u64 mem_phys, u64 mem_size, void *shared)
{
	pinned_first = PHYS_PFN(mem_phys);
	pinned_frames = PHYS_PFN(mem_size);
	pinned_count = 0;
	pinned_shared = shared;
	pinned = vzalloc(BITS_TO_LONGS(pinned_frames) * sizeof(long));
	return pinned ? 0 : -ENOMEM;
}

void crtos_pinned_close(void)
{
	vfree(pinned);
	pinned = NULL;
	pinned_count = 0;
}

/* Between open and close. */
void crtos_pinned_mark(unsigned long pfn)
{
	unsigned long bit = pfn - pinned_first;

	spin_lock(&pinned_lock);
	if (!__test_and_set_bit(bit, pinned))
		pinned_count++;
	set_bit(bit, pinned_shared);
	spin_unlock(&pinned_lock);
}

/* Release the frames that only we still refer to. */
void crtos_pinned_recheck(void)
{
	unsigned long bit;

	if (!READ_ONCE(pinned_count))
		return;
	spin_lock(&pinned_lock);
	for_each_set_bit(bit, pinned, pinned_frames) {
		if (page_count(pfn_to_page(pinned_first + bit)) > 1)
			continue;
		__clear_bit(bit, pinned);
		pinned_count--;
		clear_bit_unlock(bit, pinned_shared);
	}
	spin_unlock(&pinned_lock);
}

u64 crtos_pinned_count(void)
{
	return READ_ONCE(pinned_count);
}
