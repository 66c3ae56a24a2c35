/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_PINNED_H
#define _CRTOS_PINNED_H

#include <linux/types.h>

int crtos_pinned_open(u64 mem_phys, u64 mem_size, void *shared);
void crtos_pinned_close(void);

void crtos_pinned_mark(unsigned long pfn);
void crtos_pinned_recheck(void);
u64 crtos_pinned_count(void);

#endif
