/* SPDX-License-Identifier: MIT */
/*
 * System calls that the shadow must not do just as they are: those that would change the shadow where the
 * program means itself (memory, threads, signals), and those that concern the shadow's own descriptors.
 */
#ifndef SHADOWD_CARE_H
#define SHADOWD_CARE_H

#include <stdbool.h>
#include <stdint.h>

#include "private_fd.h"
#include "scf_shadow.h"

#define CARE_REFUSE 1u /* -ENOSYS: the RTOS should have done it itself */
#define CARE_SPECIAL 2u /* care_call() looks at the arguments */
#define CARE_FD 4u /* the first argument is a descriptor */

/* By system-call number, below CRTOS_SCF_COUNTED_CALLS. */
extern const unsigned char care_class[CRTOS_SCF_COUNTED_CALLS];

/* False: the call may be done just as it is. `dev`: the first of the shadow's own descriptors. */
static inline bool care_needed(uint32_t nr, uint64_t first, int dev)
{
	return (care_class[nr] & (CARE_REFUSE | CARE_SPECIAL)) || is_private_fd(first, dev);
}

/*
 * Refuses a call that needs care, or does it; returns what the program gets. `perform` does what may block, as
 * it is or with other arguments.
 */
long care_call(const struct crtos_scf_call *call, int dev,
	       long (*perform)(const struct crtos_scf_call *call));

#endif
