/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_VECTOR_H
#define _CRTOS_VECTOR_H

#include <linux/interrupt.h>
#include <linux/types.h>

int crtos_vector_init(void);
void crtos_vector_exit(void);

int crtos_vector_alloc(unsigned int cpu, irq_handler_t handler, const char *name, void *data);
void crtos_vector_free(int irq, void *data);
u8 crtos_vector_number(int irq);
void crtos_vector_send(u32 apic_id, u8 vector);

#endif
