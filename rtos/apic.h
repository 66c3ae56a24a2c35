/* SPDX-License-Identifier: MIT */
/* The local APIC, in xAPIC or x2APIC mode, whichever Linux uses. */
#ifndef RTOS_APIC_H
#define RTOS_APIC_H

#include "types.h"

/* Enables the APIC with all its own sources masked. */
void apic_init(void);
void apic_stop(void);
void apic_eoi(void);
bool apic_in_service(unsigned int vector);
/* A fixed interrupt, physical destination. */
void apic_send(u32 apic_id, u8 vector);

/* Makes the timer ready; takes some 30 ms where it must be calibrated against the TSC. */
void apic_timer_init(u64 tsc_khz);
/* Interrupt CRTOS_VECTOR_TIMER when the TSC reaches this, at once if it has, or earlier. */
void apic_timer_set(u64 tsc);

#endif
