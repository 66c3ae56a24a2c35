/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _CRTOS_LENT_H
#define _CRTOS_LENT_H

#include <linux/mutex.h>
#include <linux/xarray.h>

struct crtos_mirror;
struct user_struct;

/* What a real-time process has of Linux's pages. */
struct crtos_lent {
	struct mutex lock;		/* what follows; outside of mmap_lock and of the mirror's */
	struct xarray pages;		/* by virtual page number; marked where it may be written to */
	u64 seq;			/* the last request that was carried out */
	struct user_struct *user;	/* whose limit they count against */
};

void crtos_lent_init(struct crtos_lent *lent);
void crtos_lent_destroy(struct crtos_lent *lent);
int crtos_lent_carry_out(struct crtos_lent *lent, struct crtos_mirror *mirror);
u64 crtos_lent_count(void);

#endif
