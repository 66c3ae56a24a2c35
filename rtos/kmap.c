// SPDX-License-Identifier: MIT
/*
 * The kernel half of all address spaces:
 *
 *	CRTOS_LINK_BASE	the image: text read-only, the rest not executable
 *	PHYSMAP_BASE	donated memory behind the image, in large pages
 *	KMAP_BASE	shared pages and devices, each with a page left free behind it
 *	KSTACK_BASE	kernel stacks, each with unmapped pages below it
 */
#include <crtos/boot.h>

#include "core.h"
#include "cpu.h"
#include "kstring.h"
#include "log.h"
#include "page.h"
#include "paging.h"
#include "vm.h"

#define KMAP_PAGES	4096
#define KSTACK_BASE	(KMAP_BASE + (1ull << 38))
#define KSTACK_STRIDE	(4 * PAGE_SIZE)
#define KSTACKS		(CRTOS_PROCS * CRTOS_SCF_SLOTS + 64)

#define KERNEL_TABLE	(PTE_PRESENT | PTE_WRITE)
#define KERNEL_DATA	(PTE_PRESENT | PTE_WRITE | PTE_GLOBAL | PTE_NX)

/* rtos.lds */
extern const char image_start[], text_end[], rodata_end[], image_end[];

u64 kernel_root;

static u64 mem_phys;		/* of the donated memory */

/* The tables needed before there are frames: image 4, physmap 1 + 64, kmap 1. */
static u64 early_tables[72][512] __attribute__((aligned(4096)));
static unsigned int early_used;

static u64 kmap_used[KMAP_PAGES / 64];
static u64 kstack_used[(KSTACKS + 63) / 64];

u64 image_phys(const void *p)
{
	return mem_phys + ((u64)p - CRTOS_LINK_BASE);
}

void *phys_to_virt(u64 phys)
{
	return (void *)(PHYSMAP_BASE + (phys - mem_phys));
}

u64 virt_to_phys(const void *p)
{
	return (u64)p - PHYSMAP_BASE + mem_phys;
}

static u64 *early_table(u64 *link)
{
	u64 *table;

	if (*link)
		return (u64 *)((*link & PTE_FRAME) - mem_phys + CRTOS_LINK_BASE);
	BUG_ON(early_used == ARRAY_SIZE(early_tables));
	table = early_tables[early_used++];
	*link = image_phys(table) | KERNEL_TABLE;
	return table;
}

/* level 1: 4 KiB pages, 2: 2 MiB pages. */
static void early_map(u64 *pml4, u64 addr, u64 phys, u64 flags, int level)
{
	u64 *table = early_table(&pml4[addr >> 39 & 511]);

	table = early_table(&table[addr >> 30 & 511]);
	if (level == 1)
		table = early_table(&table[addr >> 21 & 511]);
	table[addr >> (level == 1 ? 12 : 21) & 511] = phys | flags;
}

static void map_image(u64 *pml4)
{
	for (const char *p = image_start; p < image_end; p += PAGE_SIZE) {
		u64 flags = PTE_PRESENT | PTE_GLOBAL;

		if (p >= text_end)
			flags |= PTE_NX;
		if (p >= rodata_end)
			flags |= PTE_WRITE;
		early_map(pml4, (u64)p, image_phys(p), flags, 1);
	}
}

void kmap_init(void)
{
	u64 *pml4 = early_tables[early_used++];

	mem_phys = boot->mem_phys;
	BUG_ON(mem_phys % LARGE_PAGE || boot->mem_size % LARGE_PAGE ||
	       boot->mem_size > CRTOS_MEM_MAX);
	map_image(pml4);
	/* Not the image: its text would have a writable alias. */
	for (u64 at = CRTOS_IMAGE_MAX; at < boot->mem_size; at += LARGE_PAGE)
		early_map(pml4, PHYSMAP_BASE + at, mem_phys + at, KERNEL_DATA | PTE_LARGE, 2);
	early_table(&pml4[KMAP_BASE >> 39 & 511]);
	kernel_root = image_phys(pml4);
	write_cr3(kernel_root);
}

/* For kernel addresses that are in no table of the image. */
static bool map_page(u64 addr, u64 phys, u64 flags)
{
	u64 *pte = paging_entry(kernel_root, addr, KERNEL_TABLE, NULL);

	if (!pte)
		return false;
	BUG_ON(*pte);
	WRITE_ONCE(*pte, phys | flags);
	return true;
}

/* The frame that was mapped, or 0. */
static u64 unmap_page(u64 addr)
{
	u64 *pte = paging_entry(kernel_root, addr, 0, NULL);
	u64 old;

	if (!pte || !*pte)
		return 0;
	old = *pte;
	WRITE_ONCE(*pte, 0);
	invlpg(addr);
	return old & PTE_FRAME;
}

/* --- shared pages and devices ------------------------------------------------------------------- */

static bool used(const u64 *bits, u64 n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* First of `pages` free ones followed by another; KMAP_PAGES: there are none. */
static u64 find_pages(u64 pages)
{
	u64 run = 0;

	for (u64 n = 0; n < KMAP_PAGES; n++) {
		run = used(kmap_used, n) ? 0 : run + 1;
		if (run == pages + 1)
			return n - pages;
	}
	return KMAP_PAGES;
}

static void unmap_pages(u64 first, u64 pages)
{
	for (u64 n = first; n < first + pages; n++) {
		unmap_page(KMAP_BASE + n * PAGE_SIZE);
		kmap_used[n / 64] &= ~(1ull << n % 64);
	}
}

static void *map_pages(u64 phys, u64 bytes, u64 flags)
{
	u64 offset = phys % PAGE_SIZE, pages = ALIGN_UP(offset + bytes, PAGE_SIZE) / PAGE_SIZE;
	u64 first = find_pages(pages);

	if (first == KMAP_PAGES)
		return NULL;
	phys -= offset;
	for (u64 i = 0; i < pages; i++) {
		u64 n = first + i;

		if (!map_page(KMAP_BASE + n * PAGE_SIZE, phys + i * PAGE_SIZE, flags)) {
			unmap_pages(first, i);
			return NULL;
		}
		kmap_used[n / 64] |= 1ull << n % 64;
	}
	return (void *)(KMAP_BASE + first * PAGE_SIZE + offset);
}

void *kmap_shared(u64 phys, u64 bytes)
{
	return map_pages(phys, bytes, KERNEL_DATA);
}

void kunmap_shared(void *p, u64 bytes)
{
	u64 at = (u64)p - KMAP_BASE;

	unmap_pages(at / PAGE_SIZE, ALIGN_UP(at % PAGE_SIZE + bytes, PAGE_SIZE) / PAGE_SIZE);
}

void *vm_map_device(u64 phys)
{
	return map_pages(phys, PAGE_SIZE, KERNEL_DATA | PTE_PCD | PTE_PWT);
}

/* --- kernel stacks ------------------------------------------------------------------------------ */

static bool kstack_fill(u64 top)
{
	for (u64 addr = top - KSTACK_BYTES; addr < top; addr += PAGE_SIZE) {
		u64 frame = page_alloc();

		if (!frame)
			return false;
		if (!map_page(addr, frame, KERNEL_DATA)) {
			page_free(frame);
			return false;
		}
	}
	return true;
}

u64 kstack_alloc(void)
{
	u64 n = 0, top;

	while (n < KSTACKS && used(kstack_used, n))
		n++;
	if (n == KSTACKS)
		return 0;
	top = KSTACK_BASE + (n + 1) * KSTACK_STRIDE;
	kstack_used[n / 64] |= 1ull << n % 64;
	if (kstack_fill(top))
		return top;
	kstack_free(top);
	return 0;
}

void kstack_free(u64 top)
{
	u64 n = (top - KSTACK_BASE) / KSTACK_STRIDE - 1;

	for (u64 addr = top - KSTACK_BYTES; addr < top; addr += PAGE_SIZE) {
		u64 frame = unmap_page(addr);

		if (frame)
			page_free(frame);
	}
	kstack_used[n / 64] &= ~(1ull << n % 64);
}

bool kstack_guard(u64 addr)
{
	u64 offset = addr - KSTACK_BASE;

	return offset < KSTACKS * KSTACK_STRIDE &&
	       offset % KSTACK_STRIDE < KSTACK_STRIDE - KSTACK_BYTES;
}
