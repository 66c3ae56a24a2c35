// SPDX-License-Identifier: MIT
/* sources: rtos/page.c rtos/kalloc.c */
/* cflags: -Irtos -Iinclude -DUNIT_TEST */
/* Frames and kernel objects, in 16 MiB of our own as the donated memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <crtos/boot.h>

#include "core.h"
#include "log.h"
#include "page.h"
#include "timer.h"

#define MEM_PHYS	0x12345600000ull
#define MEM_SIZE	CRTOS_MEM_MIN
#define PINNED_OFFSET	0x210000ull
#define FREE_OFFSET	0x220000ull
#define FRAMES		(MEM_SIZE / PAGE_SIZE)

static struct crtos_boot the_boot;
static struct crtos_control the_control;
const struct crtos_boot *boot = &the_boot;
struct crtos_control *control = &the_control;

static u8 *memory;
static jmp_buf panicked;
static bool panic_expected;

void *phys_to_virt(u64 phys)
{
	assert_in_range(phys, MEM_PHYS, MEM_PHYS + MEM_SIZE - 1);
	return memory + (phys - MEM_PHYS);
}

u64 virt_to_phys(const void *p)
{
	return (const u8 *)p - memory + MEM_PHYS;
}

void panic(const struct regs *regs, const char *fmt, ...)
{
	(void)regs;
	if (!panic_expected)
		fail_msg("panic: %s", fmt);
	longjmp(panicked, 1);
}

static u64 now;
static struct timer *armed;

u64 time_monotonic(void)
{
	return now;
}

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

void timer_start(struct timer *timer, u64 expires)
{
	assert_null(armed);
	timer->expires = expires;
	timer->order = 1;
	armed = timer;
}

/* Lets the armed timer expire. */
static void expire(void)
{
	struct timer *timer = armed;

	assert_non_null(timer);
	now = timer->expires;
	timer->order = 0;
	armed = NULL;
	timer->fn(timer);
}

#define assert_panic(statement) \
	do { \
		panic_expected = true; \
		if (!setjmp(panicked)) { \
			statement; \
			fail_msg("no panic: " #statement); \
		} \
		panic_expected = false; \
	} while (0)

static void pin(u64 phys, bool yes)
{
	u64 n = (phys - MEM_PHYS) / PAGE_SIZE;
	u64 *word = (u64 *)(memory + PINNED_OFFSET) + n / 64;

	*word = yes ? *word | 1ull << n % 64 : *word & ~(1ull << n % 64);
}

static u64 all[FRAMES];

static void reclaim_all(void)
{
	u64 before;

	do {
		before = page_free_count();
		page_reclaim();
	} while (page_free_count() != before);
}

static u64 take_all(void)
{
	u64 n = 0;

	while ((all[n] = page_alloc()))
		n++;
	return n;
}

static int setup(void **state)
{
	(void)state;
	memory = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	armed = NULL;
	the_control = (struct crtos_control){ 0 };
	the_boot = (struct crtos_boot){
		.mem_phys = MEM_PHYS,
		.mem_size = MEM_SIZE,
		.pinned_offset = PINNED_OFFSET,
		.free_offset = FREE_OFFSET,
	};
	page_init();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return munmap(memory, MEM_SIZE);
}

static void test_every_frame_once(void **state)
{
	u64 total = page_free_count(), n;
	u8 *seen = calloc(FRAMES, 1);

	(void)state;
	assert_int_equal(the_control.total_frames, total);
	assert_in_range(total, (MEM_SIZE - FREE_OFFSET) / PAGE_SIZE - 8,
			(MEM_SIZE - FREE_OFFSET) / PAGE_SIZE);
	n = take_all();
	assert_int_equal(n, total);
	for (u64 i = 0; i < n; i++) {
		assert_int_equal(all[i] % PAGE_SIZE, 0);
		assert_in_range(all[i], MEM_PHYS + FREE_OFFSET, MEM_PHYS + MEM_SIZE - PAGE_SIZE);
		assert_false(seen[(all[i] - MEM_PHYS) / PAGE_SIZE]++);
	}
	assert_int_equal(page_free_count(), 0);
	assert_int_equal(the_control.free_frames, 0);
	for (u64 i = 0; i < n; i++)
		page_free(all[i]);
	assert_int_equal(the_control.free_frames, total);
	free(seen);
}

static void test_zeroed(void **state)
{
	u64 f = page_alloc();

	(void)state;
	memset(phys_to_virt(f), 0xaa, PAGE_SIZE);
	page_free(f);
	assert_int_equal(page_alloc(), f);
	for (u64 i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(memory[f - MEM_PHYS + i], 0);
}

static void test_free_frame_is_not_written(void **state)
{
	u64 f = page_alloc();

	(void)state;
	memset(phys_to_virt(f), 0x55, PAGE_SIZE);
	page_free(f);
	for (u64 i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(memory[f - MEM_PHYS + i], 0x55);
}

static void test_wrong_frees(void **state)
{
	u64 f = page_alloc();

	(void)state;
	page_free(f);
	assert_panic(page_free(f));
	assert_panic(page_free(f + 1));
	assert_panic(page_free(0));
	assert_panic(page_free(MEM_PHYS));
	assert_panic(page_free(MEM_PHYS + FREE_OFFSET));
	assert_panic(page_free(MEM_PHYS + MEM_SIZE));
	f = page_alloc();
	pin(f, true);
	page_free(f);
	assert_panic(page_free(f));
}

static void test_pinned_is_not_handed_out(void **state)
{
	u64 total = page_free_count(), n, f;

	(void)state;
	f = page_alloc();
	pin(f, true);
	page_free(f);
	assert_int_equal(page_free_count(), total - 1);
	n = take_all();
	assert_int_equal(n, total - 1);
	for (u64 i = 0; i < n; i++)
		assert_int_not_equal(all[i], f);
	pin(f, false);
	assert_int_equal(page_alloc(), f);
	assert_int_equal(page_alloc(), 0);
}

static void test_reclaim(void **state)
{
	u64 total = page_free_count(), n = take_all();

	(void)state;
	for (u64 i = 0; i < n; i++) {
		pin(all[i], i % 3);
		page_free(all[i]);
	}
	assert_int_equal(page_free_count(), (n + 2) / 3);
	reclaim_all();
	assert_int_equal(page_free_count(), (n + 2) / 3);
	for (u64 i = 0; i < n; i++)
		pin(all[i], i % 3 == 1);
	reclaim_all();
	assert_int_equal(page_free_count(), n - (n + 1) / 3);
	for (u64 i = 0; i < n; i++)
		pin(all[i], false);
	/* Bit by bit, as frames are used. */
	while (page_free_count() < total) {
		u64 before = page_free_count(), f = page_alloc();

		page_free(f);
		assert_int_equal(page_free_count(), before + 1);
	}
	assert_int_equal(the_control.free_frames, total);
}

static void test_timer_while_frames_are_pinned(void **state)
{
	u64 total = page_free_count(), a = page_alloc(), b = page_alloc();

	(void)state;
	pin(a, true);
	pin(b, true);
	assert_null(armed);
	page_free(a);
	page_free(b);
	expire();
	assert_int_equal(page_free_count(), total - 2);
	pin(a, false);
	expire();
	assert_int_equal(page_free_count(), total - 1);
	pin(b, false);
	expire();
	assert_int_equal(page_free_count(), total);
	assert_null(armed);
}

static void test_random_use(void **state)
{
	u64 total = page_free_count(), n = 0;

	(void)state;
	srandom(2);
	for (int i = 0; i < 30000; i++) {
		if (random() % 5 < 3 && n < FRAMES) {
			u64 f = page_alloc();

			if (!f)
				continue;
			assert_int_equal(*(u64 *)phys_to_virt(f), 0);
			*(u64 *)phys_to_virt(f) = f;
			all[n++] = f;
		} else if (n) {
			u64 k = random() % n, f = all[k];

			assert_int_equal(*(u64 *)phys_to_virt(f), f);
			all[k] = all[--n];
			page_free(f);
		}
		assert_int_equal(page_free_count(), total - n);
	}
}

static void test_objects(void **state)
{
	static void *object[20 * 70];
	static const size_t size[] = { 1,   64,	  65,	200,  256,  300,  500,	512,  700,  960,
				       961, 1024, 1344, 1345, 1984, 1985, 2048, 2688, 4095, 4096 };
	u64 total = page_free_count();
	int n = 0;

	(void)state;
	for (int round = 0; round < 70; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
			u8 *p = kalloc(size[i]);

			assert_non_null(p);
			assert_int_equal((u64)p % 64, 0);
			for (size_t k = 0; k < size[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, round + 1, size[i]);
			object[n++] = p;
		}
	}
	for (int i = 0; i < n; i++)
		for (size_t k = 0; k < size[i % 20]; k++)
			assert_int_equal(((u8 *)object[i])[k], i / 20 + 1);
	for (int i = 0; i < n; i++)
		kfree(object[(i * 37) % n]);
	kfree(NULL);
	assert_int_equal(page_free_count(), total);
}

static void test_object_limits(void **state)
{
	void *p;

	(void)state;
	assert_null(kalloc(PAGE_SIZE + 1));
	assert_null(kalloc(SIZE_MAX));
	p = kalloc(PAGE_SIZE);
	assert_int_equal((u64)p % PAGE_SIZE, 0);
	kfree(p);
	take_all();
	assert_null(kalloc(64));
	assert_null(kalloc(PAGE_SIZE));
}

static void test_object_freed_twice(void **state)
{
	void *a = kalloc(100), *b = kalloc(100);

	(void)state;
	kfree(a);
	assert_panic(kfree(a));
	kfree(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_frame_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zeroed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_frame_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_frees, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pinned_is_not_handed_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reclaim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timer_while_frames_are_pinned, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_random_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_object_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_object_freed_twice, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
