// SPDX-License-Identifier: MIT
/* cpus: 4 */
/*
 * Four CPUs send to each other and to themselves at CPL 3, with notifications arriving at CPL 0 and with
 * UIF = 0 in between. A user vector is a channel: it tells receiver, sender and a number. Each counter has
 * one CPU that writes it.
 */
#include "uintr.h"

#define CPUS		4
#define CHANNELS	64
#define BURST		4
#define LOST_MS		60000
#define INT_PAUSE	0x81	/* to CPL 0 and back, with interrupts on in between */

/* Sends of each CPU; the emulator with one thread is slower at it. */
#define EXACT_SENDS	100000
#define BURST_SENDS	40000

static struct account {
	volatile u32 sent, got;		/* by the sender, by the receiver */
	u8 pad[56];
} account[CHANNELS] __attribute__((aligned(64)));

static volatile u32 astray[CPUS];
static volatile u32 looks[CPUS], silent[CPUS];
static volatile bool coalescing, hang;
static volatile u32 done;
static struct guard guards[CPUS];

static int receiver(u64 v)
{
	return v >> 4;
}

static volatile u32 deliveries[CHANNELS];

/* Counts deliveries, or of a burst notes which send was the last. */
static void hook(struct uintr_frame *frame)
{
	u64 v = frame->vector;

	if (receiver(v) != cpu_number())
		astray[cpu_number()]++;
	deliveries[v]++;
	if (coalescing)
		account[v].got = account[v].sent;
	else
		account[v].got++;
}

/* Channel @i of 16 which this CPU sends on. */
static u64 channel(int cpu, u32 i)
{
	return (i & 3) << 4 | (u64)cpu << 2 | (i >> 2 & 3);
}

static bool idle(u64 v)
{
	return account[v].got == account[v].sent;
}

static void disturb(u32 i)
{
	if (i % 8 == 0 || coalescing)
		asm volatile("int %0" : : "i"(INT_PAUSE) : "memory");
	if (i % 64 == 32) {
		clui();
		for (i = 0; i < 50; i++)
			pause();
		stui();
	}
}

/* One send, or a burst, on the next idle channel from *@at on; false if there is none for LOST_MS. */
static bool send_next(int cpu, u32 *at, u32 burst)
{
	u64 start = clock_ms();
	u64 v;
	u32 i;

	for (i = 0;; i++) {
		v = channel(cpu, ++*at);
		if (idle(v))
			break;
		if (i % 16 == 15)
			pause();
		if (hang || (i % 1024 == 1023 && clock_ms() - start > LOST_MS))
			return false;
	}
	for (i = 0; i < burst; i++) {
		account[v].sent++;
		senduipi(v);
	}
	return true;
}

static bool all_arrived(int cpu)
{
	u32 i;

	for (i = 0; i < 16; i++)
		if (!idle(channel(cpu, i)))
			return false;
	return true;
}

/* At CPL 3; stays open to the others' sends until all have arrived. */
static void do_hammer(u64 sends)
{
	u32 burst = coalescing ? BURST : 1;
	int cpu = cpu_number();
	u64 start;
	u32 i, at = cpu * 5;

	stui();
	for (i = 0; i < sends / burst && !hang; i++) {
		if (!send_next(cpu, &at, burst))
			hang = true;
		disturb(i);
	}
	for (start = clock_ms(); !all_arrived(cpu) && !hang; pause())
		if (clock_ms() - start > LOST_MS)
			hang = true;
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	while (done < CPUS)
		pause();
	clui();
}

static void hammer(u64 sends)
{
	int cpu = cpu_number();

	uintr_receiver(cpu);
	clui();
	guards[cpu] = (struct guard){ .rflags = RFLAGS_IF };
	run_guarded(&guards[cpu], MODE_USER, do_hammer, sends);
}

/*
 * With IF = 0 here, only senders change this CPU's UPID, ON and PIR at once: a vector with ON = 0 is one
 * that nobody will tell of.
 */
static void kernel_pause(struct regs *regs)
{
	int cpu = cpu_number();
	int i;

	(void)regs;
	if (upid[cpu].pir && !(upid[cpu].status & UPID_ON))
		silent[cpu]++;
	if (looks[cpu]++ % 8)
		return;
	sti();
	for (i = 0; i < 50; i++)
		pause();
	cli();
}

static void setup(void)
{
	int i;

	uintr_setup();
	uintr_hook = hook;
	irq_handler[INT_PAUSE] = kernel_pause;
	open_to_user(INT_PAUSE);
	for (i = 0; i < CHANNELS; i++) {
		account[i].sent = 0;
		account[i].got = 0;
		deliveries[i] = 0;
		uitt[i].upid = (u64)&upid[receiver(i)];
	}
	for (i = 0; i < CPUS; i++) {
		upid[i].ndst = ndst(cpu_apic_id[i]);
		astray[i] = 0;
		silent[i] = 0;
		looks[i] = 0;
	}
	done = 0;
	hang = false;
}

static void run_all(u64 sends)
{
	int cpu;

	setup();
	for (cpu = 1; cpu < CPUS; cpu++)
		start_on_cpu(cpu, hammer, sends);
	hammer(sends);
	for (cpu = 1; cpu < CPUS; cpu++)
		wait_for_cpu(cpu);
}

static bool all_exited(void)
{
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (guards[cpu].vector != VEC_EXIT)
			return false;
	return true;
}

static bool nothing_left(void)
{
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (upid[cpu].pir || upid[cpu].status)
			return false;
	return true;
}

static void report(u64 sends)
{
	u64 sent = 0, lost = 0, doubled = 0, delivered = 0;
	int i, unused = 0;

	for (i = 0; i < CHANNELS; i++) {
		u32 s = account[i].sent, got = account[i].got;

		sent += s;
		delivered += deliveries[i];
		unused += !s;
		lost += got < s ? s - got : 0;
		doubled += got > s ? got - s : 0;
		if (coalescing && deliveries[i] > s)
			doubled += deliveries[i] - s;
	}
	row(coalescing ? "SMP-COALESCE SEND-COALESCE SEND-ATOMIC" : "SMP-EXACT SEND-ATOMIC");
	ok(!hang && all_exited() && sent == CPUS * sends && !unused, "%lu sends on %d channels",
	   sent, CHANNELS - unused);
	ok(!lost, "%lu lost", lost);
	ok(!doubled, "%lu doubled (%lu delivered)", doubled, delivered);
	ok(!astray[0] && !astray[1] && !astray[2] && !astray[3],
	   "delivered to the wrong CPU: %d, %d, %d, %d", astray[0], astray[1], astray[2],
	   astray[3]);
	ok(nothing_left(), "no UPID has ON or PIR left");
	row("SMP-WINDOW SEND-ATOMIC");
	ok(!silent[0] && !silent[1] && !silent[2] && !silent[3],
	   "vectors left in PIR with ON = 0 at %d looks: %d, %d, %d, %d", looks[0], silent[0],
	   silent[1], silent[2], silent[3]);
}

void test_main(void)
{
	need_uintr();
	row("SMP-EXACT SMP-COALESCE SMP-WINDOW SEND-ATOMIC");
	need_cpus(CPUS);
	run_all(EXACT_SENDS);
	report(EXACT_SENDS);
	if (!hang) {
		coalescing = true;
		run_all(BURST_SENDS);
		report(BURST_SENDS);
	}
}
