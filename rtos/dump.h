/* SPDX-License-Identifier: MIT */
/* The program as core files and /proc show it. */
#ifndef RTOS_DUMP_H
#define RTOS_DUMP_H

#include "types.h"

/* A descriptor of what /proc/self/maps is to the program now, for open() with these flags; or -errno. */
s64 dump_maps(u64 flags);

#endif
