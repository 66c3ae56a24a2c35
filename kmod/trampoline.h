/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_TRAMPOLINE_H
#define _CRTOS_TRAMPOLINE_H

#include <linux/types.h>

/* Start-up code, position independent within one page; trampoline.S tells what is patched where. */
extern const u8 crtos_trampoline_start[];
extern const u8 crtos_trampoline_end[];
extern const u8 crtos_trampoline_gdt[];
extern const u8 crtos_trampoline_gdt_base[];
extern const u8 crtos_trampoline_long[];
extern const u8 crtos_trampoline_far[];
extern const u8 crtos_trampoline_cr3[];
extern const u8 crtos_trampoline_boot[];
extern const u8 crtos_trampoline_entry[];

#endif
