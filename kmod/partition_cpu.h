/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_PARTITION_CPU_H
#define _CRTOS_PARTITION_CPU_H

#include <linux/types.h>

int crtos_cpu_init(void);
void crtos_cpu_exit(void);
bool crtos_cpu_have_low_page(void);

int crtos_cpu_check(unsigned int cpu, char *message);
int crtos_cpu_take(unsigned int cpu, char *message);
int crtos_cpu_give_back(unsigned int cpu);

int crtos_cpu_prepare(u64 mem_phys, u64 boot, u64 entry, char *message);
void crtos_cpu_unprepare(void);
void crtos_cpu_start(u32 apic_id);
void crtos_cpu_halt(u32 apic_id);

#endif
