// SPDX-License-Identifier: MIT
#include "kstring.h"

void *memcpy(void *to, const void *from, size_t bytes)
{
	void *d = to;

	asm volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	u8 *d = to;
	const u8 *s = from;

	if (d <= s || d >= s + bytes)
		return memcpy(to, from, bytes);
	d += bytes - 1;
	s += bytes - 1;
	asm volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(bytes) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	void *d = to;

	asm volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(byte) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const u8 *x = a, *y = b;

	for (; bytes; bytes--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return p - s;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

void strcopy(char *to, const char *from, size_t size)
{
	while (--size && *from)
		*to++ = *from++;
	*to = '\0';
}
