// SPDX-License-Identifier: MIT
/*
 * The user half of address spaces. The module walks these tables at any time: entries are written by
 * single stores, and a new table is cleared before the entry that leads to it is stored.
 */
#include <linux/errno.h>

#include <crtos/scf.h>

#include "core.h"
#include "cpu.h"
#include "kstring.h"
#include "log.h"
#include "page.h"
#include "paging.h"
#include "thread.h"
#include "vm.h"

#define USER_TABLE	(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define USER_SLOTS	256			/* of the PML4 */

static u64 loaded_root;

/* Tables are frames of the donated memory, but for the kernel's first ones, which are in the image. */
static u64 *table_at(u64 entry)
{
	u64 phys = entry & PTE_FRAME;
	u64 offset = phys - boot->mem_phys;

	return offset < CRTOS_IMAGE_MAX ? (u64 *)(CRTOS_LINK_BASE + offset) : phys_to_virt(phys);
}

static u64 *next_table(u64 *link, u64 flags, u64 *tables)
{
	u64 frame;

	if (*link)
		return table_at(*link);
	if (!flags)
		return NULL;
	frame = page_alloc();
	if (!frame)
		return NULL;
	if (tables)
		++*tables;
	store_release(link, frame | flags);
	return table_at(frame);
}

u64 *paging_entry(u64 root, u64 addr, u64 flags, u64 *tables)
{
	u64 *table = table_at(root);

	for (int shift = 39; shift > 12; shift -= 9) {
		table = next_table(&table[addr >> shift & 511], flags, tables);
		if (!table)
			return NULL;
	}
	return &table[addr >> 12 & 511];
}

static u64 prot_flags(u32 prot)
{
	u64 flags = PTE_KEPT;

	if (prot & (VM_READ | VM_WRITE | VM_EXEC))
		flags |= PTE_PRESENT | PTE_USER;
	if (prot & VM_WRITE)
		flags |= PTE_WRITE;
	if (!(prot & VM_EXEC))
		flags |= PTE_NX;
	if (prot & VM_LENT)
		flags |= PTE_LENT;
	return flags;
}

static u32 flags_prot(u64 pte)
{
	u32 prot = 0;

	if (pte & PTE_PRESENT)
		prot |= VM_READ;
	if (pte & PTE_WRITE)
		prot |= VM_WRITE;
	if ((pte & PTE_PRESENT) && !(pte & PTE_NX))
		prot |= VM_EXEC;
	if (pte & PTE_LENT)
		prot |= VM_LENT;
	return prot;
}

static void flush(const struct vm *vm, u64 addr)
{
	if (vm->root == loaded_root)
		invlpg(addr);
}

void vm_init(void)
{
	kmap_init();
	loaded_root = kernel_root;
}

int vm_create(struct vm *vm)
{
	const u64 *kernel = table_at(kernel_root);
	u64 *pml4;

	vm->root = page_alloc();
	if (!vm->root)
		return -ENOMEM;
	pml4 = table_at(vm->root);
	memcpy(pml4 + USER_SLOTS, kernel + USER_SLOTS, (512 - USER_SLOTS) * sizeof(u64));
	vm->frames = 1;
	return 0;
}

/* Frees what a table of this level (1: leaves) leads to, and the table. */
static void free_table(u64 phys, int level, int slots)
{
	u64 *table = table_at(phys);

	for (int i = 0; i < slots; i++) {
		if (!table[i])
			continue;
		if (level > 1)
			free_table(table[i] & PTE_FRAME, level - 1, 512);
		else if (!(table[i] & PTE_LENT))
			page_free(table[i] & PTE_FRAME);
	}
	page_free(phys);
	preempt_point();
}

void vm_destroy(struct vm *vm)
{
	u64 root = vm->root;

	if (!root)
		return;
	if (root == loaded_root)
		vm_switch(NULL);
	vm->root = 0;
	vm->frames = 0;
	free_table(root, 4, USER_SLOTS);
}

int vm_map(struct vm *vm, u64 addr, u64 frame, u32 prot)
{
	u64 *pte;

	BUG_ON(addr % PAGE_SIZE || addr < CRTOS_USER_START || addr >= CRTOS_USER_END);
	pte = paging_entry(vm->root, addr, USER_TABLE, &vm->frames);
	if (!pte)
		return -ENOMEM;
	BUG_ON(*pte);
	vm->frames += !(prot & VM_LENT);
	store_release(pte, frame | prot_flags(prot));
	return 0;
}

u64 vm_unmap(struct vm *vm, u64 addr)
{
	u64 *pte = paging_entry(vm->root, addr, 0, NULL);
	u64 old;

	if (!pte || !*pte)
		return 0;
	old = *pte;
	WRITE_ONCE(*pte, 0);
	flush(vm, addr);
	if (old & PTE_LENT)
		return 0;
	vm->frames--;
	return old & PTE_FRAME;
}

bool vm_protect(struct vm *vm, u64 addr, u32 prot)
{
	u64 *pte = paging_entry(vm->root, addr, 0, NULL);

	if (!pte || !*pte)
		return false;
	WRITE_ONCE(*pte, (*pte & (PTE_FRAME | PTE_LENT)) | prot_flags(prot));
	flush(vm, addr);
	return true;
}

u64 vm_lookup(const struct vm *vm, u64 addr, u32 *prot)
{
	const u64 *pte = paging_entry(vm->root, addr, 0, NULL);

	if (!pte || !*pte)
		return 0;
	if (prot)
		*prot = flags_prot(*pte);
	return *pte & PTE_FRAME;
}

void vm_switch(struct vm *vm)
{
	u64 root = vm ? vm->root : kernel_root;

	if (root != loaded_root) {
		loaded_root = root;
		write_cr3(root);
	}
}
