/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_PARTITION_MEM_H
#define _CRTOS_PARTITION_MEM_H

#include <linux/types.h>

#define CRTOS_MEM_ALIGN		(2ull << 20)

int crtos_mem_alloc(u64 bytes, u64 *phys, char *message);
void crtos_mem_free(u64 phys, u64 bytes);

#endif
