/* SPDX-License-Identifier: MIT */
/*
 * Mappings of files that Linux shares. The shadow maps the file at the same addresses, Linux's page cache holds
 * the contents, and the module lends us its pages (boot.h), which stay where they are until they are given
 * back. Pages behind the end of the file are not there.
 *
 * A process that uses another one's memory (vfork) has a shadow with mappings of its own, which are those
 * that the other one had then: it can neither make nor change any.
 *
 * The mutex is held. 0 or a negative errno.
 */
#ifndef RTOS_MM_LENT_H
#define RTOS_MM_LENT_H

#include "mm.h"

/* Linux's part of mmap. */
int mm_lent_map(struct mm *mm, u64 start, u64 end, u64 prot, s64 fd, u64 offset);
/* Has the pages of a range, all of one area of prot, lent. */
int mm_lend(struct mm *mm, u64 start, u64 end, u32 prot);
/* Takes the pages out of the tables and gives them back; the mirror is shown there again. */
int mm_lent_unmap(struct mm *mm, u64 start, u64 end);
/* Linux's part of mprotect, for all areas in a range that are such. *until gets where an error came. */
int mm_lent_mprotect(struct mm *mm, u64 start, u64 end, u64 prot, u64 *until);
/* Makes an area longer where it is. What is new has an area already, which is unmapped after an error. */
int mm_lent_grow(struct mm *mm, u64 start, u64 old_bytes, u64 bytes, u32 prot);
/* Moves an area. `to` has its own area already, which is unmapped after an error; `from` is then as it was. */
int mm_lent_move(struct mm *mm, u64 from, u64 old_bytes, u64 to, u64 bytes, u32 prot);
/*
 * Linux's part of msync. Here the mutex is not held. What the RTOS wrote to is not known to be dirty; it is
 * after a write fault of the shadow's.
 */
int mm_lent_msync(struct mm *mm, u64 start, u64 end, int flags);
/* Takes them out of the tables, of memory that has lost its mirror. */
void mm_lent_forget(struct mm *mm);

#endif
