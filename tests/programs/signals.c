// SPDX-License-Identifier: MIT
/* Signals of a program to itself, and of its own faults. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "test.h"

static volatile sig_atomic_t seen, seen_code;
static void *volatile seen_addr;
static volatile int on_stack;
static char stack[65536];
static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	seen = sig;
	seen_code = info->si_code;
	seen_addr = info->si_addr;
	on_stack = &here >= stack && &here < stack + sizeof(stack);
}

static void jump(int sig, siginfo_t *info, void *context)
{
	handler(sig, info, context);
	siglongjmp(back, 1);
}

static void skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	handler(sig, info, context);
	uc->uc_mcontext.gregs[REG_RIP] += 2;	/* the length of ud2 */
}

static void set(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &action, NULL);
}

/* What is ERESTARTSYS inside a kernel is a number like any other in a register. */
static void set_rax(int sig, siginfo_t *info, void *context)
{
	handler(sig, info, context);
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -512;
}

static long rax_after_trap(void)
{
	long rax;

	__asm__ volatile("xorl %%eax, %%eax; int3; nop; nop" : "=a"(rax) : : "memory");
	return rax;
}

static void *sleeper(void *arg)
{
	struct timespec ts = { 10, 0 }, left = { 0, 0 };

	*(volatile int *)arg = 1;
	*(volatile int *)arg = nanosleep(&ts, &left) == -1 && errno == EINTR && left.tv_sec ? 2 : 3;
	return NULL;
}

static void *spinner(void *arg)
{
	volatile int *go = arg;
	double x = 1.25, y = 0;

	*go = 1;
	while (*go == 1)
		y = x * 2;
	*go = y == 2.5 ? 2 : 3;
	return NULL;
}

static volatile int *spinning;

static void end_spin(int sig)
{
	volatile double spoil = 77;

	(void)sig;
	spoil *= 3;
	*spinning = 0;
}

int main(void)
{
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct timespec ms10 = { 0, 10000000 };
	struct sigaction action = { .sa_handler = end_spin };
	volatile int state = 0;
	pthread_t thread;
	sigset_t mask;
	double value = 3.5;

	set(SIGUSR1, handler, 0);
	raise(SIGUSR1);
	check(seen == SIGUSR1 && value * 2 == 7.0, "raise");
	set(SIGTRAP, set_rax, 0);
	check(rax_after_trap() == -512, "a register that a handler set");
	seen = 0;
	kill(getpid(), SIGUSR1);
	check(seen == SIGUSR1, "kill of oneself");
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	seen = 0;
	raise(SIGUSR1);
	check(!seen, "blocked");
	sigpending(&mask);
	check(sigismember(&mask, SIGUSR1), "pending");
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	check(seen == SIGUSR1, "delivered when unblocked");

	set(SIGSEGV, jump, 0);
	if (!sigsetjmp(back, 1))
		*(volatile int *)0x1230 = 1;
	check(seen == SIGSEGV && seen_code == SEGV_MAPERR && seen_addr == (void *)0x1230,
	      "fault at %p, code %d", seen_addr, (int)seen_code);
	seen = 0;
	if (!sigsetjmp(back, 1))
		*(volatile int *)0x1230 = 1;
	check(seen == SIGSEGV, "a second time");
	set(SIGILL, skip, 0);
	asm volatile("ud2");
	check(seen == SIGILL, "an instruction skipped by its handler");
	sigaltstack(&alt, NULL);
	set(SIGUSR2, handler, SA_ONSTACK);
	raise(SIGUSR2);
	check(on_stack, "on the alternate stack");

	set(SIGUSR1, handler, 0);
	pthread_create(&thread, NULL, sleeper, (void *)&state);
	while (!state)
		nanosleep(&ms10, NULL);
	nanosleep(&ms10, NULL);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	check(state == 2, "a sleep interrupted");

	state = 0;
	spinning = &state;
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, spinner, (void *)&state);
	while (!state)
		nanosleep(&ms10, NULL);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	check(state == 2, "a computation interrupted");
	return test_end();
}
