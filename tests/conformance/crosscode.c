// SPDX-License-Identifier: MIT
/* cpus: 4 */
/*
 * One CPU changes an instruction that the others execute all the time, as kernels do that patch themselves:
 * it writes, tells of it, and waits until each of the others has executed a serializing instruction.
 */
#include "lib.h"

#define CPUS		4
#define CHANGES		20000	/* or as many as TIME_MS has room for, where CPUs share one of the host's */
#define TIME_MS		10000
#define LOST_MS		60000

#define CLC		0xf8
#define STC		0xf9

/* Returns its first instruction's carry. A page of its own, of which nothing else is executed. */
extern u8 code[];
asm(".balign 4096\n"
    "code:	clc\n"
    "	sbbl %eax, %eax\n"
    "	ret\n"
    ".balign 4096");

static volatile u32 change;		/* by CPU 0: what it has written is the parity */
static volatile bool done;		/* by CPU 0 */
static struct {
	volatile u32 seen;		/* the change after which it serialized */
	volatile u32 stale;		/* of them followed by the old instruction */
	u8 pad[56];
} cpus[CPUS] __attribute__((aligned(64)));

static u32 carry(void)
{
	u32 (*function)(void) = (void *)code;

	return function() & 1;
}

static void execute(u64 arg)
{
	int cpu = cpu_number();
	u32 seen = 0;

	(void)arg;
	while (!done) {
		u32 now = change;

		carry();
		if (now == seen) {
			pause();
			continue;
		}
		cpuid(0, 0);
		cpus[cpu].stale += carry() != (now & 1);
		cpus[cpu].seen = seen = now;
	}
}

static bool all_seen(u32 n)
{
	int cpu;

	for (cpu = 1; cpu < CPUS; cpu++)
		if (cpus[cpu].seen != n)
			return false;
	return true;
}

static bool wait_for_all(u32 n)
{
	u64 start = clock_ms();

	while (!all_seen(n)) {
		if (clock_ms() - start > LOST_MS)
			return false;
		pause();
	}
	return true;
}

void test_main(void)
{
	volatile u8 *first = code;
	bool seen = true;
	u64 start;
	u32 n;
	int cpu;

	row("CODE-CROSS");
	need_cpus(CPUS);
	for (cpu = 1; cpu < CPUS; cpu++)
		start_on_cpu(cpu, execute, 0);
	start = clock_ms();
	for (n = 0; n < CHANGES && seen && clock_ms() - start < TIME_MS;) {
		n++;
		*first = n & 1 ? STC : CLC;
		change = n;
		seen = wait_for_all(n);
	}
	done = true;
	for (cpu = 1; cpu < CPUS; cpu++)
		wait_for_cpu(cpu);
	ok(seen, "%d changes of an instruction seen by all CPUs", n);
	ok(!cpus[1].stale && !cpus[2].stale && !cpus[3].stale,
	   "the old one executed after it: %d, %d, %d", cpus[1].stale, cpus[2].stale,
	   cpus[3].stale);
}
