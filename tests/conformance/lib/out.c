// SPDX-License-Identifier: MIT
#include <stdarg.h>

#include "lib.h"

#define SERIAL	0x3f8
/* QEMU's isa-debug-exit, if it is there. */
#define DEBUG_EXIT	0xf4

static int count, failed;

static void put(char c)
{
	while (!(inb(SERIAL + 5) & 0x20))
		;
	outb(SERIAL, c);
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_number(u64 n, unsigned int base)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	put_string(p);
}

/* %s %d %u %x, and the two with l. */
static void vprint(const char *f, va_list ap)
{
	for (; *f; f++) {
		bool wide;

		if (*f != '%') {
			put(*f);
			continue;
		}
		wide = *++f == 'l';
		if (wide)
			f++;
		if (*f == 's') {
			put_string(va_arg(ap, const char *));
		} else if (*f == 'd') {
			long n = wide ? va_arg(ap, long) : va_arg(ap, int);

			if (n < 0)
				put('-');
			put_number(n < 0 ? -n : n, 10);
		} else if (*f == 'u' || *f == 'x') {
			put_number(wide ? va_arg(ap, u64) : va_arg(ap, u32), *f == 'x' ? 16 : 10);
		} else {
			put(*f);
		}
	}
}

void print(const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	vprint(f, ap);
	va_end(ap);
}

void ok(bool pass, const char *f, ...)
{
	va_list ap;

	if (!pass)
		failed++;
	print("%sok %d - ", pass ? "" : "not ", ++count);
	va_start(ap, f);
	vprint(f, ap);
	va_end(ap);
	put('\n');
}

void skip(const char *f, ...)
{
	va_list ap;

	print("ok %d # SKIP ", ++count);
	va_start(ap, f);
	vprint(f, ap);
	va_end(ap);
	put('\n');
}

static __attribute__((noreturn)) void stop(int status)
{
	outb(DEBUG_EXIT, status);
	for (;;)
		asm volatile("cli; hlt");
}

/* The plan is the last line: who has no DEBUG_EXIT to see knows the end by it. */
void finish(void)
{
	print("1..%d\n", count);
	stop(failed ? 1 : 0);
}

void die(const char *f, ...)
{
	va_list ap;

	print("Bail out! ");
	va_start(ap, f);
	vprint(f, ap);
	va_end(ap);
	put('\n');
	stop(1);
}

void row(const char *f, ...)
{
	va_list ap;

	print("# row ");
	va_start(ap, f);
	vprint(f, ap);
	va_end(ap);
	put('\n');
}

/* 115200 8N1. */
void out_init(void)
{
	outb(SERIAL + 1, 0);
	outb(SERIAL + 3, 0x80);
	outb(SERIAL, 1);
	outb(SERIAL + 1, 0);
	outb(SERIAL + 3, 3);
	outb(SERIAL + 2, 7);
}
