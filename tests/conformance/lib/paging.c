// SPDX-License-Identifier: MIT
#include "lib.h"

#define APIC_BASE	0xfee00000ull
#define LARGE_PAGE_SIZE	(PAGE_SIZE * 512)

extern u64 page_directories[4 * 512], page_tables[4 * 512];
extern char supervisor_begin[], supervisor_end[];

volatile u64 *page_entry(const volatile void *addr)
{
	if ((u64)addr / PAGE_SIZE >= ARRAY_SIZE(page_tables))
		die("no 4 KiB page at %lx", (u64)addr);
	asm volatile("invlpg (%0)" : : "r"(addr) : "memory");
	return &page_tables[(u64)addr / PAGE_SIZE];
}

void map_apic(bool present)
{
	volatile u64 *pde = &page_directories[APIC_BASE / LARGE_PAGE_SIZE];

	*pde = (*pde & ~(u64)PTE_P) | (present ? PTE_P : 0);
	asm volatile("invlpg (%0)" : : "r"(APIC_BASE) : "memory");
}

u64 page_rights(const volatile void *addr, u64 rights)
{
	volatile u64 *pte = page_entry(addr);
	u64 old = *pte & (PTE_P | PTE_W | PTE_U);

	*pte = (*pte & ~(u64)(PTE_P | PTE_W | PTE_U)) | rights;
	page_entry(addr);
	return old;
}

void paging_init(void)
{
	char *p;

	for (p = supervisor_begin; p < supervisor_end; p += PAGE_SIZE)
		page_rights(p, PTE_P | PTE_W);
}
