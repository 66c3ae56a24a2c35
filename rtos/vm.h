/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: page tables only. What is mapped where, and why, is known by mm.h.
 *
 * Memory is never demand-paged: a page is present or an access to it is an error. The module walks the
 * user half of a root while the process runs, so page-table frames are freed only by vm_destroy(), and
 * a leaf frame only after the module confirmed a zap (scf.h) or the process is gone.
 */
#ifndef RTOS_VM_H
#define RTOS_VM_H

#include "types.h"

#define VM_READ		1u
#define VM_WRITE	2u
#define VM_EXEC		4u
/*
 * Of vm_map() and vm_lookup(): the page is Linux's, in a mapping of a file that Linux shares. Its frame is in no
 * memory of ours: nothing may be done with it but to map it.
 */
#define VM_LENT		8u
/* A page with none of the three stays in the tables, not present, and keeps its frame. */

struct vm {
	u64 root;		/* physical address of the PML4; the kernel half is shared */
	u64 frames;		/* leaves and tables */
};

void vm_init(void);

int vm_create(struct vm *vm);		/* 0 or -ENOMEM */
/*
 * Frees tables and leaves; harmless on one that was destroyed. The caller has made sure that neither
 * Linux nor a thread uses them. Calls preempt_point() unless in interrupt context.
 */
void vm_destroy(struct vm *vm);

/* Maps one page; addr page aligned, in the user range, not mapped yet. 0 or -ENOMEM. */
int vm_map(struct vm *vm, u64 addr, u64 frame, u32 prot);
/* Removes one page and flushes it; returns its frame, which the caller now owns, or 0: none, or a lent one. */
u64 vm_unmap(struct vm *vm, u64 addr);
/* Changes the protection of one mapped page. False: nothing is mapped there. */
bool vm_protect(struct vm *vm, u64 addr, u32 prot);
/* The frame at addr, or 0; *prot (may be NULL) gets its protection. */
u64 vm_lookup(const struct vm *vm, u64 addr, u32 *prot);

/* Makes vm the current address space; NULL: the kernel's own. */
void vm_switch(struct vm *vm);

/*
 * Maps memory shared with Linux (write-back, read and write, kernel only) in all address spaces.
 * NULL: no memory. The address stays valid until kunmap_shared().
 */
void *kmap_shared(u64 phys, u64 bytes);
void kunmap_shared(void *p, u64 bytes);

/* --- inside the core ---------------------------------------------------------------------------- */

/* One page of device registers, uncached. */
void *vm_map_device(u64 phys);

#define KSTACK_BYTES	(2 * PAGE_SIZE)
/* A kernel stack with a guard below it: its top; 0: no memory. */
u64 kstack_alloc(void);
void kstack_free(u64 top);
/* True for an address in the guard of a stack. */
bool kstack_guard(u64 addr);

#endif
