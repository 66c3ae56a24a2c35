/* SPDX-License-Identifier: MIT */
/* Requests of the module in struct crtos_control, and the doorbell back. */
#ifndef RTOS_CONTROL_H
#define RTOS_CONTROL_H

/* CRTOS_VECTOR_CONTROL. */
void control_interrupt(void);

#endif
