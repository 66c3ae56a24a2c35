/* SPDX-License-Identifier: MIT */
/* Between mm.c and mm_life.c: areas with their pages. The mutex is held. 0 or a negative errno. */
#ifndef RTOS_MM_AREAS_H
#define RTOS_MM_AREAS_H

#include "mm.h"

/* VM_* for PROT_*. */
u32 mm_vm_prot(u64 prot);
/* A new area in a free range, with zeroed frames if it is accessible (prot: VM_*). All or nothing. */
int mm_map_area(struct mm *mm, u64 start, u64 end, u32 prot, u32 flags);
/* Unmaps without asking for the zap. A failure leaves a part mapped. */
int mm_unmap_areas(struct mm *mm, u64 start, u64 end);
/* Sets the protection (VM_*) without asking for the zap. -ENOMEM where a hole is in the range, too. */
int mm_protect_areas(struct mm *mm, u64 start, u64 end, u32 prot);
/* Gives the mutex back, and tells Linux how many frames there are. */
void mm_unlock(struct mm *mm);

#endif
