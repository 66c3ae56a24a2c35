/* SPDX-License-Identifier: MIT */
/*
 * libcrtos-uintr: programs that were written for Intel's uintr kernel, on a stock kernel with crtos.ko.
 *
 * Everything here may run in a signal handler: no allocation, no lock.
 */
#ifndef LIBCRTOS_COMPAT_H
#define LIBCRTOS_COMPAT_H

#include <stdbool.h>
#include <stdint.h>

/* The calls, in the order of their numbers. */
enum compat_nr {
	COMPAT_REGISTER_HANDLER,
	COMPAT_UNREGISTER_HANDLER,
	COMPAT_VECTOR_FD,
	COMPAT_REGISTER_SENDER,
	COMPAT_UNREGISTER_SENDER,
	COMPAT_WAIT,
	COMPAT_CALLS_FIRST_GENERATION,
	COMPAT_REGISTER_SELF = COMPAT_CALLS_FIRST_GENERATION,
	COMPAT_ALT_STACK,
	COMPAT_IPI_FD,
	COMPAT_CALLS,
};

/*
 * What syscall() takes for ours: compat_count numbers from compat_first on (select.c). Written before
 * main() only.
 */
extern unsigned int compat_first;
extern unsigned int compat_count;
/* unregister_sender takes a descriptor, wait has no time. */
extern bool compat_first_generation;

/* As syscall(): -1 and errno on failure. `nr` is below compat_count. */
long compat_call(unsigned int nr, long a, long b, long c);

/* A descriptor of the device, for all threads, and the CRTOS_FEATURE_* that the module has. */
struct compat_session {
	int dev;
	unsigned int features;
	uint64_t version;
};

/*
 * The session is made at the first call, and again if the program has closed it. 0, or -errno of
 * crtos_open().
 */
int compat_session_get(struct compat_session *session);
/* False: its descriptor was closed after it was got, so that a call may have found nothing, or something else. */
bool compat_session_valid(const struct compat_session *session);

/* First generation: which descriptor a send index was made from. */
void compat_sender_made(unsigned int index, int fd);
/* The index that was made last from `fd`, which is forgotten; or -1. */
int compat_sender_take(int fd);

#endif
