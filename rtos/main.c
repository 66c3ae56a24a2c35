// SPDX-License-Identifier: MIT
#include <crtos/boot.h>

#include "apic.h"
#include "control.h"
#include "core.h"
#include "cpu.h"
#include "log.h"
#include "page.h"
#include "process.h"
#include "scheduler.h"
#include "timer.h"
#include "trap.h"
#include "uipi.h"
#include "vm.h"

const struct crtos_boot *boot;
struct crtos_control *control;

_Noreturn void rtos_main(const struct crtos_boot *from_module);

/* What differs was made for another module: nothing it says can be used, not even to tell it. */
static void check_boot(void)
{
	if (boot->magic != CRTOS_BOOT_MAGIC || boot->version != CRTOS_BOOT_VERSION ||
	    boot->size < sizeof(*boot) || boot->control_offset >= CRTOS_BOOT_WINDOW)
		cpu_halt();
}

/* From the module's window to the linear map. */
static void leave_window(void)
{
	u64 mem_phys = boot->mem_phys, control_offset = boot->control_offset;

	vm_init();
	boot = phys_to_virt(mem_phys + CRTOS_BOOT_OFFSET);
	control = phys_to_virt(mem_phys + control_offset);
}

_Noreturn void rtos_main(const struct crtos_boot *from_module)
{
	boot = from_module;
	check_boot();
	control = (struct crtos_control *)(CRTOS_LINK_BASE + boot->control_offset);
	trap_init();
	cpu_init();
	leave_window();
	log_init(phys_to_virt(boot->mem_phys + boot->log_offset), boot->log_size);
	log_print("crtos " CRTOS_BUILD " on CPU %u: %lu MiB", boot->cpu,
		  (unsigned long)(boot->mem_size >> 20));
	page_init();
	apic_init();
	time_init();
	sched_init();
	uipi_init();
	process_init();

	store_release(&control->rt_state, CRTOS_RT_RUNNING);
	doorbell_linux();
	/* What Linux asked for before it could see that we run. */
	control_interrupt();
	log_print("running: %s, %s, xsave of %u bytes%s", boot->x2apic ? "x2APIC" : "xAPIC",
		  cpu.uintr ? "user interrupts" : "no user interrupts", cpu.xsave_size,
		  cpu.smap ? ", SMAP" : "");
	for (;;)
		sched_switch();
}
