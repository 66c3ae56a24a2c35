/* SPDX-License-Identifier: MIT */
/*
 * The shadow must lie above CRTOS_USER_END altogether, so that the mirror fits below. A position-independent
 * program does, unless the user's limits or personality make Linux lay out its memory from the bottom up.
 */
#ifndef SHADOWD_LAYOUT_H
#define SHADOWD_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * To be called before shadowd is executed: clears what would lead to such a layout. True: the soft limit of
 * the stack was lowered from *stack.
 */
bool layout_prepare(uint64_t *stack);

/* In shadowd. 0; -EEXIST: the range [*start, ...) of our own memory lies in the program's; -errno. */
int layout_check(uint64_t *start);

#endif
