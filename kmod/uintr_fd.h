/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_FD_H
#define _CRTOS_UINTR_FD_H

#include <linux/types.h>

struct crtos_upid_slot;

int crtos_vector_fd_create(struct crtos_upid_slot *slot, unsigned int vector);
struct crtos_upid_slot *crtos_vector_fd_target(u64 fd, unsigned int *vector);

#endif
