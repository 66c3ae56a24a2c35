/* SPDX-License-Identifier: MIT */
/* State of the whole RTOS, set by main.c before anything else runs. */
#ifndef RTOS_CORE_H
#define RTOS_CORE_H

#include <crtos/boot.h>

extern const struct crtos_boot *boot;
extern struct crtos_control *control;

/* Interrupt to the module: it looks at all of crtos_control. */
void doorbell_linux(void);

#endif
