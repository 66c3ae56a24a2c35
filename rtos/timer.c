// SPDX-License-Identifier: MIT
/*
 * The timers that are armed form a binary heap of linked nodes, complete but for the right of its last
 * level, so that arming and stopping take a bounded time of the order of log n and no memory. Node n
 * (from 1) has the children 2n and 2n + 1: the bits of n below its highest are the way from the root.
 */
#include <crtos/boot.h>

#include "core.h"
#include "timer.h"

static struct timer *root;
static u64 count;
static u64 next_order;
static u64 programmed = TIME_NEVER;	/* when the hardware will interrupt */

static bool before(const struct timer *a, const struct timer *b)
{
	return a->expires < b->expires || (a->expires == b->expires && a->order < b->order);
}

/* The link that leads, or would lead, to node n; *parent gets the node it is in. */
static struct timer **node_link(u64 n, struct timer **parent)
{
	struct timer **link = &root;

	*parent = NULL;
	for (int bit = 62 - __builtin_clzll(n); bit >= 0; bit--) {
		*parent = *link;
		link = n >> bit & 1 ? &(*parent)->right : &(*parent)->left;
	}
	return link;
}

static struct timer **link_to(struct timer *t)
{
	if (!t->parent)
		return &root;
	return t->parent->left == t ? &t->parent->left : &t->parent->right;
}

static void adopt(struct timer *t)
{
	if (t->left)
		t->left->parent = t;
	if (t->right)
		t->right->parent = t;
}

/* Exchanges child with its parent. */
static void rise(struct timer *child)
{
	struct timer *parent = child->parent, *left = parent->left, *right = parent->right;

	*link_to(parent) = child;
	child->parent = parent->parent;
	parent->left = child->left;
	parent->right = child->right;
	adopt(parent);
	child->left = left == child ? parent : left;
	child->right = right == child ? parent : right;
	adopt(child);
}

static void settle(struct timer *t)
{
	while (t->parent && before(t, t->parent))
		rise(t);
	for (;;) {
		struct timer *least = t;

		if (t->left && before(t->left, least))
			least = t->left;
		if (t->right && before(t->right, least))
			least = t->right;
		if (least == t)
			return;
		rise(least);
	}
}

static void heap_insert(struct timer *t)
{
	t->left = t->right = NULL;
	*node_link(++count, &t->parent) = t;
	settle(t);
}

/* The last node takes the place of the one that goes. */
static void heap_remove(struct timer *t)
{
	struct timer *parent, **link = node_link(count--, &parent), *last = *link;

	*link = NULL;
	if (last == t)
		return;
	last->parent = t->parent;
	last->left = t->left;
	last->right = t->right;
	*link_to(t) = last;
	adopt(last);
	settle(last);
}

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

void timer_start(struct timer *timer, u64 expires)
{
	timer_stop(timer);
	timer->expires = expires;
	timer->order = ++next_order;
	heap_insert(timer);
	if (root == timer && expires < programmed)
		programmed = clock_set_event(expires);
}

/* The hardware stays as it is: an interrupt for nothing is rarer, and cheaper, than a write here each time. */
void timer_stop(struct timer *timer)
{
	if (!timer->order)
		return;
	heap_remove(timer);
	timer->order = 0;
}

void timer_interrupt(void)
{
	u64 now = time_monotonic(), expected = programmed;

	programmed = TIME_NEVER;
	if (expected <= now && now - expected > control->timer_max_latency_ns)
		control->timer_max_latency_ns = now - expected;
	while (root && root->expires <= now) {
		struct timer *timer = root;

		timer_stop(timer);
		timer->fn(timer);
	}
	if (root && root->expires < programmed)
		programmed = clock_set_event(root->expires);
}
