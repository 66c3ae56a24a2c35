/* SPDX-License-Identifier: MIT */
/* What of <string.h> a freestanding kernel uses. The compiler itself may call the first four. */
#ifndef RTOS_KSTRING_H
#define RTOS_KSTRING_H

#include "types.h"

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
/* At most size - 1 bytes and a NUL; size must not be 0. */
void strcopy(char *to, const char *from, size_t size);

#endif
