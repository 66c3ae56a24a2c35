// SPDX-License-Identifier: MIT
/* sources: shadowd/signals.c shadowd/service.c shadowd/care.c shadowd/entry.S */
/* cflags: -Ishadowd -Ilibcrtos */
/*
 * A call that the RTOS wants to be interrupted: the signal that tells the shadow comes before each of the instructions
 * that lead to the system call. None of these moments may be one at which it is lost.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core.h"
#include "shadow.h"
#include "signals.h"

#define SEQ 7
#define STEPS_MAX 200

struct shadow shadow = { .dev = -1, .notifier = CRTOS_NOTIFIER_POLL };
__thread struct shadow_thread *shadow_self;

static _Alignas(4096) char memory[CRTOS_SCF_SIZE];
static struct shadow_thread thread;

void core_join(void)
{
}

void shadow_check_state(void)
{
}

_Noreturn void shadow_protocol_error(void)
{
	_exit(99);
}

long shadow_operation(struct shadow_thread *caller, const struct crtos_scf_call *call)
{
	(void)caller;
	(void)call;
	return 0;
}

static void prepare(void)
{
	struct crtos_args args;

	thread.port.slot = crtos_scf_slot((struct crtos_scf_header *)memory, 0);
	thread.port.slot->request.seq = thread.port.seq = SEQ;
	shadow_self = &thread;
	shadow_signals_init(&args);
}

/* As the module signals: not from a user. */
static void signal_from_module(pid_t pid)
{
	siginfo_t info = { .si_signo = CRTOS_SIGNAL, .si_code = SI_QUEUE };

	syscall(SYS_rt_sigqueueinfo, pid, CRTOS_SIGNAL, &info);
}

enum { ENDED, NOT_BEGUN, GOT_ANYTHING_ELSE };

/* A call that would last for ever but for the interruption. */
static _Noreturn void call_for_ever(void)
{
	const struct crtos_scf_call call = { .nr = SYS_pause };
	long ret;

	prepare();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	ret = shadow_syscall(&call, &thread.port.slot->request.interrupt, SEQ);
	_exit(ret == -EINTR ? ENDED : ret == -CRTOS_SCF_NOT_BEGUN ? NOT_BEGUN : GOT_ANYTHING_ELSE);
}

static int in_call(pid_t pid)
{
	struct user_regs_struct regs;

	assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	return regs.rip >= (uintptr_t)shadow_syscall && regs.rip < (uintptr_t)shadow_syscall + 96;
}

/* The child's word, by the same address. */
static void ask(pid_t pid)
{
	uint32_t *word = &crtos_scf_slot((struct crtos_scf_header *)memory, 0)->request.interrupt;
	long text = ptrace(PTRACE_PEEKDATA, pid, word, NULL);

	ptrace(PTRACE_POKEDATA, pid, word, (text & ~0xffffffffl) | SEQ);
}

/* Steps into the call, `steps` instructions of it, then asks. 0: there were not so many before it blocked. */
static int interrupted_after(unsigned int steps)
{
	unsigned int i = 0;
	pid_t pid = fork();
	int status;

	if (!pid)
		call_for_ever();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	while (!in_call(pid)) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	for (; i < steps && in_call(pid); i++) {
		struct user_regs_struct regs;
		long text;

		assert_int_equal(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
		text = ptrace(PTRACE_PEEKTEXT, pid, regs.rip, NULL);
		/* The system call itself would not come back. */
		if ((text & 0xffff) == 0x050f)
			break;
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	ask(pid);
	signal_from_module(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	alarm(10);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	alarm(0);
	assert_int_equal(WEXITSTATUS(status), NOT_BEGUN);
	return i == steps;
}

static void test_every_instruction(void **state)
{
	unsigned int steps = 0;

	(void)state;
	while (interrupted_after(steps) && steps < STEPS_MAX)
		steps++;
	/* The registers, the look and the jump. */
	assert_in_range(steps, 10, STEPS_MAX - 1);
}

static void test_blocked_in_the_call(void **state)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid)
		call_for_ever();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ask(pid);
	/* What is asked for before the call is seen without a signal. */
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), NOT_BEGUN);

	pid = fork();
	if (!pid)
		call_for_ever();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	nanosleep(&pause, NULL);
	signal_from_module(pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Another call's number: this one is left alone. */
static void test_another_call(void **state)
{
	const struct crtos_scf_call call = { .nr = SYS_getppid };
	const uint32_t other = SEQ - 1;

	(void)state;
	assert_int_equal(shadow_syscall(&call, &other, SEQ), getppid());
	assert_int_equal(shadow_syscall(&call, &other, SEQ - 1), -CRTOS_SCF_NOT_BEGUN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_instruction),
		cmocka_unit_test(test_blocked_in_the_call),
		cmocka_unit_test(test_another_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
