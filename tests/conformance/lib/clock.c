// SPDX-License-Identifier: MIT
/* Time by the TSC, whose rate the PIT tells. */
#include "lib.h"

#define PIT_HZ		1193182
#define PIT_CHANNEL2	0x42
#define PIT_COMMAND	0x43
#define PORT_B		0x61
#define GATE2		1
#define SPEAKER		2
#define OUT2		0x20
#define CALIBRATION_MS	10

static u64 tsc_per_ms;

void clock_init(void)
{
	u32 count = PIT_HZ * CALIBRATION_MS / 1000;
	u64 start;

	outb(PORT_B, inb(PORT_B) & ~(GATE2 | SPEAKER));
	outb(PIT_COMMAND, 0xb0);	/* channel 2, both bytes, mode 0 */
	outb(PIT_CHANNEL2, count & 0xff);
	outb(PIT_CHANNEL2, count >> 8);
	outb(PORT_B, inb(PORT_B) | GATE2);
	start = rdtsc();
	while (!(inb(PORT_B) & OUT2))
		pause();
	tsc_per_ms = (rdtsc() - start) / CALIBRATION_MS;
}

u64 clock_ms(void)
{
	return rdtsc() / tsc_per_ms;
}

u64 tsc_after_ms(u32 ms)
{
	return rdtsc() + ms * tsc_per_ms;
}

void delay_ms(u32 ms)
{
	u64 end = tsc_after_ms(ms);

	while (rdtsc() < end)
		pause();
}
