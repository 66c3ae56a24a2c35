// SPDX-License-Identifier: MIT
/* cpus: 2 */
/* User interrupts end UMWAIT and TPAUSE. */
#include "uintr.h"

#define DEADLINE_MS	10000
#define SOON_MS		(DEADLINE_MS / 2)

static volatile bool waiting;
static volatile u8 line[64] __attribute__((aligned(64)));

/* CPU 1: sends once CPU 0 is about to wait. */
static void sender(u64 arg)
{
	(void)arg;
	uintr_receiver(1);
	while (!waiting)
		pause();
	delay_ms(1);
	senduipi(3);
}

/* A time limit of the CPU's (IA32_UMWAIT_CONTROL) may end the wait early: then it is repeated. */
static void do_umwait(u64 arg)
{
	u64 deadline = tsc_after_ms(DEADLINE_MS);

	(void)arg;
	stui();
	waiting = true;
	while (!uintr_log.count && rdtsc() < deadline)
		asm volatile("umonitor %0; umwait %%ecx"
			     :
			     : "r"(line), "c"(0), "a"((u32)deadline), "d"((u32)(deadline >> 32))
			     : "cc", "memory");
	clui();
}

static void do_tpause(u64 arg)
{
	u64 deadline = tsc_after_ms(DEADLINE_MS);

	(void)arg;
	stui();
	waiting = true;
	while (!uintr_log.count && rdtsc() < deadline)
		asm volatile("tpause %%ecx"
			     :
			     : "c"(0), "a"((u32)deadline), "d"((u32)(deadline >> 32))
			     : "cc", "memory");
	clui();
}

static void check(code_fn fn, const char *name)
{
	u64 start;

	uintr_setup();
	waiting = false;
	start_on_cpu(1, sender, 0);
	start = clock_ms();
	last = (struct guard){ .rflags = RFLAGS_IF };
	run_guarded(&last, MODE_USER, fn, 0);
	ok(last.vector == VEC_EXIT && uintr_log.count == 1 && clock_ms() - start < SOON_MS,
	   "%s ends (trap %d, count %d, after %lu ms)", name, last.vector, uintr_log.count,
	   clock_ms() - start);
	wait_for_cpu(1);
}

void test_main(void)
{
	need_uintr();
	row("DELIV-WAIT");
	if (!(cpuid(7, 0).ecx >> 5 & 1)) {
		skip("no UMWAIT and TPAUSE in this CPU");
		return;
	}
	need_cpus(2);
	check(do_umwait, "UMWAIT");
	check(do_tpause, "TPAUSE");
}
