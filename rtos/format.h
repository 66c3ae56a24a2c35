/* SPDX-License-Identifier: MIT */
#ifndef RTOS_FORMAT_H
#define RTOS_FORMAT_H

#include <stdarg.h>

#include "types.h"

/*
 * As vsnprintf, for %d %i %u %x %X %p %s %c %%, with l, ll or z, '-' and '0', width and, for %s, precision.
 * Returns the length of what is in buf, cut to size - 1; size must not be 0. An unknown conversion
 * is copied as it stands.
 */
size_t format_text(char *buf, size_t size, const char *fmt, va_list args);

#endif
