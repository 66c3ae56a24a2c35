/* SPDX-License-Identifier: MIT */
/*
 * Threads that really run, on stacks of their own, under the RTOS's scheduler: sched.c, pi.c and the
 * futexes are the real ones. Time is virtual: it passes while a thread computes, and jumps to the next
 * timer when all wait. So a scenario always runs the same, and how long anything took is exact.
 *
 * The C library, and so the sanitizers, have a sched_yield() too: the RTOS gets another name.
 *
 * A thread is a function that calls what a program would: lock(), compute(), snooze()... Included once by a
 * test.
 */
#ifndef RTOS_PI_SIM_H
#define RTOS_PI_SIM_H

#define FAKE_NO_SCHEDULER
#include "rtos_fake.h"

#include <linux/futex.h>
#include <ucontext.h>

#include "../../rtos/futex.h"
#include "../../rtos/pi.h"
#include "../../rtos/scheduler.h"
#include "../../rtos/sys.h"

#define SIM_THREADS	16
#define SIM_STACK	262144
#define SIM_TIMERS	32
#define MS		1000000ull
#define PAGE_OF_WORDS	0x100000ull
#define WORD(n)		(PAGE_OF_WORDS + 16 * (n))
#define TIME_ARG	(PAGE_OF_WORDS + 0x800)
#define NR_FUTEX	202

struct sim_thread {
	struct thread t;
	ucontext_t context;
	void *stack;
	void (*fn)(void);
	bool signal;
	unsigned int handled;
};

static struct sim_thread sim[SIM_THREADS];
static ucontext_t sim_boot;
static struct timer *sim_timer[SIM_TIMERS];
static u64 sim_order;
static char sim_log[256];
static void (*sim_interrupt)(void);	/* at a preemption point, once */
static unsigned int sim_interrupt_after;	/* so many others */

#define T(n) (&sim[n].t)

static struct sim_thread *sim_self(void)
{
	return container_of(current, struct sim_thread, t);
}

/* What happened, a letter each. */
FAKE_UNUSED static void note(char c)
{
	size_t n = strlen(sim_log);

	assert_true(n + 1 < sizeof(sim_log));
	sim_log[n] = c;
	sim_log[n + 1] = 0;
}

/* --- time ------------------------------------------------------------------------------------------- */

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	*timer = (struct timer){ .fn = fn };
}

void timer_stop(struct timer *timer)
{
	int i;

	timer->order = 0;
	for (i = 0; i < SIM_TIMERS; i++) {
		if (sim_timer[i] == timer)
			sim_timer[i] = NULL;
	}
}

void timer_start(struct timer *timer, u64 expires)
{
	int i;

	timer_stop(timer);
	timer->expires = expires;
	timer->order = ++sim_order;
	for (i = 0; i < SIM_TIMERS && sim_timer[i]; i++)
		;
	assert_true(i < SIM_TIMERS);
	sim_timer[i] = timer;
}

static struct timer *sim_next_timer(void)
{
	struct timer *next = NULL;
	int i;

	for (i = 0; i < SIM_TIMERS; i++) {
		struct timer *t = sim_timer[i];

		if (t && (!next || t->expires < next->expires ||
			  (t->expires == next->expires && t->order < next->order)))
			next = t;
	}
	return next;
}

/* The timer interrupt. */
static void sim_expire(void)
{
	struct timer *t;

	while ((t = sim_next_timer()) && t->expires <= fake_now) {
		timer_stop(t);
		t->fn(t);
	}
}

/* --- what thread.c is otherwise ----------------------------------------------------------------------- */

static void sim_sleep_over(struct timer *timer)
{
	thread_wake(container_of(timer, struct thread, sleep), -ETIMEDOUT);
}

static ucontext_t *sim_context(struct thread *t)
{
	if (t == &sched_boot_thread)
		return &sim_boot;
	return &container_of(t, struct sim_thread, t)->context;
}

void thread_switch(struct thread *prev, struct thread *next)
{
	swapcontext(sim_context(prev), sim_context(next));
}

/* The first thread that is still there goes on, in the idle loop of whoever blocked last. */
void thread_idle(void)
{
	struct timer *t = sim_next_timer();

	if (!t)
		fail_msg("all wait for ever; so far: %s", sim_log);
	fake_now = max(fake_now, t->expires);
	sim_expire();
}

void preempt_point(void)
{
	void (*interrupt)(void) = sim_interrupt;

	if (interrupt && !sim_interrupt_after--) {
		sim_interrupt = NULL;
		interrupt();
	}
	while (sched_pending)
		sched_preempt();
}

bool signal_pending(void)
{
	return sim_self()->signal;
}

/* --- what programs do --------------------------------------------------------------------------------- */

static _Noreturn void sim_end(void)
{
	futex_exit();
	assert_true(list_empty(&current->pi_owned));
	assert_null(current->pi_waits);
	list_remove(&current->process_link);
	fake_process->thread_count--;
	current->state = THREAD_DEAD;
	sched_switch();
	abort();
}

/* The end of every entry to the kernel. */
static void sim_leave(void)
{
	while (sched_pending)
		sched_preempt();
	if (current->killed)
		sim_end();
	if (sim_self()->signal) {
		sim_self()->signal = false;
		sim_self()->handled++;
	}
}

static void sim_main(void)
{
	sim_leave();
	sim_self()->fn();
	sim_end();
}

static void spawn(unsigned int n, int policy, int priority, void (*fn)(void))
{
	struct sim_thread *s = &sim[n];
	struct thread *t = &s->t;

	*s = (struct sim_thread){ .fn = fn, .stack = malloc(SIM_STACK) };
	t->state = THREAD_NEW;
	t->policy = policy;
	t->priority = t->effective = priority;
	t->tid = 200 + n;
	t->process = fake_process;
	list_init(&t->run_link);
	list_init(&t->futex_link);
	list_init(&t->pi_link);
	list_init(&t->pi_owned);
	timer_init(&t->sleep, sim_sleep_over);
	list_append(&fake_process->threads, &t->process_link);
	fake_process->thread_count++;
	getcontext(&s->context);
	s->context.uc_stack.ss_sp = s->stack;
	s->context.uc_stack.ss_size = SIM_STACK;
	makecontext(&s->context, sim_main, 0);
	thread_ready(t);
}

/* Until all threads have ended. */
static void run(void)
{
	while (fake_process->thread_count)
		sched_switch();
}

FAKE_UNUSED static void compute(u64 ns)
{
	while (ns) {
		struct timer *t = sim_next_timer();
		u64 step = t && t->expires < fake_now + ns ? t->expires - fake_now : ns;

		fake_now += step;
		ns -= step;
		sim_expire();
		sim_leave();
	}
}

static void snooze(u64 ns)
{
	thread_block(fake_now + ns);
	sim_leave();
}

static s64 futex(u64 addr, u32 op, u32 value, u64 time, u64 addr2, u32 value3)
{
	struct regs regs;
	s64 ret;

	for (;;) {
		regs = (struct regs){
			.rip = 0x1002,
			.error = NR_FUTEX,
			.rdi = addr,
			.rsi = op,
			.rdx = value,
			.r10 = time,
			.r8 = addr2,
			.r9 = value3,
		};
		ret = sys_futex(&regs);
		sim_leave();
		if (regs.rip == 0x1002)
			return ret;
		assert_int_equal(regs.rip, 0x1000);
		assert_int_equal(ret, NR_FUTEX);
	}
}

#define EXPECT(result, ...) assert_int_equal(futex(__VA_ARGS__), result)

/* A moment, as an argument. */
FAKE_UNUSED static u64 at(u64 ns)
{
	copy_to_user(TIME_ARG, &ns, sizeof(ns));
	return TIME_ARG;
}

static u32 word(u64 addr)
{
	u32 value;

	assert_int_equal(get_user32(&value, addr), 0);
	return value;
}

/* As a C library does, until `ns` from now; 0: for ever. */
static s64 lock_for(u64 addr, u64 ns)
{
	u64 time = fake_now + ns;
	u32 seen;

	cmpxchg_user32(addr, 0, current->tid, &seen);
	if (!seen)
		return 0;
	copy_to_user(TIME_ARG, &time, sizeof(time));
	return futex(addr, FUTEX_LOCK_PI2_PRIVATE, 0, ns ? TIME_ARG : 0, 0, 0);
}

FAKE_UNUSED static void lock(u64 addr)
{
	assert_int_equal(lock_for(addr, 0), 0);
	assert_int_equal(word(addr) & FUTEX_TID_MASK, current->tid);
}

FAKE_UNUSED static void unlock(u64 addr)
{
	u32 seen;

	assert_int_equal(word(addr) & FUTEX_TID_MASK, current->tid);
	cmpxchg_user32(addr, current->tid, 0, &seen);
	if (seen != (u32)current->tid)
		assert_int_equal(futex(addr, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0), 0);
}

FAKE_UNUSED static void set_policy(unsigned int n, int policy, int priority)
{
	thread_set_policy(T(n), policy, priority);
	sim_leave();
}

FAKE_UNUSED static void send_signal(unsigned int n)
{
	sim[n].signal = true;
	thread_wake(T(n), -EINTR);
	sim_leave();
}

FAKE_UNUSED static void kill_thread(unsigned int n)
{
	thread_kill(T(n));
	sim_leave();
}

/* --- set-up ------------------------------------------------------------------------------------------- */

int sys_get_timespec(u64 addr, u64 *ns)
{
	return copy_from_user(ns, addr, sizeof(*ns));
}

u64 sys_deadline_after(u64 ns)
{
	return fake_now + ns;
}

u64 sys_deadline_realtime(u64 ns)
{
	u64 now = time_realtime();

	return ns > now ? fake_now + ns - now : 0;
}

static int sim_setup(void **state)
{
	fake_setup(state);
	list_init(&fake_process->threads);
	fake_process->thread_count = 0;
	memset(sim_timer, 0, sizeof(sim_timer));
	sim_log[0] = 0;
	sim_interrupt = NULL;
	sched_init();
	vm_map(&fake_process->mm->vm, PAGE_OF_WORDS, page_alloc(), VM_READ | VM_WRITE);
	return 0;
}

static int sim_teardown(void **state)
{
	int i;

	for (i = 0; i < SIM_THREADS; i++) {
		free(sim[i].stack);
		sim[i].stack = NULL;
		/* Of a test that failed. */
		if (T(i)->futex_link.next)
			list_remove(&T(i)->futex_link);
	}
	vm_destroy(&fake_process->mm->vm);
	fake_teardown(state);
	/* No lock is kept when nobody waits. */
	assert_int_equal(fake_objects, 0);
	return 0;
}

#endif
