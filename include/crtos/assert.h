/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * Compile-time checks for formats shared between kernel module, RTOS and user space.
 * Every consumer compiles them, so a layout that differs in one mode cannot be built.
 */
#ifndef _CRTOS_ASSERT_H
#define _CRTOS_ASSERT_H

#ifdef __cplusplus
#define CRTOS_ASSERT(expr) static_assert(expr, #expr)
#else
#define CRTOS_ASSERT(expr) _Static_assert(expr, #expr)
#endif

#define CRTOS_ASSERT_SIZE(type, bytes) CRTOS_ASSERT(sizeof(type) == (bytes))
#define CRTOS_ASSERT_OFFSET(type, member, bytes) \
	CRTOS_ASSERT(__builtin_offsetof(type, member) == (bytes))

#endif
