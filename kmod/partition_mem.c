// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the partition: one contiguous range out of the page allocator, at run time.
 *
 * alloc_contig_range() moves what is movable out of a range of page frames. It is expensive where
 * it fails late, so ranges with frames that can be seen not to move are skipped first.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched/signal.h>
#include <asm/dma.h>

#include <crtos/boot.h>

#include "message.h"
#include "partition_mem.h"

#define RESCHED_FRAMES	4096	/* frames handled between two offers to reschedule */
#define STEPS_PER_SIZE	8	/* second pass: ranges overlap by all but an eighth */

static bool interrupted(unsigned long frame)
{
	if (frame % RESCHED_FRAMES)
		return false;
	cond_resched();
	return signal_pending(current);
}

/* A frame that alloc_contig_range() cannot empty, or that lies in another zone. */
static bool frame_fixed(unsigned long pfn, struct zone *zone)
{
	struct page *page = pfn_to_online_page(pfn);

	return !page || page_zone(page) != zone || PageReserved(page) || PageSlab(page) ||
	       PageHuge(page);
}

/* Return: the highest fixed frame of the range, or 0 if there is none. */
static unsigned long last_fixed(unsigned long first, unsigned long count, struct zone *zone)
{
	unsigned long pfn;

	for (pfn = first + count; pfn-- > first;) {
		if (frame_fixed(pfn, zone))
			return pfn;
		if (!(pfn % RESCHED_FRAMES))
			cond_resched();
	}
	return 0;
}

static int zone_alloc(struct zone *zone, unsigned long count, unsigned long step,
		      unsigned long *first)
{
	const unsigned long align = CRTOS_MEM_ALIGN >> PAGE_SHIFT;
	unsigned long end = zone_end_pfn(zone);
	unsigned long pfn = ALIGN(max(zone->zone_start_pfn, 1ul), step);
	unsigned long fixed;
	int ret;

	while (pfn + count <= end) {
		if (signal_pending(current))
			return -EINTR;
		fixed = last_fixed(pfn, count, zone);
		if (fixed) {
			pfn = ALIGN(fixed + 1, align);
			continue;
		}
		ret = alloc_contig_range(pfn, pfn + count, MIGRATE_MOVABLE,
					 GFP_KERNEL | __GFP_NOWARN);
		if (!ret) {
			*first = pfn;
			return 0;
		}
		if (ret == -EINTR)
			return ret;
		pfn += step;
	}
	return -ENOMEM;
}

/* High zones first: low memory is scarce. What ISA devices can reach is left alone. */
static int any_zone_alloc(unsigned long count, unsigned long step, unsigned long *first)
{
	struct zone *zone;
	int nid, type, ret;

	for_each_online_node(nid) {
		for (type = MAX_NR_ZONES - 1; type >= 0; type--) {
			zone = &NODE_DATA(nid)->node_zones[type];
			if (!populated_zone(zone) || zone_is_zone_device(zone) ||
			    zone_end_pfn(zone) <= MAX_DMA_PFN)
				continue;
			ret = zone_alloc(zone, count, step, first);
			if (ret != -ENOMEM)
				return ret;
		}
	}
	return -ENOMEM;
}

/**
 * crtos_mem_alloc() - contiguous, zeroed memory, 2 MiB aligned
 * @bytes: a multiple of 2 MiB
 * @phys: receives the physical address
 * @message: receives the reason of a failure
 *
 * May sleep, long. Return: 0, -ENOMEM, or -EINTR when a signal is pending.
 */
int crtos_mem_alloc(u64 bytes, u64 *phys, char *message)
{
	const unsigned long align = CRTOS_MEM_ALIGN >> PAGE_SHIFT;
	unsigned long count = bytes >> PAGE_SHIFT;
	unsigned long first, i;
	int ret;

	ret = any_zone_alloc(count, max(rounddown_pow_of_two(count), align), &first);
	if (ret == -ENOMEM)
		ret = any_zone_alloc(count, max(ALIGN_DOWN(count / STEPS_PER_SIZE, align), align),
				     &first);
	if (ret == -ENOMEM) {
		crtos_message(message,
			      "no contiguous %llu MiB free; free memory or ask for less with --mem",
			      bytes >> 20);
		return ret;
	}
	for (i = 0; !ret && i < count; i++) {
		clear_highpage(pfn_to_page(first + i));
		if (interrupted(i)) {
			free_contig_range(first, count);
			ret = -EINTR;
		}
	}
	if (ret) {
		crtos_message(message, "interrupted");
		return ret;
	}
	*phys = PFN_PHYS(first);
	return 0;
}

/*
 * Give the memory back. A frame that is still pinned (direct I/O in flight) only loses our
 * reference: whoever holds the last one frees it. No other reference may be left from the mirror.
 */
void crtos_mem_free(u64 phys, u64 bytes)
{
	unsigned long pfn, end = PHYS_PFN(phys + bytes);

	for (pfn = PHYS_PFN(phys); pfn < end; pfn++) {
		__free_page(pfn_to_page(pfn));
		if (!(pfn % RESCHED_FRAMES))
			cond_resched();
	}
}
