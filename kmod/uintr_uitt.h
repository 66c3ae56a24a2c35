/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_UINTR_UITT_H
#define _CRTOS_UINTR_UITT_H

#include <linux/types.h>

#define CRTOS_UITT_ENTRIES	256

struct crtos_uitt;
struct crtos_upid_slot;

struct crtos_uitt *crtos_uitt_find_current(void);
struct crtos_uitt *crtos_uitt_get_current(void);
void crtos_uitt_put(struct crtos_uitt *uitt);
u64 crtos_uitt_address(const struct crtos_uitt *uitt);
u64 crtos_uitt_id(const struct crtos_uitt *uitt);

int crtos_uitt_add(struct crtos_uitt *uitt, struct crtos_upid_slot *slot, unsigned int vector);
int crtos_uitt_remove(struct crtos_uitt *uitt, unsigned int index);
void crtos_uitt_forget(u64 id, const struct crtos_upid_slot *slot);

unsigned int crtos_uitts_used(void);
void crtos_uitt_exit(void);

#endif
