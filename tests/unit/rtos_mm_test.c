// SPDX-License-Identifier: MIT
/* sources: rtos/mm.c rtos/mm_life.c rtos/mm_lent.c rtos/mm_pages.c rtos/vma.c rtos/mutex.c rtos/pi.c */
/* cflags: -DUNIT_TEST */
/* Areas, frames and the zap: what the memory calls do to them. */
#define FAKE_OWN_SCF
#include "rtos_fake.h"

#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static struct mm *mm;
static unsigned int zaps, ended;
static u64 zap_start, zap_end;
static bool zap_fails;
static u64 file_bytes;
static unsigned int frames_at_zap;

void process_end(struct process *p, u32 reason)
{
	(void)reason;
	p->closed = true;
	ended++;
}

void futex_tell_robust(void)
{
}

s64 scf_call(u32 nr, const u64 args[6])
{
	struct crtos_proc *ctl = fake_process->ctl;
	u64 i, n;

	switch (nr) {
	case CRTOS_OP_ZAP:
		zaps++;
		zap_start = ctl->rt.zap_start;
		zap_end = ctl->rt.zap_end;
		frames_at_zap = fake_frames;
		if (zap_fails)
			return -EIO;
		ctl->linux_side.zap_done = ctl->rt.zap_seq;
		return 0;
	case CRTOS_OP_FILE:
		return args[0] == 9 ? -EIO : (s64)args[0] + 100;
	case __NR_fcntl:
		return args[0] == 5 ? O_RDWR :
		       args[0] == 6 ? O_WRONLY :
		       args[0] == 7 ? O_RDONLY :
		       args[0] == 9 ? O_RDONLY :
				      -EBADF;
	case __NR_pread64:
		if (args[3] >= file_bytes)
			return 0;
		/* Short on purpose. */
		n = min(min(args[2], file_bytes - args[3]), 3000ul);
		for (i = 0; i < n; i++) {
			char c = 'f';

			if (copy_to_user(args[1] + i, &c, 1))
				return i ? (s64)i : -EFAULT;
		}
		return n;
	}
	fail_msg("call %u", nr);
	return 0;
}

static int setup(void **state)
{
	fake_setup(state);
	zaps = ended = 0;
	zap_fails = false;
	mm = fake_process->mm = mm_create();
	mm_show(mm, fake_process->ctl);
	return 0;
}

static int teardown(void **state)
{
	mm_put(mm);
	assert_int_equal(fake_frames, 0);
	assert_int_equal(fake_objects, 0);
	return fake_teardown(state);
}

/* "start-end prot" of all areas, relative to `base`, in pages. */
static const char *areas(u64 base)
{
	static char text[1024];
	struct list *p;
	int n = 0;

	text[0] = 0;
	list_for_each(p, &mm->vmas) {
		const struct vma *v = list_entry(p, struct vma, link);

		n += sprintf(text + n, "%s%ld-%ld:%u", n ? " " : "", (long)(v->start - base) / 4096,
			     (long)(v->end - base) / 4096, v->prot);
	}
	return text;
}

static u64 map(u64 pages, u64 prot)
{
	s64 ret = mm_mmap(mm, 0, pages * PAGE_SIZE, prot, ANON, -1, 0);

	assert_true(ret > 0);
	return ret;
}

static void populates_at_once(void **state)
{
	u64 a = map(4, RW);

	(void)state;
	assert_int_equal(fake_page_count, 4);
	assert_string_equal(areas(a), "0-4:3");
	assert_int_equal(zaps, 0);
	assert_int_equal(fake_process->ctl->rt.frames, 5);
}

static void maps_downwards_and_merges(void **state)
{
	u64 a = map(4, RW), b = map(2, RW), c = map(1, PROT_READ);

	(void)state;
	assert_int_equal(b, a - 2 * PAGE_SIZE);
	assert_int_equal(c, b - PAGE_SIZE);
	assert_string_equal(areas(c), "0-1:1 1-7:3");
}

static void reservations_have_no_frames(void **state)
{
	u64 a = map(1 << 24, PROT_NONE);

	(void)state;
	assert_int_equal(fake_page_count, 0);
	assert_int_equal(mm_mprotect(mm, a + 5 * PAGE_SIZE, 2 * PAGE_SIZE, RW), 0);
	assert_int_equal(fake_page_count, 2);
	assert_int_equal(zaps, 0);
	assert_int_equal(mm_munmap(mm, a, 5 * PAGE_SIZE), 0);
	assert_int_equal(zaps, 0);
	assert_int_equal(mm_munmap(mm, a + 5 * PAGE_SIZE, ((1 << 24) - 5) * PAGE_SIZE), 0);
	assert_int_equal(zaps, 1);
	assert_int_equal(zap_start, a + 5 * PAGE_SIZE);
	assert_int_equal(zap_end, a + 7 * PAGE_SIZE);
}

static void frees_frames_after_the_zap(void **state)
{
	u64 a = map(8, RW);

	(void)state;
	assert_int_equal(mm_munmap(mm, a + 2 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
	assert_int_equal(zaps, 1);
	assert_int_equal(frames_at_zap, 8);
	assert_int_equal(fake_frames, 5);
	assert_string_equal(areas(a), "0-2:3 5-8:3");
	assert_int_equal(mm_munmap(mm, a + 2 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
	assert_int_equal(zaps, 1);
}

static void large_unmaps_go_in_batches(void **state)
{
	u64 pages = 2 * MM_ZAP_FRAMES + 1, a = map(pages, RW);

	(void)state;
	assert_int_equal(mm_munmap(mm, a, pages * PAGE_SIZE), 0);
	assert_int_equal(zaps, 3);
	assert_int_equal(fake_frames, 0);
}

static void an_unconfirmed_zap_ends_the_process(void **state)
{
	u64 a = map(2, RW);

	(void)state;
	zap_fails = true;
	assert_int_equal(mm_munmap(mm, a, PAGE_SIZE), -EINTR);
	assert_int_equal(ended, 1);
	/* The frame was not given back. */
	assert_int_equal(fake_frames, 2);
	assert_int_equal(mm->zap->count, 1);
}

static void protection_splits_and_joins(void **state)
{
	u64 a = map(6, RW);

	(void)state;
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0);
	assert_string_equal(areas(a), "0-1:3 1-3:1 3-6:3");
	assert_int_equal(zaps, 1);
	assert_int_equal(fake_find(&mm->vm, a + PAGE_SIZE)->prot, VM_READ);
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, 2 * PAGE_SIZE, RW), 0);
	assert_string_equal(areas(a), "0-6:3");
	assert_int_equal(zaps, 1);
	assert_int_equal(mm_mprotect(mm, a, 7 * PAGE_SIZE, RW), -ENOMEM);
	assert_int_equal(mm_mprotect(mm, a + 1, PAGE_SIZE, RW), -EINVAL);
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, 0x80), -EINVAL);
	assert_int_equal(mm_mprotect(mm, a, 0, RW), 0);
}

static void contents_survive_no_access(void **state)
{
	u64 a = map(1, RW);
	char c = 'x';

	(void)state;
	copy_to_user(a, &c, 1);
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(copy_from_user(&c, a, 1), -EFAULT);
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(copy_from_user(&c, a, 1), 0);
	assert_int_equal(c, 'x');
}

static void want_of_memory_leaves_nothing(void **state)
{
	u64 a = map(2, RW);

	(void)state;
	fake_frames_max = fake_frames + 64 + 5;
	assert_int_equal(mm_mmap(mm, 0, 6 * PAGE_SIZE, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(fake_frames, 2);
	assert_string_equal(areas(a), "0-2:3");
	assert_true(mm_mmap(mm, 0, 5 * PAGE_SIZE, RW, ANON, -1, 0) > 0);
	fake_frames_max = 100000;
	fake_vm_map_fails_after = 3;
	assert_int_equal(mm_mmap(mm, 0, 6 * PAGE_SIZE, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(fake_frames, 7);
}

static void fixed_replaces(void **state)
{
	u64 a = map(4, RW);

	(void)state;
	assert_int_equal(mm_mmap(mm, a + PAGE_SIZE, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, -1, 0),
			 a + PAGE_SIZE);
	assert_string_equal(areas(a), "0-1:3 1-2:1 2-4:3");
	assert_int_equal(zaps, 1);
	assert_int_equal(mm_mmap(mm, a, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
	assert_int_equal(mm_mmap(mm, a + 1, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0), -EINVAL);
	assert_int_equal(mm_mmap(mm, 0x1000, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0), -EPERM);
	assert_int_equal(mm_mmap(mm, CRTOS_USER_END, PAGE_SIZE, RW, ANON | MAP_FIXED, -1, 0),
			 -ENOMEM);
	assert_int_equal(mm_mmap(mm, CRTOS_USER_END - PAGE_SIZE, 2 * PAGE_SIZE, RW,
				 ANON | MAP_FIXED, -1, 0),
			 -ENOMEM);
}

static void refuses_bad_requests(void **state)
{
	(void)state;
	assert_int_equal(mm_mmap(mm, 0, 0, RW, ANON, -1, 0), -EINVAL);
	assert_int_equal(mm_mmap(mm, 0, 1, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
	assert_int_equal(mm_mmap(mm, 0, UINT64_MAX, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(mm_mmap(mm, 0, CRTOS_USER_END, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(mm_mmap(mm, 0, 1, RW, ANON, -1, 1), -EINVAL);
	assert_int_equal(mm_munmap(mm, 0x10000, 0), -EINVAL);
	assert_int_equal(mm_munmap(mm, 0x10001, 4096), -EINVAL);
	assert_int_equal(mm_munmap(mm, CRTOS_USER_END, 4096), -EINVAL);
	assert_int_equal(mm_munmap(mm, 0x10000, UINT64_MAX), -EINVAL);
	assert_true(list_empty(&mm->vmas));
}

static void moves_contents(void **state)
{
	u64 a = map(4, RW), b;
	char c = 'm';

	(void)state;
	copy_to_user(a + PAGE_SIZE, &c, 1);
	/* Below `a` something else lies, above it nothing may. */
	assert_int_equal(mm_mremap(mm, a, 2 * PAGE_SIZE, 6 * PAGE_SIZE, 0, 0), -ENOMEM);
	b = mm_mremap(mm, a, 2 * PAGE_SIZE, 6 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	assert_true((s64)b > 0 && b != a);
	assert_int_equal(copy_from_user(&c, b + PAGE_SIZE, 1), 0);
	assert_int_equal(c, 'm');
	assert_null(fake_find(&mm->vm, a));
	assert_null(fake_find(&mm->vm, a + PAGE_SIZE));
	assert_non_null(fake_find(&mm->vm, a + 2 * PAGE_SIZE));
	assert_int_equal(fake_frames, 8);
	assert_true(zaps > 0 && zap_start <= a && zap_end >= a + 2 * PAGE_SIZE);
	assert_int_equal(mm_mremap(mm, b, 6 * PAGE_SIZE, PAGE_SIZE, 0, 0), b);
	assert_int_equal(fake_frames, 3);
	assert_int_equal(mm_mremap(mm, b, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, a),
			 a);
	assert_int_equal(mm_mremap(mm, b, PAGE_SIZE, PAGE_SIZE, 0, 0), -EFAULT);
	assert_int_equal(mm_mremap(mm, a, 2 * PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   a + PAGE_SIZE),
			 -EINVAL);
}

static void a_failed_move_changes_nothing(void **state)
{
	u64 a = map(4, RW);

	(void)state;
	map(1, PROT_READ);
	fake_frames_max = fake_frames + 64;
	assert_int_equal(mm_mremap(mm, a, 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE, 0),
			 -ENOMEM);
	assert_string_equal(areas(a), "-1-0:1 0-4:3");
	assert_int_equal(fake_page_count, 5);
}

static void the_break(void **state)
{
	(void)state;
	mm->brk_start = mm->brk = 0x500000;
	assert_int_equal(mm_brk(mm, 0), 0x500000);
	assert_int_equal(mm_brk(mm, 0x500010), 0x500010);
	assert_int_equal(fake_page_count, 1);
	assert_int_equal(mm_brk(mm, 0x500800), 0x500800);
	assert_int_equal(fake_page_count, 1);
	assert_int_equal(mm_brk(mm, 0x510000), 0x510000);
	assert_int_equal(fake_page_count, 16);
	assert_int_equal(mm_brk(mm, 0x4ff000), 0x510000);
	assert_int_equal(mm_brk(mm, CRTOS_USER_END), 0x510000);
	assert_int_equal(mm_brk(mm, UINT64_MAX), 0x510000);
	assert_int_equal(mm_brk(mm, 0x500000), 0x500000);
	assert_int_equal(fake_page_count, 0);
}

static void files_are_copied(void **state)
{
	char c;
	s64 a;

	(void)state;
	file_bytes = 5000;
	a = mm_mmap(mm, 0, 3 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, 7, 0);
	assert_true(a > 0);
	assert_int_equal(copy_from_user(&c, a + 4999, 1), 0);
	assert_int_equal(c, 'f');
	assert_int_equal(copy_from_user(&c, a + 5000, 1), 0);
	assert_int_equal(c, 0);
	assert_int_equal(copy_to_user(a, &c, 1), -EFAULT);
	assert_int_equal(zaps, 1);
	assert_int_equal(mm_mmap(mm, 0, 4096, PROT_READ, MAP_PRIVATE, 6, 0), -EACCES);
	assert_int_equal(mm_mmap(mm, 0, 4096, PROT_READ, MAP_PRIVATE, 8, 0), -EBADF);
	assert_int_equal(mm_mmap(mm, 0, 4096, RW, MAP_SHARED, 6, 0), -EACCES);
}

/* What an area is a copy of goes with it, and is told apart. */
static void files_have_names(void **state)
{
	const struct vma *vma;
	u64 a, b;

	(void)state;
	file_bytes = 20000;
	a = mm_mmap(mm, 0, 4 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, 7, PAGE_SIZE);
	vma = vma_find(&mm->vmas, a);
	assert_int_equal(vma->file, 107);
	assert_int_equal(vma->offset, PAGE_SIZE);
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, PAGE_SIZE, RW), 0);
	assert_int_equal(vma_find(&mm->vmas, a)->end, a + PAGE_SIZE);
	assert_int_equal(vma_find(&mm->vmas, a + PAGE_SIZE)->offset, 2 * PAGE_SIZE);
	vma = vma_find(&mm->vmas, a + 2 * PAGE_SIZE);
	assert_int_equal(vma->file, 107);
	assert_int_equal(vma->offset, 3 * PAGE_SIZE);
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	vma = vma_find(&mm->vmas, a);
	assert_int_equal(vma->end, a + 4 * PAGE_SIZE);
	assert_int_equal(vma->offset, PAGE_SIZE);

	/* Neighbours of another file, or of another place in it, are other areas. */
	b = mm_mmap(mm, a - PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 5, 0);
	assert_int_equal(vma_find(&mm->vmas, b)->end, a);
	b = mm_mmap(mm, a - PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 7,
		    2 * PAGE_SIZE);
	assert_int_equal(vma_find(&mm->vmas, b)->end, a);
	b = mm_mmap(mm, a - PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 7, 0);
	assert_int_equal(vma_find(&mm->vmas, b)->end, a + 4 * PAGE_SIZE);
	assert_int_equal(vma_find(&mm->vmas, b)->offset, 0);

	b = mm_mremap(mm, a + PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      a - 16 * PAGE_SIZE);
	assert_int_equal(vma_find(&mm->vmas, b)->offset, 2 * PAGE_SIZE);
	assert_int_equal(vma_find(&mm->vmas, b)->file, 107);

	a = mm_mmap(mm, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 9, 0);
	assert_int_equal(vma_find(&mm->vmas, a)->file, 0);
	assert_int_equal(mm_name_image(mm, a, a + PAGE_SIZE, 3, 0x5000), 0);
	assert_int_equal(vma_find(&mm->vmas, a)->file, 3);
	assert_int_equal(vma_find(&mm->vmas, a)->offset, 0x5000);
}

static void advice(void **state)
{
	u64 a = map(4, RW);
	char c = 'x';

	(void)state;
	copy_to_user(a + PAGE_SIZE, &c, 1);
	copy_to_user(a + 2 * PAGE_SIZE, &c, 1);
	assert_int_equal(mm_madvise(mm, a + PAGE_SIZE, 1, MADV_DONTNEED), 0);
	copy_from_user(&c, a + PAGE_SIZE, 1);
	assert_int_equal(c, 0);
	copy_from_user(&c, a + 2 * PAGE_SIZE, 1);
	assert_int_equal(c, 'x');
	assert_int_equal(mm_madvise(mm, a, 5 * PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
	copy_from_user(&c, a + 2 * PAGE_SIZE, 1);
	assert_int_equal(c, 0);
	assert_int_equal(mm_madvise(mm, a, PAGE_SIZE, 7777), -EINVAL);
	assert_int_equal(mm_check_mapped(mm, a + 100, 4000), 0);
	assert_int_equal(mm_check_mapped(mm, a + 100, 4 * PAGE_SIZE), -ENOMEM);
	assert_int_equal(mm_check_mapped(mm, a, UINT64_MAX - 10), -EINVAL);
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(mm_check_mapped(mm, a, 2 * PAGE_SIZE), 0);
	assert_int_equal(mm_check_accessible(mm, a, 2 * PAGE_SIZE), -ENOMEM);
	assert_int_equal(mm_check_accessible(mm, a, PAGE_SIZE), 0);
}

static void a_stack_has_a_guard(void **state)
{
	(void)state;
	assert_int_equal(mm_map_stack(mm, MM_STACK_DEFAULT), 0);
	assert_int_equal(fake_page_count, MM_STACK_DEFAULT / PAGE_SIZE);
	assert_int_equal(mm->mmap_top, MM_STACK_TOP - MM_STACK_RESERVE);
	assert_true(map(1, RW) < mm->mmap_top);
	assert_int_equal(mm_clear(mm), 0);
	assert_int_equal(fake_frames, 0);
	assert_true(list_empty(&mm->vmas));
}

/* Nothing may be walked page by page that is larger than memory: it would take for ever. */
static void what_cannot_be_had_is_refused_at_once(void **state)
{
	const u64 huge = 1ull << 45;
	s64 a = mm_mmap(mm, 0, huge, PROT_NONE, ANON, -1, 0);
	u64 b;

	(void)state;
	assert_true(a > 0);
	assert_int_equal(mm_mmap(mm, 0, huge, RW, ANON, -1, 0), -ENOMEM);
	assert_int_equal(mm_mprotect(mm, a, huge, RW), -ENOMEM);
	assert_int_equal(mm_madvise(mm, a, huge, MADV_DONTNEED), 0);
	assert_int_equal(mm_map_image(mm, 0x10000000, 0x10000000 + huge, VM_READ), -ENOMEM);
	assert_int_equal(mm_munmap(mm, a, huge), 0);
	b = map(1, RW);
	assert_int_equal(mm_mprotect(mm, b, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(mm_mremap(mm, b, PAGE_SIZE, huge, MREMAP_MAYMOVE, 0), -ENOMEM);
	assert_int_equal(fake_frames, 1);
}

static void areas_are_limited(void **state)
{
	u64 a = map(4 * VMA_COUNT_MAX, PROT_NONE), i;
	int ret = 0;

	(void)state;
	for (i = 0; !ret && i < 2 * VMA_COUNT_MAX; i++)
		ret = mm_munmap(mm, a + (2 * i + 1) * PAGE_SIZE, PAGE_SIZE);
	assert_int_equal(ret, -ENOMEM);
	assert_in_range(i, VMA_COUNT_MAX - 2, VMA_COUNT_MAX);
	assert_int_equal(mm_munmap(mm, a, 4 * VMA_COUNT_MAX * PAGE_SIZE), 0);
	assert_true(list_empty(&mm->vmas));
}

/* A page model decides what must be there; whatever is done, both agree. */
static void agrees_with_a_model(void **state)
{
	enum { PAGES = 64 };
	const u64 base = 0x10000000;
	int model[PAGES]; /* -1: unmapped, else prot */
	unsigned int round, i;

	(void)state;
	for (i = 0; i < PAGES; i++)
		model[i] = -1;
	srandom(7);
	for (round = 0; round < 3000; round++) {
		unsigned int at = random() % PAGES, n = 1 + random() % (PAGES - at), full;
		int prot = (int[]){ 0, 1, 3, 5 }[random() % 4], op = random() % 3;
		u64 a = base + at * PAGE_SIZE, bytes = n * PAGE_SIZE;
		/* A protection changes what is there up to the first hole. */
		unsigned int last = at;

		while (last < at + n && model[last] >= 0)
			last++;
		full = last == at + n;
		if (op == 0)
			assert_int_equal(mm_mmap(mm, a, bytes, prot, ANON | MAP_FIXED, -1, 0), a);
		else if (op == 1)
			assert_int_equal(mm_munmap(mm, a, bytes), 0);
		else
			assert_int_equal(mm_mprotect(mm, a, bytes, prot), full ? 0 : -ENOMEM);
		for (i = at; i < (op < 2 ? at + n : last); i++)
			model[i] = op == 1 ? -1 : prot;
		for (i = 0; i < PAGES; i++) {
			const struct vma *v = vma_find(&mm->vmas, base + i * PAGE_SIZE);
			const struct fake_page *p = fake_find(&mm->vm, base + i * PAGE_SIZE);
			bool mapped = v && v->start <= base + i * PAGE_SIZE;

			assert_int_equal(mapped, model[i] >= 0);
			assert_true(!mapped || (int)v->prot == model[i]);
			assert_true(model[i] <= 0 || (p && (int)p->prot == model[i]));
			assert_true(mapped || !p);
		}
		assert_int_equal(fake_frames, fake_page_count);
		assert_null(mm->lock.lock.owner);
	}
}

/* --- fork ------------------------------------------------------------------------------------------- */

static u64 frame_of(const struct mm *m, u64 addr)
{
	return vm_lookup(&m->vm, addr, NULL);
}

static void fork_copies_what_can_be_written(void **state)
{
	u64 rw = map(2, RW), ro = map(2, PROT_READ), none = map(1, RW), shared;
	struct mm *child = mm_create();
	char c = 'p';

	(void)state;
	shared = mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(copy_to_user(rw, &c, 1), 0);
	assert_int_equal(mm_mprotect(mm, none, PAGE_SIZE, PROT_NONE), 0);
	mm->brk_start = mm->brk = 0x100000;
	assert_int_equal(mm_fork(child, mm), 0);
	assert_int_equal(child->brk, 0x100000);
	assert_int_equal(child->mmap_top, mm->mmap_top);
	assert_int_not_equal(frame_of(child, rw), frame_of(mm, rw));
	assert_memory_equal((void *)frame_of(child, rw), (void *)frame_of(mm, rw), PAGE_SIZE);
	assert_int_equal(frame_of(child, ro), frame_of(mm, ro));
	assert_int_equal(frame_of(child, none), frame_of(mm, none));
	assert_int_equal(frame_of(child, shared), frame_of(mm, shared));
	assert_true(mm_poke32(child, rw + 8, 5));
	assert_int_equal(*(u32 *)(frame_of(child, rw) + 8), 5);
	assert_int_equal(*(u32 *)(frame_of(mm, rw) + 8), 0);
	assert_false(mm_poke32(child, ro, 5));
	assert_false(mm_poke32(child, rw + 2, 5));
	assert_false(mm_poke32(child, rw - 0x100000000, 5));
	mm_put(child);
	assert_int_equal(fake_frames, fake_page_count);
}

static void what_was_shared_is_copied_before_it_is_written(void **state)
{
	u64 a = map(3, PROT_READ), first, second;
	struct mm *child = mm_create();

	(void)state;
	assert_int_equal(mm_fork(child, mm), 0);
	first = frame_of(mm, a);
	second = frame_of(mm, a + PAGE_SIZE);
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, RW), 0);
	assert_int_not_equal(frame_of(mm, a), first);
	assert_int_equal(frame_of(child, a), first);
	/* The mirror still showed the old frame. */
	assert_int_equal(zaps, 1);
	assert_int_equal(zap_start, a);
	assert_int_equal(zap_end, a + PAGE_SIZE);
	assert_int_equal(mm_madvise(mm, a + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(frame_of(child, a + PAGE_SIZE), second);
	assert_int_equal(zaps, 2);
	/* The last owner writes to it as it is. */
	mm_put(child);
	first = frame_of(mm, a + 2 * PAGE_SIZE);
	assert_int_equal(mm_mprotect(mm, a, 3 * PAGE_SIZE, RW), 0);
	assert_int_equal(frame_of(mm, a + 2 * PAGE_SIZE), first);
	assert_int_equal(zaps, 2);
	assert_int_equal(fake_frames, fake_page_count);
}

static void a_failed_fork_leaves_nothing(void **state)
{
	u64 before, a = map(100, RW);
	struct mm *child;
	unsigned int room;

	(void)state;
	map(100, PROT_READ | PROT_EXEC);
	before = fake_frames;
	for (room = 0; room < 200; room += 7) {
		child = mm_create();
		if (room < 100)
			fake_frames_max = fake_frames + 64 + room;
		else
			fake_vm_map_fails_after = room;
		assert_int_equal(mm_fork(child, mm), -ENOMEM);
		mm_put(child);
		fake_frames_max = 100000;
		fake_vm_map_fails_after = ~0u;
		assert_int_equal(fake_frames, before);
	}
	assert_false(page_shared(frame_of(mm, a)));
}

static void memory_lives_as_long_as_its_users(void **state)
{
	u64 a = map(1, RW);

	(void)state;
	mm->users++;
	mm_put(mm);
	assert_int_not_equal(frame_of(mm, a), 0);
	mm_hide(mm, fake_process->ctl + 1);
	assert_ptr_equal(mm->entry, fake_process->ctl);
	mm_hide(mm, fake_process->ctl);
	/* Nobody to ask any more: its user is about to end. */
	assert_int_equal(mm_munmap(mm, a, PAGE_SIZE), -EINTR);
	assert_int_equal(zaps, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(populates_at_once),
		T(maps_downwards_and_merges),
		T(reservations_have_no_frames),
		T(frees_frames_after_the_zap),
		T(large_unmaps_go_in_batches),
		T(an_unconfirmed_zap_ends_the_process),
		T(protection_splits_and_joins),
		T(contents_survive_no_access),
		T(want_of_memory_leaves_nothing),
		T(fixed_replaces),
		T(refuses_bad_requests),
		T(moves_contents),
		T(a_failed_move_changes_nothing),
		T(the_break),
		T(files_are_copied),
		T(files_have_names),
		T(advice),
		T(a_stack_has_a_guard),
		T(what_cannot_be_had_is_refused_at_once),
		T(areas_are_limited),
		T(fork_copies_what_can_be_written),
		T(what_was_shared_is_copied_before_it_is_written),
		T(a_failed_fork_leaves_nothing),
		T(memory_lives_as_long_as_its_users),
		T(agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
