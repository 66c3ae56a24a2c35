// SPDX-License-Identifier: MIT
/* sources: rtos/mm.c rtos/mm_life.c rtos/mm_lent.c rtos/mm_pages.c rtos/vma.c rtos/mutex.c rtos/pi.c */
/* cflags: -DUNIT_TEST */
/* Mappings of files that Linux shares, with a model of what the shadow and the module do. */
#define FAKE_OWN_SCF
#include "rtos_fake.h"

#include <asm/unistd_64.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "../../rtos/mm_lent.h"

#define RW (PROT_READ | PROT_WRITE)
#define FILE_NUMBER 3
#define FILE_FRAMES 0x7000000000ull	/* of the file's first page; Linux's */
#define PAGES 2048			/* that the model knows of, from the first mapping down */

static struct mm *mm;
static u64 top;				/* one of Linux's places; all are within PAGES below */
static u64 file_pages;
static struct {
	s64 page;			/* of the file; -1: the mirror is there */
	bool writable, lent;
} places[PAGES];
static unsigned int lends, returns, ended;
static int refuse_map, refuse_protect, refuse_lend, refuse_move;
static u64 lendable_below;		/* and what is above is refused, as by a limit */
static bool lie;			/* the module was not asked */

void process_end(struct process *p, u32 reason)
{
	(void)reason;
	p->closed = true;
	ended++;
}

static unsigned int place(u64 addr)
{
	u64 n = (top - addr) >> PAGE_SHIFT;

	assert_true(n < PAGES);
	return n;
}

static unsigned int lent_now(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += places[i].lent;
	return n;
}

/* What lent.c of the module does. */
static s64 module(struct crtos_proc_rt *rt)
{
	struct crtos_lend_list *list = (void *)rt->lend_list;
	u64 addr, count = 0;

	if ((refuse_lend || rt->lend_end > lendable_below) && rt->lend_what != CRTOS_LEND_RETURN) {
		list->done = rt->lend_seq;
		return refuse_lend ? refuse_lend : -ENOMEM;
	}
	for (addr = rt->lend_start; addr < rt->lend_end; addr += PAGE_SIZE) {
		unsigned int n = place(addr);

		if (rt->lend_what == CRTOS_LEND_RETURN) {
			/* The RTOS must not have it any more. */
			assert_null(fake_find(&mm->vm, addr));
			places[n].lent = false;
			continue;
		}
		assert_true(places[n].page >= 0);
		assert_true(rt->lend_what == CRTOS_LEND_READ || places[n].writable);
		if (places[n].page >= (s64)file_pages)
			break;
		places[n].lent = true;
		list->frame[count++] = FILE_FRAMES + places[n].page * PAGE_SIZE;
	}
	rt->lend_what == CRTOS_LEND_RETURN ? returns++ : lends++;
	list->count = count;
	list->done = rt->lend_seq;
	return 0;
}

static s64 area(const u64 *a, u32 nr)
{
	u64 i;

	switch (nr) {
	case __NR_mmap:
		for (i = 0; !refuse_map && i < a[1] >> PAGE_SHIFT; i++) {
			places[place(a[0]) - i].page = (a[4] >> PAGE_SHIFT) + i;
			places[place(a[0]) - i].writable = a[2] & PROT_WRITE;
		}
		return refuse_map;
	case __NR_mprotect:
		for (i = 0; !refuse_protect && i < a[1] >> PAGE_SHIFT; i++)
			places[place(a[0]) - i].writable = a[2] & PROT_WRITE;
		return refuse_protect;
	case __NR_mremap:
		for (i = 0; !refuse_move && i < a[2] >> PAGE_SHIFT; i++) {
			unsigned int from = place(a[0]), to = place(a[3] ? a[3] : a[0]);

			places[to - i].page = places[from].page + i;
			places[to - i].writable = places[from].writable;
		}
		for (i = 0; !refuse_move && a[3] && i < a[1] >> PAGE_SHIFT; i++)
			places[place(a[0]) - i].page = -1;
		return refuse_move;
	}
	return 0;
}

void futex_tell_robust(void)
{
}

s64 scf_call(u32 nr, const u64 args[6])
{
	u64 i;

	if (current->killed || fake_process->closed)
		return -EINTR;
	switch (nr) {
	case __NR_fcntl:
		return O_RDWR;
	case CRTOS_OP_FILE:
		return FILE_NUMBER;
	case CRTOS_OP_ZAP:
		fake_process->ctl->linux_side.zap_done = fake_process->ctl->rt.zap_seq;
		return 0;
	case CRTOS_OP_LEND:
		return lie ? 0 : module(&fake_process->ctl->rt);
	case CRTOS_OP_MIRROR:
		for (i = 0; i < args[1] >> PAGE_SHIFT; i++)
			places[place(args[0]) - i].page = -1;
		return 0;
	case CRTOS_OP_AREA:
		return area(args + 1, args[0]);
	}
	fail_msg("call %x", nr);
	return 0;
}

static int setup(void **state)
{
	unsigned int i;

	fake_setup(state);
	for (i = 0; i < PAGES; i++)
		places[i].page = -1, places[i].lent = false;
	lends = returns = ended = 0;
	refuse_map = refuse_protect = refuse_lend = refuse_move = 0;
	lie = false;
	lendable_below = UINT64_MAX;
	file_pages = 1 << 20;
	mm = fake_process->mm = mm_create();
	mm_show(mm, fake_process->ctl);
	top = mm->mmap_top - PAGE_SIZE;
	return 0;
}

static int teardown(void **state)
{
	mm_put(mm);
	assert_int_equal(fake_frames, 0);
	assert_int_equal(fake_objects, 0);
	assert_int_equal(fake_page_count, 0);
	return fake_teardown(state);
}

static u64 share(u64 pages, u64 prot, u64 page)
{
	s64 ret = mm_mmap(mm, 0, pages * PAGE_SIZE, prot, MAP_SHARED, 5, page * PAGE_SIZE);

	assert_true(ret > 0);
	return ret;
}

/* Page i of `pages` at addr is page first + i of the file, with that protection: on both sides. */
static void is_file(u64 addr, u64 pages, u64 first, u32 prot)
{
	u64 i;

	for (i = 0; i < pages; i++) {
		const struct fake_page *p = fake_find(&mm->vm, addr + i * PAGE_SIZE);
		const struct vma *vma = vma_find(&mm->vmas, addr + i * PAGE_SIZE);

		assert_int_equal(vma->file, FILE_NUMBER);
		assert_int_equal(vma->offset + (addr + i * PAGE_SIZE - vma->start),
				 (first + i) * PAGE_SIZE);

		assert_non_null(p);
		assert_int_equal(p->frame, FILE_FRAMES + (first + i) * PAGE_SIZE);
		assert_int_equal(p->prot, prot | VM_LENT);
		assert_int_equal(places[place(addr) - i].page, first + i);
		assert_true(places[place(addr) - i].lent);
	}
}

static void pages_are_linuxs(void **state)
{
	u64 a = share(3, RW, 7);

	(void)state;
	is_file(a, 3, 7, VM_READ | VM_WRITE);
	/* The root and the list's page aside, no frame is used, and none is freed. */
	assert_int_equal(mm->vm.frames, 1);
	assert_int_equal(mm_munmap(mm, a + PAGE_SIZE, PAGE_SIZE), 0);
	is_file(a, 1, 7, VM_READ | VM_WRITE);
	is_file(a + 2 * PAGE_SIZE, 1, 9, VM_READ | VM_WRITE);
	assert_int_equal(lent_now(), 2);
	assert_false(mm_poke32(mm, a, 1));
	assert_int_equal(mm_munmap(mm, a, 3 * PAGE_SIZE), 0);
	assert_int_equal(lent_now(), 0);
}

static void large_ones_come_in_parts(void **state)
{
	u64 a = share(1200, PROT_READ, 0);

	(void)state;
	assert_int_equal(lends, 3);
	is_file(a, 1200, 0, VM_READ);
	assert_int_equal(mm_munmap(mm, a, 1200 * PAGE_SIZE), 0);
	assert_int_equal(returns, 1);
}

static void protection_follows_linux(void **state)
{
	u64 a = share(4, PROT_NONE, 0);

	(void)state;
	assert_int_equal(fake_page_count, 0);
	assert_int_equal(mm_mprotect(mm, a, 3 * PAGE_SIZE, PROT_READ), 0);
	is_file(a, 3, 0, VM_READ);
	refuse_protect = -EACCES;
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, RW), -EACCES);
	is_file(a, 1, 0, VM_READ);
	refuse_protect = 0;
	assert_int_equal(mm_mprotect(mm, a + PAGE_SIZE, PAGE_SIZE, RW), 0);
	is_file(a + PAGE_SIZE, 1, 1, VM_READ | VM_WRITE);
	is_file(a + 2 * PAGE_SIZE, 1, 2, VM_READ);
	/* As far as it can be done, it is: here private memory in front. */
	assert_true(mm_mmap(mm, a - PAGE_SIZE, PAGE_SIZE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) > 0);
	refuse_protect = -EACCES;
	assert_int_equal(mm_mprotect(mm, a - PAGE_SIZE, 3 * PAGE_SIZE, RW), -EACCES);
	assert_int_equal(fake_find(&mm->vm, a - PAGE_SIZE)->prot, VM_READ | VM_WRITE);
	is_file(a, 1, 0, VM_READ);
}

static void the_file_ends(void **state)
{
	u64 a;

	(void)state;
	file_pages = 2;
	a = share(700, PROT_READ, 0);
	is_file(a, 2, 0, VM_READ);
	assert_int_equal(fake_page_count, 2);
	assert_int_equal(mm_lend_fault(mm, a + 2 * PAGE_SIZE + 5, VM_READ), -EFAULT);
	assert_int_equal(mm_lend_fault(mm, a + PAGE_SIZE, VM_WRITE), -EINVAL);
	assert_int_equal(mm_lend_fault(mm, a - PAGE_SIZE, VM_READ), -EINVAL);
	file_pages = 5;
	assert_int_equal(mm_lend_fault(mm, a + 3 * PAGE_SIZE + 5, VM_READ), 0);
	is_file(a + 3 * PAGE_SIZE, 2, 3, VM_READ);
	assert_int_equal(fake_page_count, 4);
	/* Another thread was faster. */
	assert_int_equal(mm_lend_fault(mm, a + 3 * PAGE_SIZE, VM_READ), 0);
	/* A page that is there and yet refuses must not be tried for ever. */
	vm_protect(&mm->vm, a, 0);
	assert_int_equal(mm_lend_fault(mm, a, VM_READ), -EFAULT);
}

static void moves(void **state)
{
	u64 a, b;

	(void)state;
	/* No room behind it. */
	mm_map_image(mm, mm->mmap_top - PAGE_SIZE, mm->mmap_top, 0);
	a = share(4, RW, 0);
	b = mm_mremap(mm, a, 4 * PAGE_SIZE, 6 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	assert_int_not_equal(b, a);
	is_file(b, 6, 0, VM_READ | VM_WRITE);
	assert_null(fake_find(&mm->vm, a));
	assert_int_equal(lent_now(), 6);
	assert_int_equal(mm_munmap(mm, b + 4 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	/* Now there is room. */
	assert_int_equal(mm_mremap(mm, b, 4 * PAGE_SIZE, 5 * PAGE_SIZE, 0, 0), b);
	is_file(b, 5, 0, VM_READ | VM_WRITE);
	refuse_move = -ENOMEM;
	assert_int_equal(mm_mremap(mm, b, 5 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE, 0),
			 -ENOMEM);
	is_file(b, 5, 0, VM_READ | VM_WRITE);
	assert_int_equal(lent_now(), 5);
	assert_int_equal(mm_munmap(mm, b, 5 * PAGE_SIZE), 0);
	assert_int_equal(lent_now(), 0);
}

static void a_move_that_fails_late_is_undone(void **state)
{
	u64 low, high;
	s64 ret;

	(void)state;
	mm_map_image(mm, mm->mmap_top - PAGE_SIZE, mm->mmap_top, 0);
	high = mm->mmap_top - 600 * PAGE_SIZE;
	low = high - 700 * PAGE_SIZE;
	ret = mm_mmap(mm, low, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 5, 0);
	assert_int_equal(ret, low);
	/* Linux has moved it, and then the pages cannot be had, at once or but for the first part. */
	lendable_below = high;
	assert_int_equal(mm_mremap(mm, low, 4 * PAGE_SIZE, 550 * PAGE_SIZE,
				   MREMAP_MAYMOVE | MREMAP_FIXED, high),
			 -ENOMEM);
	is_file(low, 4, 0, VM_READ | VM_WRITE);
	assert_int_equal(lent_now(), 4);
	lendable_below = high + 520 * PAGE_SIZE;
	assert_int_equal(mm_mremap(mm, low, 4 * PAGE_SIZE, 550 * PAGE_SIZE,
				   MREMAP_MAYMOVE | MREMAP_FIXED, high),
			 -ENOMEM);
	is_file(low, 4, 0, VM_READ | VM_WRITE);
	assert_int_equal(lent_now(), 4);
	assert_int_equal(fake_page_count, 4);
	assert_int_equal(places[place(high)].page, -1);
	/* The same where it is. */
	lendable_below = low + 5 * PAGE_SIZE;
	assert_int_equal(mm_mremap(mm, low, 4 * PAGE_SIZE, 600 * PAGE_SIZE, 0, 0), -ENOMEM);
	is_file(low, 4, 0, VM_READ | VM_WRITE);
	assert_int_equal(lent_now(), 4);
	assert_int_equal(places[place(low + 4 * PAGE_SIZE)].page, -1);
}

static void refusals_leave_nothing(void **state)
{
	(void)state;
	refuse_map = -ENODEV;
	assert_int_equal(mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED, 5, 0), -ENODEV);
	refuse_map = 0;
	refuse_lend = -ENOMEM;
	assert_int_equal(mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED, 5, 0), -ENOMEM);
	refuse_lend = -EOPNOTSUPP;
	assert_int_equal(mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED, 5, 0), -ENODEV);
	refuse_lend = 0;
	fake_vm_map_fails_after = 2;
	assert_int_equal(mm_mmap(mm, 0, 4 * PAGE_SIZE, RW, MAP_SHARED, 5, 0), -ENOMEM);
	assert_int_equal(lent_now(), 0);
	assert_int_equal(fake_page_count, 0);
	assert_null(vma_find(&mm->vmas, 0));
}

static void a_lie_ends_the_process(void **state)
{
	(void)state;
	lie = true;
	assert_int_equal(mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED, 5, 0), -EINTR);
	assert_int_equal(ended, 1);
}

static void a_child_has_them_too(void **state)
{
	struct process other = *fake_process;
	u64 a = share(3, RW, 4);
	struct mm *child = mm_create(), *parent = mm;

	(void)state;
	assert_int_equal(mm_fork(child, mm), 0);
	assert_true(child->lend_due);
	assert_int_equal(fake_page_count, 3);
	/* It has a shadow of its own, with the same places. The parent ends while a vfork child of its goes on. */
	parent->users = 2;
	mm_hide(parent, fake_process->ctl);
	assert_int_equal(fake_page_count, 0);
	parent->users = 1;
	fake_process->mm = mm = child;
	mm_show(child, fake_process->ctl);
	mm_lend_all(child);
	assert_false(child->lend_due);
	is_file(a, 3, 4, VM_READ | VM_WRITE);
	mm_put(parent);
	/* One that uses this memory for a time can change nothing. */
	other.ctl = fake_process->ctl + 1;
	current->process = &other;
	assert_int_equal(mm_munmap(mm, a, PAGE_SIZE), -ENOMEM);
	assert_int_equal(mm_mmap(mm, 0, PAGE_SIZE, RW, MAP_SHARED, 5, 0), -ENOMEM);
	assert_int_equal(mm_mprotect(mm, a, PAGE_SIZE, PROT_READ), -ENOMEM);
	current->process = fake_process;
	is_file(a, 3, 4, VM_READ | VM_WRITE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pages_are_linuxs),
		T(large_ones_come_in_parts),
		T(protection_follows_linux),
		T(the_file_ends),
		T(moves),
		T(a_move_that_fails_late_is_undone),
		T(refusals_leave_nothing),
		T(a_lie_ends_the_process),
		T(a_child_has_them_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
