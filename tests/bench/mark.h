/* SPDX-License-Identifier: MIT */
/* Marks for the emulator's counting plugin (machine/qemu/plugin/count.c), and the clock. */
#ifndef MARK_H
#define MARK_H

#include <stdint.h>
#include <time.h>

/* The number is part of the instruction: a constant. */
#define MARK(id)                                                                  \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long 0x43520000 | %c0" \
			 :                                                        \
			 : "i"(id)                                                \
			 : "memory")

/* Where a thread is that a timer has woken: counted by itself, of IDs 0 to 15. */
#define ARRIVAL(id) ".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long 0x43530000 | " #id

static inline uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

#endif
