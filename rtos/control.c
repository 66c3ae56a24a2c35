// SPDX-License-Identifier: MIT
#include <crtos/boot.h>

#include "apic.h"
#include "control.h"
#include "core.h"
#include "cpu.h"
#include "log.h"
#include "page.h"
#include "process.h"
#include "uipi.h"

void doorbell_linux(void)
{
	u64 doorbell = READ_ONCE(control->linux_doorbell);

	if (doorbell)
		apic_send(doorbell >> 32, doorbell);
}

static bool process_alive(void)
{
	for (int i = 0; i < CRTOS_PROCS; i++) {
		u32 state = control->proc[i].rt.state;

		if (state == CRTOS_RTPROC_RUNNING || state == CRTOS_RTPROC_ENDED)
			return true;
	}
	return false;
}

/* A request is a level: one that is ignored now is looked at again when the next interrupt comes. */
static void stop_requested(void)
{
	if (process_alive()) {
		log_print("control: a process is alive, the request to stop has to wait");
		return;
	}
	log_print("control: stopped");
	uipi_table_use(NULL);
	apic_stop();
	store_release(&control->rt_state, CRTOS_RT_STOPPED);
	doorbell_linux();
	cpu_halt();
}

/* Pairs with the module's release of the words before its interrupt. */
void control_interrupt(void)
{
	u64 request = load_acquire(&control->request);

	page_reclaim();
	process_control_changed();
	if (request & CRTOS_REQUEST_PANIC)
		panic(NULL, "Linux asked for a panic");
	if (request & CRTOS_REQUEST_STOP)
		stop_requested();
}
