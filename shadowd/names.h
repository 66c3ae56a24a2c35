/* SPDX-License-Identifier: MIT */
/* Names for people. */
#ifndef SHADOWD_NAMES_H
#define SHADOWD_NAMES_H

#define SYSCALL_NAME_BYTES 40

/* The name of a system call, or its number in `buffer` (SYSCALL_NAME_BYTES) if it has none here. */
const char *syscall_name(unsigned int nr, char *buffer);

/* "uipi", "ipi", "poll", or "?". */
const char *notifier_name(unsigned int notifier);
/* enum crtos_notifier, or -1. */
int notifier_number(const char *name);

/* "other", "fifo", "rr", or "?". */
const char *policy_name(unsigned int policy);

#endif
