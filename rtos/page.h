/* SPDX-License-Identifier: MIT */
/*
 * Page frames of the donated memory, and a small allocator of kernel objects on top.
 *
 * A frame whose bit is set in the module's `pinned` bitmap is still referenced by Linux (a transfer in
 * flight): page_free() may be called for it, but it is not handed out again before the bit is clear.
 */
#ifndef RTOS_PAGE_H
#define RTOS_PAGE_H

#include "types.h"

void page_init(void);

/* A zeroed frame's physical address; 0: none left. */
u64 page_alloc(void);
void page_free(u64 phys);
/*
 * One more owner of a frame: as many page_free() as there are owners make it free. A frame with several is
 * either shared memory or one that nobody may write to.
 */
void page_get(u64 phys);
bool page_shared(u64 phys);
u64 page_free_count(void);
/*
 * Makes frames free that Linux no longer pins, if not too many. Happens by itself too, bit by bit in
 * page_alloc() and by a timer.
 */
void page_reclaim(void);

/* Donated memory is mapped linearly; valid for any frame of page_alloc(). */
void *phys_to_virt(u64 phys);
u64 virt_to_phys(const void *p);

/* Zeroed kernel memory, aligned to 64 bytes (a page of it: to a page); at most one page; NULL: none left. */
void *kalloc(size_t bytes);
void kfree(void *p);	/* NULL is allowed */

#endif
