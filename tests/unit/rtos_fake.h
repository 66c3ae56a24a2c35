/* SPDX-License-Identifier: MIT */
/*
 * The core of the RTOS as the tests of the process layer see it: page frames from the heap, page tables that
 * are a list, one thread that never really blocks. Included once by a test.
 */
#ifndef RTOS_FAKE_H
#define RTOS_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/errno.h>

#include "../../rtos/core.h"
#include "../../rtos/log.h"
#include "../../rtos/page.h"
#include "../../rtos/process.h"
#include "../../rtos/scf.h"
#include "../../rtos/trap.h"
#include "../../rtos/uaccess.h"

#define FAKE_UNUSED __attribute__((unused))

static struct crtos_boot fake_boot;
static struct crtos_control *fake_control;
const struct crtos_boot *boot = &fake_boot;
struct crtos_control *control;
static struct thread fake_threads[4];
#ifndef FAKE_NO_SCHEDULER
struct thread *current = &fake_threads[0];
#endif
static struct process *fake_process;
static struct mm fake_mm;
static struct crtos_scf_header *fake_scf;

static unsigned int fake_frames, fake_frames_max = 100000, fake_objects, fake_doorbells;
static int (*fake_on_block)(u64 deadline) FAKE_UNUSED;	/* instead of blocking; NULL: -EINTR */
static u64 fake_now, fake_real_offset;
static bool fake_no_memory;
static void (*fake_before_cmpxchg)(void);	/* what others do to the word meanwhile */
static struct thread *fake_woken[8] FAKE_UNUSED;
static unsigned int fake_wakes;

void doorbell_linux(void)
{
	fake_doorbells++;
}

void log_print(const char *fmt, ...)
{
	(void)fmt;
}

void panic(const struct regs *regs, const char *fmt, ...)
{
	va_list ap;

	(void)regs;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

/* --- pages ---------------------------------------------------------------------------------------- */

u64 page_alloc(void)
{
	void *p;

	if (fake_frames == fake_frames_max)
		return 0;
	p = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(p, 0, PAGE_SIZE);
	fake_frames++;
	return (u64)p;
}

/* Frames with several owners. */
static struct {
	u64 phys;
	unsigned int more;
} fake_shared[256];

static unsigned int *fake_more(u64 phys)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fake_shared); i++) {
		if (fake_shared[i].more && fake_shared[i].phys == phys)
			return &fake_shared[i].more;
	}
	return NULL;
}

void page_get(u64 phys)
{
	unsigned int *more = fake_more(phys), i;

	if (more) {
		++*more;
		return;
	}
	for (i = 0; fake_shared[i].more; i++)
		assert_true(i + 1 < ARRAY_SIZE(fake_shared));
	fake_shared[i].phys = phys;
	fake_shared[i].more = 1;
}

bool page_shared(u64 phys)
{
	return fake_more(phys);
}

void page_free(u64 phys)
{
	unsigned int *more = fake_more(phys);

	if (more) {
		--*more;
		return;
	}
	fake_frames--;
	free((void *)phys);
}

u64 page_free_count(void)
{
	return fake_frames_max - fake_frames;
}

void *phys_to_virt(u64 phys)
{
	return (void *)phys;
}

u64 virt_to_phys(const void *p)
{
	return (u64)p;
}

void *kalloc(size_t bytes)
{
	void *p;

	if (fake_no_memory)
		return NULL;
	p = aligned_alloc(bytes == PAGE_SIZE ? PAGE_SIZE : 64, ALIGN_UP(bytes, 64ul));
	memset(p, 0, ALIGN_UP(bytes, 64ul));
	fake_objects++;
	return p;
}

void kfree(void *p)
{
	if (p)
		fake_objects--;
	free(p);
}

/* --- page tables ----------------------------------------------------------------------------------- */

struct fake_page {
	const struct vm *vm;
	u64 addr, frame;
	u32 prot;
};

static struct fake_page fake_pages[8192];
static unsigned int fake_page_count, fake_vm_map_fails_after = ~0u;

static struct fake_page *fake_find(const struct vm *vm, u64 addr)
{
	unsigned int i;

	for (i = 0; i < fake_page_count; i++) {
		if (fake_pages[i].vm == vm && fake_pages[i].addr == addr)
			return &fake_pages[i];
	}
	return NULL;
}

int vm_create(struct vm *vm)
{
	vm->root = PAGE_SIZE;
	vm->frames = 1;
	return 0;
}

void vm_destroy(struct vm *vm)
{
	unsigned int i, kept = 0;

	for (i = 0; i < fake_page_count; i++) {
		if (fake_pages[i].vm != vm)
			fake_pages[kept++] = fake_pages[i];
		else if (!(fake_pages[i].prot & VM_LENT))
			page_free(fake_pages[i].frame);
	}
	fake_page_count = kept;
	vm->root = 0;
}

int vm_map(struct vm *vm, u64 addr, u64 frame, u32 prot)
{
	assert_null(fake_find(vm, addr));
	assert_true(fake_page_count < ARRAY_SIZE(fake_pages));
	assert_true(!(addr & ~PAGE_MASK) && addr >= CRTOS_USER_START && addr < CRTOS_USER_END);
	if (!fake_vm_map_fails_after)
		return -ENOMEM;
	fake_vm_map_fails_after--;
	fake_pages[fake_page_count++] = (struct fake_page){ vm, addr, frame, prot };
	vm->frames += !(prot & VM_LENT);
	return 0;
}

u64 vm_unmap(struct vm *vm, u64 addr)
{
	struct fake_page *p = fake_find(vm, addr);
	u64 frame;

	if (!p)
		return 0;
	frame = p->prot & VM_LENT ? 0 : p->frame;
	vm->frames -= !(p->prot & VM_LENT);
	*p = fake_pages[--fake_page_count];
	return frame;
}

bool vm_protect(struct vm *vm, u64 addr, u32 prot)
{
	struct fake_page *p = fake_find(vm, addr);

	if (p)
		p->prot = prot | (p->prot & VM_LENT);
	return p;
}

u64 vm_lookup(const struct vm *vm, u64 addr, u32 *prot)
{
	struct fake_page *p = fake_find(vm, addr);

	if (p && prot)
		*prot = p->prot;
	return p ? p->frame : 0;
}

void vm_switch(struct vm *vm)
{
	(void)vm;
}

/* --- user memory ------------------------------------------------------------------------------------ */

static void *fake_user(u64 addr, u32 prot)
{
	const struct process *process = current->process ? current->process : fake_process;
	struct fake_page *p = fake_find(&process->mm->vm, addr & PAGE_MASK);

	return p && (p->prot & prot) == prot ? (char *)p->frame + (addr & ~PAGE_MASK) : NULL;
}

int copy_from_user(void *to, u64 from, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		char *p = fake_user(from + i, VM_READ);

		if (!p)
			return -EFAULT;
		((char *)to)[i] = *p;
	}
	return 0;
}

int copy_to_user(u64 to, const void *from, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		char *p = fake_user(to + i, VM_WRITE);

		if (!p)
			return -EFAULT;
		*p = ((const char *)from)[i];
	}
	return 0;
}

int get_user32(u32 *value, u64 from)
{
	return copy_from_user(value, from, sizeof(*value));
}

int put_user32(u64 to, u32 value)
{
	return copy_to_user(to, &value, sizeof(value));
}

int cmpxchg_user32(u64 addr, u32 expected, u32 desired, u32 *old)
{
	if (fake_before_cmpxchg)
		fake_before_cmpxchg();
	if (get_user32(old, addr))
		return -EFAULT;
	return *old == expected ? put_user32(addr, desired) : 0;
}

/* --- threads and time -------------------------------------------------------------------------------- */

struct thread *thread_find(s32 tid)
{
	struct list *p;

	list_for_each(p, &fake_process->threads) {
		struct thread *t = list_entry(p, struct thread, process_link);

		if (t->tid == tid && !t->futex.closed)
			return t;
	}
	return NULL;
}

/* A test that is made with rtos/sched.c says FAKE_NO_SCHEDULER. */
#ifndef FAKE_NO_SCHEDULER
int thread_block(u64 deadline)
{
	if (current->killed)
		return -EINTR;
	return fake_on_block ? fake_on_block(deadline) : -EINTR;
}

void thread_wake(struct thread *thread, int result)
{
	thread->wake_result = result;
	fake_woken[fake_wakes++ % 8] = thread;
}

void thread_inherit(struct thread *thread, int priority)
{
	thread->inherited = priority;
	thread->effective = max(priority, thread->priority);
}

void preempt_point(void)
{
}
#endif

u64 time_monotonic(void)
{
	return fake_now;
}

u64 time_realtime(void)
{
	return fake_now + fake_real_offset;
}

#if !defined(FAKE_OWN_SIGNALS) && !defined(FAKE_NO_SCHEDULER)
bool signal_pending(void)
{
	return false;
}
#endif

/* --- Linux ------------------------------------------------------------------------------------------- */

/* A test with more of it than calls that are counted says FAKE_OWN_SCF. */
#ifndef FAKE_OWN_SCF
static unsigned int fake_calls;
static u64 fake_call_args[6] FAKE_UNUSED;

s64 scf_call(u32 nr, const u64 args[6])
{
	(void)nr;
	fake_calls++;
	memcpy(fake_call_args, args, sizeof(fake_call_args));
	return 0;
}

bool scf_outstanding(void)
{
	return false;
}

bool sys_shadow_pointer(u64 addr)
{
	return addr >= CRTOS_USER_END;
}

s64 sys_remote_pointers(struct regs *regs, u32 pointers)
{
	(void)pointers;
	return scf_call(regs->error, (const u64[6]){ regs->rdi, regs->rsi, regs->rdx, regs->r10,
						     regs->r8, regs->r9 });
}
#endif

/* --- set-up ------------------------------------------------------------------------------------------ */

FAKE_UNUSED static int fake_setup(void **state)
{
	unsigned int i;

	(void)state;
	fake_control = calloc(1, sizeof(*fake_control));
	fake_scf = aligned_alloc(PAGE_SIZE, CRTOS_SCF_SIZE);
	memset(fake_scf, 0, CRTOS_SCF_SIZE);
	control = fake_control;
	fake_process = calloc(1, sizeof(*fake_process));
	fake_process->ctl = &control->proc[3];
	memset(&fake_mm, 0, sizeof(fake_mm));
	fake_process->mm = &fake_mm;
	fake_process->index = 3;
	fake_process->scf = fake_scf;
	fake_process->pid = 100;
	list_init(&fake_process->threads);
	memset(fake_threads, 0, sizeof(fake_threads));
	for (i = 0; i < ARRAY_SIZE(fake_threads); i++) {
		struct thread *t = &fake_threads[i];

		t->process = fake_process;
		t->slot = i;
		t->tid = 100 + i;
		list_init(&t->futex_link);
		list_init(&t->pi_link);
		list_init(&t->pi_owned);
		list_append(&fake_process->threads, &t->process_link);
		fake_process->slot[i] = t;
		fake_process->thread_count++;
	}
	current = &fake_threads[0];
	fake_frames_max = 100000;
	fake_vm_map_fails_after = ~0u;
	fake_on_block = NULL;
	fake_before_cmpxchg = NULL;
	fake_no_memory = false;
	fake_wakes = fake_doorbells = fake_objects = 0;
	fake_now = NSEC_PER_SEC;
	fake_real_offset = 1000 * NSEC_PER_SEC;
	return 0;
}

FAKE_UNUSED static int fake_teardown(void **state)
{
	(void)state;
	free(fake_control);
	free(fake_scf);
	free(fake_process);
	return 0;
}

#endif
