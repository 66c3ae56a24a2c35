// SPDX-License-Identifier: MIT
/*
 * Frames are known by their number in the donated memory. Two sets of them: those that are free, and
 * those that were freed but are pinned by Linux, whose transfers may still write to them; nothing is ever
 * kept in a frame that is not in use.
 *
 * A set is a bitmap with summaries: a bit of a level above is set if the word below has any bit set. All
 * operations take at most LEVELS steps, whatever the size.
 */
#include <crtos/boot.h>

#include "core.h"
#include "kstring.h"
#include "log.h"
#include "page.h"
#include "timer.h"

#define LEVELS		4		/* 64^4 frames: 64 GiB */
#define NONE		UINT64_MAX
#define RECLAIM_MAX	512		/* in one go, for the sake of the time it takes */
#define RECLAIM_NS	100000000ull	/* between looks, while there are pinned frames */

struct frame_set {
	u64 *word[LEVELS];
	u64 words[LEVELS];
	u64 count;
};

static struct frame_set free_frames, pinned_frames;
static u16 *more_owners;	/* by frame: how many there are beyond one */
static u64 first_frame, end_frame;
static u64 reclaim_next;	/* where the search for pinned frames that are so no more goes on */
static struct timer reclaim_timer;

static bool set_test(const struct frame_set *s, u64 n)
{
	return s->word[0][n / 64] >> n % 64 & 1;
}

static void set_add(struct frame_set *s, u64 n)
{
	s->count++;
	for (int i = 0; i < LEVELS; i++, n /= 64) {
		u64 old = s->word[i][n / 64];

		s->word[i][n / 64] = old | 1ull << n % 64;
		if (old)
			break;
	}
}

static void set_remove(struct frame_set *s, u64 n)
{
	s->count--;
	for (int i = 0; i < LEVELS; i++, n /= 64) {
		s->word[i][n / 64] &= ~(1ull << n % 64);
		if (s->word[i][n / 64])
			break;
	}
}

/* The first member that is at least n, or NONE: up to a word with one, then down to it. */
static u64 set_find(const struct frame_set *s, u64 n)
{
	for (int i = 0; i < LEVELS && n / 64 < s->words[i]; i++, n = n / 64 + 1) {
		u64 w = s->word[i][n / 64] >> n % 64;

		if (!w)
			continue;
		n += __builtin_ctzll(w);
		while (i--)
			n = n * 64 + __builtin_ctzll(s->word[i][n]);
		return n;
	}
	return NONE;
}

static bool pinned_by_linux(u64 n)
{
	const u64 *bits = phys_to_virt(boot->mem_phys + boot->pinned_offset);

	return load_acquire(&bits[n / 64]) >> n % 64 & 1;
}

/* Takes memory for the set's words at *at; none are members. */
static void set_init(struct frame_set *s, u64 *at)
{
	u64 words = end_frame;

	s->count = 0;
	for (int i = 0; i < LEVELS; i++) {
		words = (words + 63) / 64;
		s->words[i] = words;
		s->word[i] = phys_to_virt(*at);
		memset(s->word[i], 0, words * 8);
		*at += words * 8;
	}
}

static void reclaim_later(void)
{
	if (pinned_frames.count && !timer_armed(&reclaim_timer))
		timer_start(&reclaim_timer, time_monotonic() + RECLAIM_NS);
}

static void reclaim_now(struct timer *timer)
{
	(void)timer;
	page_reclaim();
	reclaim_later();
}

void page_init(void)
{
	u64 at = boot->mem_phys + boot->free_offset;

	BUG_ON(boot->mem_size > CRTOS_MEM_MAX || boot->free_offset % PAGE_SIZE);
	end_frame = boot->mem_size / PAGE_SIZE;
	set_init(&free_frames, &at);
	set_init(&pinned_frames, &at);
	more_owners = phys_to_virt(at);
	memset(more_owners, 0, end_frame * sizeof(*more_owners));
	at += end_frame * sizeof(*more_owners);
	first_frame = (ALIGN_UP(at, PAGE_SIZE) - boot->mem_phys) / PAGE_SIZE;
	for (u64 n = first_frame; n < end_frame; n++)
		set_add(&free_frames, n);
	reclaim_next = 0;
	timer_init(&reclaim_timer, reclaim_now);
	control->free_frames = control->total_frames = free_frames.count;
}

/* Looks at up to `limit` pinned frames, and makes free those that Linux has let go. */
static void reclaim(u64 limit)
{
	limit = min(limit, pinned_frames.count);
	while (limit--) {
		u64 n = set_find(&pinned_frames, reclaim_next);

		if (n == NONE)
			n = set_find(&pinned_frames, 0);
		reclaim_next = n + 1;
		if (pinned_by_linux(n))
			continue;
		set_remove(&pinned_frames, n);
		set_add(&free_frames, n);
	}
	control->free_frames = free_frames.count;
}

void page_reclaim(void)
{
	reclaim(RECLAIM_MAX);
}

u64 page_alloc(void)
{
	u64 n, phys;

	reclaim(1);
	n = set_find(&free_frames, first_frame);
	if (n == NONE) {
		reclaim(NONE);
		n = set_find(&free_frames, first_frame);
		if (n == NONE)
			return 0;
	}
	set_remove(&free_frames, n);
	control->free_frames = free_frames.count;
	phys = boot->mem_phys + n * PAGE_SIZE;
	memset(phys_to_virt(phys), 0, PAGE_SIZE);
	return phys;
}

/* The number of a frame in use. */
static u64 frame_number(u64 phys)
{
	u64 n = (phys - boot->mem_phys) / PAGE_SIZE;

	if (phys % PAGE_SIZE || n < first_frame || n >= end_frame)
		panic(NULL, "page: %lx is not a frame", phys);
	return n;
}

/* There are fewer processes than it can count, and each maps a frame once. */
void page_get(u64 phys)
{
	more_owners[frame_number(phys)]++;
}

bool page_shared(u64 phys)
{
	return more_owners[frame_number(phys)] != 0;
}

void page_free(u64 phys)
{
	u64 n = frame_number(phys);

	if (more_owners[n]) {
		more_owners[n]--;
		return;
	}
	if (set_test(&free_frames, n) || set_test(&pinned_frames, n))
		panic(NULL, "page_free: %lx is free already", phys);
	if (pinned_by_linux(n)) {
		set_add(&pinned_frames, n);
		reclaim_later();
	} else {
		set_add(&free_frames, n);
	}
	control->free_frames = free_frames.count;
}

u64 page_free_count(void)
{
	return free_frames.count;
}
