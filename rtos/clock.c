// SPDX-License-Identifier: MIT
/* Time from the TSC. Products have 128 bits, so that neither uptime nor precision has a bound to mind. */
#include <crtos/boot.h>

#include "apic.h"
#include "core.h"
#include "cpu.h"
#include "timer.h"

#define NS_SHIFT	44		/* 10^6 << 44 is just below 2^64 */
#define TSC_SHIFT	40
#define SEQ_TRIES	1000
#define EVENT_MAX_NS	(1ull << 50)	/* 13 days: what is later is set again then */

static u64 ns_per_tsc;			/* << NS_SHIFT */
static u64 tsc_per_ns;			/* << TSC_SHIFT */
static u64 last;

/* The newest pair of values that the module published. */
static u64 real_tsc, real_ns;

u64 clock_tsc_to_ns(u64 tsc)
{
	return (unsigned __int128)tsc * ns_per_tsc >> NS_SHIFT;
}

static u64 ns_to_tsc(u64 ns)
{
	return (unsigned __int128)ns * tsc_per_ns >> TSC_SHIFT;
}

/* From `then`, which may be slightly ahead if another core's TSC was read. */
static u64 ns_since(u64 then)
{
	s64 ticks = rdtsc() - then;

	return ticks > 0 ? clock_tsc_to_ns(ticks) : 0;
}

void time_init(void)
{
	ns_per_tsc = (1000000ull << NS_SHIFT) / boot->tsc_khz;
	tsc_per_ns = (boot->tsc_khz << TSC_SHIFT) / 1000000;
	real_tsc = boot->tsc;
	real_ns = boot->realtime_ns;
	last = 0;
	apic_timer_init(boot->tsc_khz);
}

u64 time_monotonic(void)
{
	u64 now;

	if (!ns_per_tsc)
		return 0;
	now = boot->monotonic_ns + ns_since(boot->tsc);
	if (now > last)
		last = now;
	return last;
}

/*
 * The module writes time_seq odd, the values, time_seq even; its write barriers pair with the acquires. If
 * it died in between, the last good values go on.
 */
static void read_real_time(void)
{
	for (int i = 0; i < SEQ_TRIES; i++) {
		u32 seq = load_acquire(&control->time_seq);
		u64 tsc, ns;

		if (!seq)
			return;
		tsc = READ_ONCE(control->time_tsc);
		ns = READ_ONCE(control->time_realtime_ns);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(seq & 1) && READ_ONCE(control->time_seq) == seq) {
			real_tsc = tsc;
			real_ns = ns;
			return;
		}
		cpu_pause();
	}
}

u64 time_realtime(void)
{
	read_real_time();
	return real_ns + ns_since(real_tsc);
}

/* The TSC is read first: an interrupt that is early by what passes in between finds the timer due anyway. */
u64 clock_set_event(u64 expires)
{
	u64 tsc = rdtsc(), now = time_monotonic();

	if (expires <= now) {
		apic_timer_set(tsc);
		return now;
	}
	apic_timer_set(tsc + ns_to_tsc(min(expires - now, EVENT_MAX_NS)) + 1);
	return expires;
}
