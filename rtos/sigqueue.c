// SPDX-License-Identifier: MIT
#include <linux/errno.h>
#include <linux/signal.h>

#include "page.h"
#include "sigqueue.h"

static void set_pending(struct sigqueue *q, u64 set)
{
	q->set = set;
	if (q->shown)
		WRITE_ONCE(*q->shown, set);
}

static void append(struct sigqueue *q, struct sigentry *e)
{
	struct sigentry **last = &q->last[e->info.sig - 1];

	if (*last) {
		e->next = (*last)->next;
		e->prev = *last;
		e->next->prev = e;
		e->prev->next = e;
	} else {
		e->next = e->prev = e;
	}
	*last = e;
	set_pending(q, q->set | SIGNAL_BIT(e->info.sig));
}

static void unlink(struct sigqueue *q, struct sigentry *e)
{
	struct sigentry **last = &q->last[e->info.sig - 1];

	if (e->next == e) {
		*last = NULL;
		set_pending(q, q->set & ~SIGNAL_BIT(e->info.sig));
	} else {
		e->next->prev = e->prev;
		e->prev->next = e->next;
		if (*last == e)
			*last = e->prev;
	}
	e->next = e->prev = NULL;
}

static bool pending_already(const struct sigqueue *q, int sig)
{
	return sig < SIGNAL_RT_MIN && (q->set & SIGNAL_BIT(sig));
}

int sigqueue_add(struct sigqueue *q, const struct signal_info *info, u32 *count, u32 max)
{
	bool real_time = info->sig >= SIGNAL_RT_MIN;
	struct sigentry *e = NULL;

	if (pending_already(q, info->sig))
		return 0;
	if (*count < max || (!real_time && info->code >= 0))
		e = kalloc(sizeof(*e));
	if (!e) {
		if (real_time && info->code != SI_USER)
			return -EAGAIN;
		set_pending(q, q->set | SIGNAL_BIT(info->sig));
		return 0;
	}
	e->info = *info;
	++*count;
	append(q, e);
	return 0;
}

bool sigqueue_add_entry(struct sigqueue *q, struct sigentry *entry)
{
	if (pending_already(q, entry->info.sig))
		return false;
	append(q, entry);
	return true;
}

/* The first entry of a signal leaves; it may be gone afterwards. */
static void leave(struct sigqueue *q, struct sigentry *e, struct signal_info *info, u32 *count)
{
	unlink(q, e);
	if (info)
		*info = e->info;
	if (e->left) {
		e->left(e, info);
		return;
	}
	kfree(e);
	--*count;
}

void sigqueue_take(struct sigqueue *q, int sig, struct signal_info *info, u32 *count)
{
	struct sigentry *last = q->last[sig - 1];

	if (last) {
		leave(q, last->next, info, count);
		return;
	}
	set_pending(q, q->set & ~SIGNAL_BIT(sig));
	*info = (struct signal_info){ .sig = sig, .code = SI_USER };
}

void sigqueue_remove(struct sigqueue *q, struct sigentry *entry)
{
	if (entry->next)
		unlink(q, entry);
}

void sigqueue_show(struct sigqueue *q, __u64 *at)
{
	q->shown = at;
	set_pending(q, q->set);
}

u32 sigqueue_discard(struct sigqueue *q, u64 set, u32 *count, u32 max)
{
	u32 n = 0;

	for (set &= q->set; set; set &= set - 1) {
		int sig = __builtin_ctzll(set) + 1;

		for (; q->last[sig - 1]; n++) {
			if (n == max)
				return n;
			leave(q, q->last[sig - 1]->next, NULL, count);
		}
		set_pending(q, q->set & ~SIGNAL_BIT(sig));
	}
	return n;
}
