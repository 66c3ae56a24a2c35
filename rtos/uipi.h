/* SPDX-License-Identifier: MIT */
/*
 * User interrupts of the RTOS. It sends to shadow threads by SENDUIPI from ring 0 and takes their
 * notifications as plain interrupts. No user interrupt is ever delivered on this core (UINV is 0).
 *
 * SENDUIPI works in ring 3 as well, so every process has a UITT of its own, with entry s leading to the
 * shadow of slot s: a program that executes the instruction can disturb nobody but its own shadow.
 */
#ifndef RTOS_UIPI_H
#define RTOS_UIPI_H

#include <crtos/uintr.h>

#include "types.h"

void uipi_init(void);

/* A table of CRTOS_SCF_SLOTS entries, none valid; NULL: no memory. */
struct crtos_uitt_entry *uipi_table_create(void);
void uipi_table_free(struct crtos_uitt_entry *table);
/* Lets SENDUIPI(slot) post CRTOS_SCF_VECTOR to UPID `index`. False: index is not on the UPID page. */
bool uipi_table_set(struct crtos_uitt_entry *table, unsigned int slot, unsigned int index);
/* Loads the table that SENDUIPI uses; NULL: none (the instruction is then undefined). */
void uipi_table_use(const struct crtos_uitt_entry *table);

/* SENDUIPI through the table in use. The entry must have been set. */
static inline void uipi_send(u64 slot)
{
	asm volatile(".byte 0xf3, 0x0f, 0xc7, 0xf0" : : "a"(slot) : "memory");
}

/*
 * Takes the posted vectors of a reverse UPID: clears ON, then exchanges PIR with 0. In that order: a vector
 * posted in between raises another interrupt rather than none.
 */
u64 uipi_take(unsigned int index);
/* Its senders notify no more. The module makes it new when it gives it to another process. */
void uipi_mute(unsigned int index);

#endif
