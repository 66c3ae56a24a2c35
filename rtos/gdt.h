/* SPDX-License-Identifier: MIT */
/* Segments, the task-state segment and the interrupt stacks. */
#ifndef RTOS_GDT_H
#define RTOS_GDT_H

#include "types.h"

#define IST_DOUBLE_FAULT	1
#define IST_NMI			2
#define IST_MACHINE_CHECK	3

void gdt_init(void);
/* Stack for the entry from user mode by interrupt or exception. */
void gdt_set_kernel_stack(u64 top);
/* True if addr is on one of the interrupt stacks; *end gets its top. */
bool gdt_interrupt_stack(u64 addr, u64 *end);

#endif
