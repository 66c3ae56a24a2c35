// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include <crtos/scf.h>

#include "uaccess.h"

/* uaccess.S */
size_t user_copy(void *to, const void *from, size_t bytes);
size_t user_clear(void *to, size_t bytes);
int user_load32(u32 *value, const void *from);
int user_store32(void *to, u32 value);
int user_cmpxchg32(void *addr, u32 expected, u32 desired, u32 *old);
s64 user_strncpy(char *to, const char *from, size_t bytes);

/* Nothing of the kernel is below CRTOS_USER_END, so a pointer that passes can only fault. */
static bool user_range(u64 addr, size_t bytes)
{
	return addr >= CRTOS_USER_START && addr < CRTOS_USER_END && bytes <= CRTOS_USER_END - addr;
}

int copy_from_user(void *to, u64 from, size_t bytes)
{
	if (!bytes)
		return 0;
	if (!user_range(from, bytes) || user_copy(to, (const void *)from, bytes))
		return -EFAULT;
	return 0;
}

int copy_to_user(u64 to, const void *from, size_t bytes)
{
	if (!bytes)
		return 0;
	if (!user_range(to, bytes) || user_copy((void *)to, from, bytes))
		return -EFAULT;
	return 0;
}

int clear_user(u64 to, size_t bytes)
{
	if (!bytes)
		return 0;
	if (!user_range(to, bytes) || user_clear((void *)to, bytes))
		return -EFAULT;
	return 0;
}

s64 strncpy_from_user(char *to, u64 from, size_t size)
{
	size_t limit;
	s64 n;

	if (!user_range(from, 1))
		return -EFAULT;
	limit = min(size, CRTOS_USER_END - from);
	n = user_strncpy(to, (const char *)from, limit);
	if (n < 0)
		return -EFAULT;
	if ((size_t)n < limit)
		return n;
	return limit < size ? -EFAULT : -ENAMETOOLONG;
}

int get_user32(u32 *value, u64 from)
{
	if (!user_range(from, sizeof(*value)) || user_load32(value, (const void *)from))
		return -EFAULT;
	return 0;
}

int put_user32(u64 to, u32 value)
{
	if (!user_range(to, sizeof(value)) || user_store32((void *)to, value))
		return -EFAULT;
	return 0;
}

/* Misaligned words are refused: a locked access that splits a cache line may raise #AC. */
int cmpxchg_user32(u64 addr, u32 expected, u32 desired, u32 *old)
{
	if (addr % sizeof(*old) || !user_range(addr, sizeof(*old)) ||
	    user_cmpxchg32((void *)addr, expected, desired, old))
		return -EFAULT;
	return 0;
}
