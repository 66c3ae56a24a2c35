/* SPDX-License-Identifier: MIT */
/* The core file of the program: Linux writes it, of a shadow that has become like the program. */
#ifndef SHADOWD_CORE_H
#define SHADOWD_CORE_H

#include <stdint.h>

#include <crtos/core.h>

/*
 * CRTOS_OP_DUMP, by the thread that has claimed the end. Returns if there shall be no core file; else ends the
 * process by the signal.
 */
void core_end(int signal, uint64_t at, uint64_t bytes);
/* For any other thread of the shadow, when it is signalled: returns unless a core file is being made. */
void core_join(void);

/*
 * core_memory.c: in the place of the mirror, memory with the same contents as the program would have it on Linux. At
 * most about `limit` bytes of contents are copied.
 */
void core_memory(const struct crtos_area *areas, uint32_t count, uint64_t limit);

#endif
