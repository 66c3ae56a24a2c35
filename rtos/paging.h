/* SPDX-License-Identifier: MIT */
/* Page-table entries (SDM Vol. 3 ch. "Paging") and the walk, for vm.c and kmap.c. */
#ifndef RTOS_PAGING_H
#define RTOS_PAGING_H

#include "types.h"

#define PTE_PRESENT	(1ull << 0)
#define PTE_WRITE	(1ull << 1)
#define PTE_USER	(1ull << 2)
#define PTE_PWT		(1ull << 3)
#define PTE_PCD		(1ull << 4)
#define PTE_LARGE	(1ull << 7)
#define PTE_GLOBAL	(1ull << 8)
#define PTE_KEPT	(1ull << 9)	/* ours: not accessible, but the frame belongs here */
#define PTE_LENT	(1ull << 10)	/* ours: VM_LENT */
#define PTE_NX		(1ull << 63)
#define PTE_FRAME	0x000ffffffffff000ull

#define LARGE_PAGE	(2ull << 20)

/* All kernel-half entries of the PML4 exist from the start, so that every root has the same. */
#define PHYSMAP_BASE	0xffff888000000000ull
#define KMAP_BASE	0xffffc90000000000ull

extern u64 kernel_root;			/* physical */

/* Physical address of something in the image. */
u64 image_phys(const void *p);
/*
 * The lowest-level entry for addr; NULL: a table is missing, and could not be allocated. flags: those
 * of new tables; 0: make none. *tables (may be NULL) counts new ones.
 */
u64 *paging_entry(u64 root, u64 addr, u64 flags, u64 *tables);

/* Builds the kernel's tables from boot and loads them. */
void kmap_init(void);

#endif
