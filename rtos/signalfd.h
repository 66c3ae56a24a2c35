/* SPDX-License-Identifier: MIT */
#ifndef RTOS_SIGNALFD_H
#define RTOS_SIGNALFD_H

#include "trap.h"
#include "types.h"

/* The rest of a read of a signalfd, which Linux has answered with CRTOS_SIGNALFD_READ. May block. */
s64 signalfd_read(const struct regs *regs);

#endif
