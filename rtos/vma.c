// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "page.h"
#include "vma.h"

#define entry(p) list_entry(p, struct vma, link)

bool vma_crowded(const struct list *vmas)
{
	const struct list *p;
	unsigned int count = 0;

	list_for_each(p, vmas)
		count++;
	return count >= VMA_COUNT_MAX;
}

struct vma *vma_find(const struct list *vmas, u64 addr)
{
	struct list *p;

	list_for_each(p, vmas) {
		if (entry(p)->end > addr)
			return entry(p);
	}
	return NULL;
}

struct vma *vma_next(const struct list *vmas, const struct vma *vma)
{
	return vma->link.next == vmas ? NULL : entry(vma->link.next);
}

bool vma_range_free(const struct list *vmas, u64 start, u64 end)
{
	const struct vma *vma = vma_find(vmas, start);

	return !vma || vma->start >= end;
}

bool vma_range_full(const struct list *vmas, u64 start, u64 end)
{
	const struct vma *vma = vma_find(vmas, start);

	while (vma && vma->start <= start) {
		start = vma->end;
		if (start >= end)
			return true;
		vma = vma_next(vmas, vma);
	}
	return false;
}

void vma_insert(struct list *vmas, struct vma *vma)
{
	struct vma *above = vma_find(vmas, vma->start);

	/* Before the list head is the end of the list. */
	list_append(above ? &above->link : vmas, &vma->link);
}

int vma_split(struct list *vmas, u64 addr)
{
	struct vma *low = vma_find(vmas, addr), *high;

	if (!low || low->start >= addr)
		return 0;
	high = vma_crowded(vmas) ? NULL : kalloc(sizeof(*high));
	if (!high)
		return -ENOMEM;
	high->start = addr;
	high->end = low->end;
	high->prot = low->prot;
	high->flags = low->flags;
	high->file = low->file;
	high->offset = low->offset + (addr - low->start);
	low->end = addr;
	list_insert(&low->link, &high->link);
	return 0;
}

static bool same_file(const struct vma *low, const struct vma *high)
{
	return low->file == high->file &&
	       (!low->file || low->offset + (low->end - low->start) == high->offset);
}

void vma_merge(struct list *vmas, u64 start, u64 end)
{
	struct vma *vma = vma_find(vmas, start ? start - 1 : 0), *next;

	for (; vma && vma->start <= end; vma = next) {
		next = vma_next(vmas, vma);
		if (!next || vma->end != next->start || vma->prot != next->prot ||
		    vma->flags != next->flags || (vma->flags & VMA_GUARD) || !same_file(vma, next))
			continue;
		next->start = vma->start;
		next->offset = vma->offset;
		vma_remove(vma);
	}
}

int vma_set_file(struct list *vmas, u64 start, u64 end, u32 file, u64 offset)
{
	struct vma *vma;
	int ret = vma_split(vmas, start);

	if (!ret)
		ret = vma_split(vmas, end);
	for (vma = vma_find(vmas, start); !ret && vma && vma->start < end;
	     vma = vma_next(vmas, vma)) {
		vma->file = file;
		vma->offset = offset + (vma->start - start);
	}
	return ret;
}

void vma_remove(struct vma *vma)
{
	list_remove(&vma->link);
	kfree(vma);
}

u64 vma_gap(const struct list *vmas, u64 bottom, u64 top, u64 bytes)
{
	struct list *p;

	for (p = vmas->prev; p != vmas; p = p->prev) {
		const struct vma *vma = entry(p);

		if (vma->end < top && top - vma->end >= bytes)
			break;
		top = min(top, vma->start);
		if (top <= bottom)
			return 0;
	}
	return top > bottom && top - bottom >= bytes ? top - bytes : 0;
}
