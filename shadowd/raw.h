/* SPDX-License-Identifier: MIT */
/* System calls without the library: they return -errno and touch no vector register. */
#ifndef SHADOWD_RAW_H
#define SHADOWD_RAW_H

#include <stdint.h>
#include <sys/syscall.h>

static inline long raw_syscall6(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
				uint64_t f)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#define raw_syscall3(nr, a, b, c) raw_syscall6(nr, a, b, c, 0, 0, 0)
#define raw_syscall4(nr, a, b, c, d) raw_syscall6(nr, a, b, c, d, 0, 0)

#endif
