// SPDX-License-Identifier: MIT
/* Checks of an SCF buffer. The rest of the shadow's side is inline: scf_shadow.h. */

#include "call.h"
#include "crtos.h"
#include "scf_shadow.h"

PUBLIC int crtos_scf_validate(const struct crtos_scf_header *scf)
{
	if (CRTOS_SCF_READ(scf->magic) != CRTOS_SCF_MAGIC ||
	    CRTOS_SCF_READ(scf->version) != CRTOS_SCF_VERSION ||
	    CRTOS_SCF_READ(scf->size) != CRTOS_SCF_SIZE ||
	    CRTOS_SCF_READ(scf->slots) != CRTOS_SCF_SLOTS ||
	    CRTOS_SCF_READ(scf->notifier) > CRTOS_NOTIFIER_POLL)
		return -EPROTO;
	return 0;
}
