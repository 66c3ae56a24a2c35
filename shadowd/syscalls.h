/* SPDX-License-Identifier: MIT */
/* The table of system calls of the real-time kernel, for people. */
#ifndef SHADOWD_SYSCALLS_H
#define SHADOWD_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

enum syscall_class { CLASS_REALTIME, CLASS_DUAL, CLASS_REMOTE, CLASS_REFUSED };

struct syscall_row {
	unsigned int number;
	const char *name;
	enum syscall_class class;
	const char *error; /* of one that is refused, by name; else "" */
	const char *note; /* its limits; "": none */
};

/* In the order of their numbers. */
const struct syscall_row *syscall_rows(size_t *count);
/* Whether a word is its name, its number or its class. */
bool syscall_matches(const struct syscall_row *row, const char *word);

#endif
