/* SPDX-License-Identifier: MIT */
/* The log ring that `crtos log` shows, and the end of the RTOS when it finds itself broken. */
#ifndef RTOS_LOG_H
#define RTOS_LOG_H

#include <stdarg.h>

#include "types.h"

struct crtos_log;
struct regs;

/* Before this, lines are lost. */
void log_init(struct crtos_log *memory, u64 bytes);

/* One line, prefixed with the time; \n is added. %d %u %x %p %s %c with l/ll, width and zero padding. */
void log_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_vprint(const char *fmt, va_list args);

/*
 * Writes the report (message, registers, back-trace, running thread) to the log, tells the module, and
 * halts the core. regs may be NULL.
 */
_Noreturn void panic(const struct regs *regs, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define BUG_ON(cond) \
	do { \
		if (__builtin_expect(!!(cond), 0)) \
			panic(NULL, "%s:%d: %s", __FILE__, __LINE__, #cond); \
	} while (0)

#endif
