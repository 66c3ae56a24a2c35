/* SPDX-License-Identifier: MIT */
/*
 * The map of an address space: a sorted list of areas that do not overlap. Pure bookkeeping; the pages
 * follow in mm.c.
 */
#ifndef RTOS_VMA_H
#define RTOS_VMA_H

#include "list.h"
#include "types.h"

#define VMA_POPULATED	1u	/* may have frames; an area without was never accessible */
#define VMA_SHARED	2u
#define VMA_GUARD	4u	/* below the stack: never accessible, never merged */
#define VMA_FILE	8u	/* a private copy of a file's contents */
#define VMA_LENT	16u	/* a file that Linux shares: mm_lent.c */

struct vma {
	struct list link;
	u64 start, end;
	u32 prot;		/* VM_* */
	u32 flags;		/* VMA_* */
	u32 file;		/* what it is a copy of, as CRTOS_OP_FILE names it; 0: nothing with a name */
	u64 offset;		/* of its start in that file */
};

/* As many areas as an address space may have: searches are linear, and nothing else runs meanwhile. */
#define VMA_COUNT_MAX	4096

bool vma_crowded(const struct list *vmas);
/* The first area that ends above addr, or NULL; it need not contain addr. */
struct vma *vma_find(const struct list *vmas, u64 addr);
struct vma *vma_next(const struct list *vmas, const struct vma *vma);
bool vma_range_free(const struct list *vmas, u64 start, u64 end);
/* True if areas cover all of [start, end). */
bool vma_range_full(const struct list *vmas, u64 start, u64 end);
/* Takes over ownership of `vma`, which must not overlap any. */
void vma_insert(struct list *vmas, struct vma *vma);
/* Makes `addr` a border if it lies inside an area. 0 or -ENOMEM. */
int vma_split(struct list *vmas, u64 addr);
/* Joins equal neighbours in and around [start, end). */
void vma_merge(struct list *vmas, u64 start, u64 end);
void vma_remove(struct vma *vma);
/* All of [start, end) is of that file, from `offset` on. 0 or -ENOMEM, with nothing changed. */
int vma_set_file(struct list *vmas, u64 start, u64 end, u32 file, u64 offset);
/* The highest free range of `bytes` in [bottom, top); 0: none. */
u64 vma_gap(const struct list *vmas, u64 bottom, u64 top, u64 bytes);

#endif
