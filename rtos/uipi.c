// SPDX-License-Identifier: MIT
#include <crtos/boot.h>
#include <crtos/scf.h>

#include "core.h"
#include "cpu.h"
#include "log.h"
#include "page.h"
#include "uipi.h"
#include "vm.h"

static struct crtos_upid *upids;
static const struct crtos_uitt_entry *in_use;

/*
 * UINV is 0, so no interrupt is ever taken as a notification here; what an earlier user of the CPU left
 * in the registers goes.
 */
void uipi_init(void)
{
	if (boot->upid_count) {
		upids = kmap_shared(boot->upid_phys, boot->upid_count * sizeof(*upids));
		BUG_ON(!upids);
	}
	if (!cpu.uintr) {
		log_print("uipi: the CPU has no user interrupts");
		return;
	}
	wrmsr(CRTOS_MSR_UINTR_TT, 0);
	wrmsr(CRTOS_MSR_UINTR_RR, 0);
	wrmsr(CRTOS_MSR_UINTR_HANDLER, 0);
	wrmsr(CRTOS_MSR_UINTR_PD, 0);
	wrmsr(CRTOS_MSR_UINTR_MISC, CRTOS_SCF_SLOTS - 1);
}

struct crtos_uitt_entry *uipi_table_create(void)
{
	return kalloc(CRTOS_SCF_SLOTS * sizeof(struct crtos_uitt_entry));
}

void uipi_table_free(struct crtos_uitt_entry *table)
{
	if (table && table == in_use)
		uipi_table_use(NULL);
	kfree(table);
}

bool uipi_table_set(struct crtos_uitt_entry *table, unsigned int slot, unsigned int index)
{
	BUG_ON(slot >= CRTOS_SCF_SLOTS);
	if (index >= boot->upid_count)
		return false;
	table[slot].upid = (u64)&upids[index];
	WRITE_ONCE(table[slot].target, CRTOS_UITT_VALID | CRTOS_SCF_VECTOR << CRTOS_UITT_UV_SHIFT);
	return true;
}

void uipi_table_use(const struct crtos_uitt_entry *table)
{
	if (table == in_use || !cpu.uintr)
		return;
	in_use = table;
	wrmsr(CRTOS_MSR_UINTR_TT, table ? (u64)table | CRTOS_TT_ENABLE : 0);
}

u64 uipi_take(unsigned int index)
{
	struct crtos_upid *upid = &upids[index];

	if (index >= boot->upid_count)
		return 0;
	__atomic_and_fetch(&upid->control, ~CRTOS_UPID_ON, __ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&upid->pir, 0, __ATOMIC_SEQ_CST);
}

void uipi_mute(unsigned int index)
{
	if (index < boot->upid_count)
		__atomic_or_fetch(&upids[index].control, CRTOS_UPID_SN, __ATOMIC_SEQ_CST);
}
