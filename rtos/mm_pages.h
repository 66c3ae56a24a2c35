/* SPDX-License-Identifier: MIT */
/* Between mm.c and mm_pages.c: frames into and out of an address space. The mutex is held. */
#ifndef RTOS_MM_PAGES_H
#define RTOS_MM_PAGES_H

#include "mm.h"

/* Gives each page of [start, end) that has none a zeroed frame. 0 or -ENOMEM: some may have got one. */
int mm_populate(struct mm *mm, u64 start, u64 end, u32 prot);
/* Takes the pages out of the tables; mm_zap_flush() frees the frames. 0 or -EINTR. */
int mm_unpopulate(struct mm *mm, u64 start, u64 end);
/* Sets the protection of all pages that have frames, and notes the range if that takes `lost` away. */
void mm_protect_pages(struct mm *mm, u64 start, u64 end, u32 prot, u32 lost);
/* Moves frames to where none are. 0 or -ENOMEM: then all are where they were. */
int mm_move_pages(struct mm *mm, u64 from, u64 to, u64 bytes);
void mm_zero_pages(struct mm *mm, u64 start, u64 end);
/*
 * Gives the private pages of a part of `vma` frames of their own, as before they are written to. 0, or -ENOMEM
 * or -EINTR: some may have got theirs. Notes what the mirror may still show.
 */
int mm_unshare(struct mm *mm, const struct vma *vma, u64 start, u64 end);

/* Tells Linux how many frames there are. */
void mm_count(struct mm *mm);

/* Notes that the mirror may show stale pages in [start, end). */
void mm_zap_add(struct mm *mm, u64 start, u64 end);
/*
 * Has the module clear what was noted, and frees the frames that left the tables. -EINTR if `current` was
 * killed meanwhile: the frames then stay set aside.
 */
int mm_zap_flush(struct mm *mm);
/* Frees them; no mirror can show them. */
void mm_zap_free(struct mm *mm);

#endif
