// SPDX-License-Identifier: MIT
#include <stdarg.h>

#include <crtos/boot.h>

#include "core.h"
#include "format.h"
#include "log.h"
#include "timer.h"

#define LINE_BYTES	240

static struct crtos_log *ring;
static u64 ring_size;

void log_init(struct crtos_log *memory, u64 bytes)
{
	u64 size = memory->text_size;

	/* A size that does not fit is a mistake of the module's, and must not become stray stores. */
	if (!size || size & (size - 1) || size > bytes - sizeof(*memory))
		return;
	ring = memory;
	ring_size = size;
}

/* The text first, then head with release: pairs with the reader's acquire of head. */
static void append(const char *text, size_t length)
{
	u64 head = ring->head;

	for (size_t i = 0; i < length; i++)
		ring->text[(head + i) & (ring_size - 1)] = text[i];
	store_release(&ring->head, head + length);
}

static size_t format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = format_text(buf, size, fmt, args);
	va_end(args);
	return n;
}

void log_vprint(const char *fmt, va_list args)
{
	u64 us = time_monotonic() / 1000;
	char line[LINE_BYTES];
	size_t n;

	if (!ring)
		return;
	n = format(line, sizeof(line), "[%5lu.%06lu] ", us / 1000000, us % 1000000);
	n += format_text(line + n, sizeof(line) - n - 1, fmt, args);
	line[n++] = '\n';
	append(line, n);
}

void log_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(fmt, args);
	va_end(args);
}
