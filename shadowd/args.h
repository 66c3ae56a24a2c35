/* SPDX-License-Identifier: MIT */
/* The arguments of a new process, as CRTOS_OP_ARGS hands them over. */
#ifndef SHADOWD_ARGS_H
#define SHADOWD_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include <crtos/scf.h>

/*
 * A struct crtos_args with its strings in new memory, for free(); what it says of signals is that of `signals`. 0; -E2BIG: more than CRTOS_ARGS_MAX
 * bytes; -ENOMEM.
 */
int args_serialise(const char *path, char *const argv[], char *const envp[],
		   const struct crtos_args *signals, void **buffer, size_t *size);

/*
 * Copies to an address that may not be mapped. Returns `size`, having copied nothing if `room` is less;
 * -EFAULT.
 */
long args_copy(uint64_t to, uint64_t room, const void *buffer, size_t size);

#endif
