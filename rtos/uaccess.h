/* SPDX-License-Identifier: MIT */
/*
 * Access to the memory of the current process from the kernel.
 *
 * All return 0 or -EFAULT: for addresses outside [CRTOS_USER_START, CRTOS_USER_END), unmapped pages, and
 * pages that the program itself could not read or write. Partial effects are possible on -EFAULT.
 */
#ifndef RTOS_UACCESS_H
#define RTOS_UACCESS_H

#include "types.h"

int copy_from_user(void *to, u64 from, size_t bytes);
int copy_to_user(u64 to, const void *from, size_t bytes);
int clear_user(u64 to, size_t bytes);
/* Length without NUL, -EFAULT, or -ENAMETOOLONG when no NUL was found in `size` bytes. */
s64 strncpy_from_user(char *to, u64 from, size_t size);
int get_user32(u32 *value, u64 from);
int put_user32(u64 to, u32 value);
/* *old gets what was there; stored only if that was `expected`. Atomic against Linux too. */
int cmpxchg_user32(u64 addr, u32 expected, u32 desired, u32 *old);

#endif
