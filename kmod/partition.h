/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_PARTITION_H
#define _CRTOS_PARTITION_H

#include <linux/types.h>

struct crtos_mirror;
struct crtos_partition_start;
struct crtos_partition_status;
struct crtos_partition_stop;
struct crtos_proc;

int crtos_partition_init(void);
void crtos_partition_exit(void);

int crtos_partition_start(struct crtos_partition_start *start);
int crtos_partition_stop(struct crtos_partition_stop *stop);
int crtos_partition_panic(void);
void crtos_partition_status(struct crtos_partition_status *status);

/* For the mailbox and the table, under the mailbox lock. */
void crtos_partition_look(void);
bool crtos_partition_x2apic(void);
void crtos_partition_open_mirror(struct crtos_mirror *mirror, struct crtos_proc *entry);

#endif
