// SPDX-License-Identifier: MIT
/*
 * Kernel objects. A slab is one frame with objects of one size behind a header of 64 bytes; what is
 * larger than the largest of them has a frame of its own. So an object that starts a page is a page.
 */
#include "kstring.h"
#include "list.h"
#include "log.h"
#include "page.h"

#define SLAB_HEADER	64

struct slab {
	struct list link;	/* in the list of its kind, while an object of it is free */
	u64 free;		/* one bit per object */
	u32 kind;
	u32 used;
};

/* Multiples of 64 of which a whole number fits well behind the header. */
static const u16 object_size[] = { 64, 128, 192, 256, 384, 512, 768, 960, 1344, 1984 };

static struct list partial[ARRAY_SIZE(object_size)];

static u64 all_free(unsigned int kind)
{
	unsigned int n = (PAGE_SIZE - SLAB_HEADER) / object_size[kind];

	return (1ull << n) - 1;
}

static struct slab *slab_create(unsigned int kind)
{
	u64 frame = page_alloc();
	struct slab *s;

	if (!frame)
		return NULL;
	s = phys_to_virt(frame);
	s->free = all_free(kind);
	s->kind = kind;
	list_append(&partial[kind], &s->link);
	return s;
}

static struct slab *slab_get(unsigned int kind)
{
	if (!partial[kind].next)
		list_init(&partial[kind]);
	if (list_empty(&partial[kind]))
		return slab_create(kind);
	return list_entry(partial[kind].next, struct slab, link);
}

void *kalloc(size_t bytes)
{
	unsigned int kind = 0, n;
	struct slab *s;
	u64 frame;
	void *p;

	while (kind < ARRAY_SIZE(object_size) && bytes > object_size[kind])
		kind++;
	if (kind == ARRAY_SIZE(object_size)) {
		if (bytes > PAGE_SIZE)
			return NULL;
		frame = page_alloc();
		return frame ? phys_to_virt(frame) : NULL;
	}
	s = slab_get(kind);
	if (!s)
		return NULL;
	n = __builtin_ctzll(s->free);
	s->free &= s->free - 1;
	s->used++;
	if (!s->free)
		list_remove(&s->link);
	p = (u8 *)s + SLAB_HEADER + n * object_size[kind];
	memset(p, 0, object_size[kind]);
	return p;
}

void kfree(void *p)
{
	struct slab *s = (struct slab *)((u64)p & PAGE_MASK);
	unsigned int n;

	if (!p)
		return;
	if ((void *)s == p) {
		page_free(virt_to_phys(p));
		return;
	}
	BUG_ON(s->kind >= ARRAY_SIZE(object_size));
	n = ((u8 *)p - (u8 *)s - SLAB_HEADER) / object_size[s->kind];
	if (s->free >> n & 1)
		panic(NULL, "kfree: %p is free already", p);
	if (!s->free)
		list_append(&partial[s->kind], &s->link);
	s->free |= 1ull << n;
	if (--s->used)
		return;
	list_remove(&s->link);
	page_free(virt_to_phys(s));
}
