// SPDX-License-Identifier: MIT
/* cpus: 2 */
/* Request and answer between two CPUs at CPL 3, and with the receiver in kernel mode or with UIF = 0. */
#include "uintr.h"

/* On a host with fewer free CPUs than two a spinning round takes time slices. */
#define SPIN_ROUNDS	200
#define HALT_ROUNDS	10000
#define KERNEL_ROUNDS	500
#define SN_ROUNDS	100
#define LOST_MS		60000
#define INT_HALT	0x81

#define REQUEST		0	/* entry of the UITT and vector: to CPU 1 */
#define ANSWER		1	/* to CPU 0 */

static volatile u32 requests, answers;
static volatile bool ready, halting, stop;

/* A wait which an event ends, or LOST_MS: then something got lost. */
static bool lost(u64 since)
{
	pause();
	return clock_ms() - since > LOST_MS;
}

/* INT_HALT at CPL 3, with UIF = 0: sleep until a notification, unless one has come already. */
static void halt(struct regs *regs)
{
	(void)regs;
	if (!rdmsr(MSR_UINTR_RR))
		asm volatile("sti; hlt; cli" : : : "memory");
}

/*
 * At CPL 3, until a user interrupt has changed *count from @old. The look at it is with UIF = 0: one that
 * comes between the look and HLT is in UIRR then, where halt() sees it.
 */
static void wait_change(volatile u32 *count, u32 old)
{
	if (!halting) {
		pause();
		return;
	}
	clui();
	if (*count == old)
		asm volatile("int %0" : : "i"(INT_HALT) : "memory");
	stui();
}

static void hook(struct uintr_frame *frame)
{
	if (frame->vector == REQUEST) {
		requests++;
		senduipi(ANSWER);
	} else {
		answers++;
	}
}

static void do_answer(u64 arg)
{
	u32 seen;

	(void)arg;
	stui();
	ready = true;
	/* A request follows @stop: whoever misses the one sees the other. */
	while (seen = requests, !stop)
		wait_change(&requests, seen);
	clui();
}

static void answerer(u64 arg)
{
	struct guard g = { .rflags = RFLAGS_IF };

	(void)arg;
	uintr_receiver(1);
	run_guarded(&g, MODE_USER, do_answer, 0);
}

static bool wait_answers(u32 n)
{
	u64 start = clock_ms();

	while (answers < n) {
		if (lost(start))
			return false;
		wait_change(&answers, n - 1);
	}
	return true;
}

static void do_ask(u64 rounds)
{
	u32 i;

	stui();
	for (i = 1; i <= rounds; i++) {
		senduipi(REQUEST);
		if (!wait_answers(i))
			break;
	}
	clui();
}

static void run_if(code_fn fn, u64 arg)
{
	last = (struct guard){ .rflags = RFLAGS_IF };
	run_guarded(&last, MODE_USER, fn, arg);
}

/* The answer is awaited at CPL 0 until it shows in UIRR, then delivered at CPL 3. */
static u32 ask_from_kernel(void)
{
	u32 i;

	answers = 0;
	clui();
	for (i = 0; i < KERNEL_ROUNDS; i++) {
		u64 start = clock_ms();

		senduipi(REQUEST);
		while (!rdmsr(MSR_UINTR_RR)) {
			if (lost(start))
				return i;
			asm volatile("sti; hlt; cli" : : : "memory");
		}
		if (answers != i)
			return i;
		stui();
		run(MODE_USER, do_nothing, 0);
		clui();
		if (answers != i + 1)
			return i;
	}
	return i;
}

static volatile u32 masked_early;

/* The answer is awaited with UIF = 0 until the UPID shows that it was taken, then let in. */
static void do_ask_masked(u64 rounds)
{
	u32 i;

	masked_early = 0;
	for (i = 0; i < rounds; i++) {
		u64 start = clock_ms();
		u32 asked = requests;

		clui();
		senduipi(REQUEST);
		while (requests == asked)
			if (lost(start))
				return;
		masked_early += answers != i;
		stui();
		if (!wait_answers(i + 1))
			return;
	}
	clui();
}

/* With SN set nothing comes; with SN cleared, PIR is looked at and a self-IPI brings it in. */
static u32 ask_suppressed(void)
{
	u32 i;

	answers = 0;
	for (i = 0; i < SN_ROUNDS; i++) {
		u64 start = clock_ms();

		asm volatile("lock orb %1, %0" : "+m"(upid[0].status) : "i"(UPID_SN) : "memory");
		senduipi(REQUEST);
		while (!upid[0].pir)
			if (lost(start))
				return i;
		if (upid[0].status != UPID_SN || apic_bit(APIC_IRR, UINV))
			return i;
		asm volatile("lock andb %1, %0"
			     : "+m"(upid[0].status)
			     : "i"((u8)~UPID_SN)
			     : "memory");
		if (upid[0].pir)
			apic_self_ipi(UINV);
		stui();
		run_if(do_nothing, 0);
		clui();
		if (answers != i + 1)
			return i;
	}
	return i;
}

static void check_rounds(u32 rounds, const char *how)
{
	requests = 0;
	answers = 0;
	run_if(do_ask, rounds);
	ok(last.vector == VEC_EXIT && answers == rounds && requests == rounds,
	   "%d rounds, %s: %d requests and %d answers", rounds, how, requests, answers);
}

void test_main(void)
{
	u64 start;
	u32 rounds;

	need_uintr();
	row("SMP-PINGPONG");
	need_cpus(2);
	uintr_setup();
	uintr_hook = hook;
	irq_handler[INT_HALT] = halt;
	open_to_user(INT_HALT);
	uitt[REQUEST].upid = (u64)&upid[1];
	upid[1].ndst = ndst(cpu_apic_id[1]);
	start_on_cpu(1, answerer, 0);
	start = clock_ms();
	while (!ready)
		if (lost(start))
			die("CPU 1 does not come");

	check_rounds(SPIN_ROUNDS, "spinning");
	halting = true;
	check_rounds(HALT_ROUNDS, "halting");
	ok(upid[0].pir == 0 && upid[0].status == 0 && upid[1].pir == 0 && upid[1].status == 0 &&
		   rdmsr(MSR_UINTR_RR) == 0,
	   "nothing is left over");

	row("SMP-KERNEL");
	rounds = ask_from_kernel();
	ok(rounds == KERNEL_ROUNDS, "%d of %d answers arrived at CPL 0, delivered at CPL 3", rounds,
	   KERNEL_ROUNDS);
	answers = 0;
	run_if(do_ask_masked, KERNEL_ROUNDS);
	ok(last.vector == VEC_EXIT && answers == KERNEL_ROUNDS && !masked_early,
	   "%d of %d answers after UIF = 0, %d during it", answers, KERNEL_ROUNDS, masked_early);

	row("SMP-SN");
	rounds = ask_suppressed();
	ok(rounds == SN_ROUNDS, "%d of %d suppressed answers taken from PIR", rounds, SN_ROUNDS);
	stop = true;
	senduipi(REQUEST);
	wait_for_cpu(1);
}
