// SPDX-License-Identifier: MIT
/*
 * How the process ends: by the program's wish, by a signal's default action, or because the other side
 * failed. Exit handlers are not run: they are not the program's.
 */

#include <errno.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "raw.h"
#include "shadow.h"

#define GRACE_MS 1000

static int ending;

/*
 * The first caller goes on; the others wait to be ended with the process. Neither a user interrupt nor the
 * module's signal may come on top of it: that caller would wait for the thread it has interrupted.
 */
static void claim_end(void)
{
	const uint64_t mask = 1ull << (CRTOS_SIGNAL - 1);

	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_clui();
	raw_syscall4(__NR_rt_sigprocmask, SIG_BLOCK, (uintptr_t)&mask, 0, sizeof(mask));
	if (!__atomic_exchange_n(&ending, 1, __ATOMIC_ACQ_REL))
		return;
	for (;;)
		raw_syscall3(__NR_pause, 0, 0, 0);
}

static _Noreturn void exit_group(int status)
{
	for (;;)
		raw_syscall3(__NR_exit_group, status, 0, 0);
}

_Noreturn void shadow_exit(int status)
{
	claim_end();
	shadow_print_stats();
	exit_group(status);
}

/* A core would be the shadow's, not the program's. A pipe takes one whatever the limit is. */
static _Noreturn void die(int signal)
{
	/* The kernel's struct sigaction, all zero: SIG_DFL. */
	const uint64_t default_action[4] = { 0 };
	uint64_t mask = 1ull << (signal - 1);
	struct rlimit no_core = { 0, 0 };

	getrlimit(RLIMIT_CORE, &no_core);
	no_core.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &no_core);
	raw_syscall6(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
	raw_syscall4(__NR_rt_sigaction, signal, (uintptr_t)default_action, 0, sizeof(mask));
	raw_syscall4(__NR_rt_sigprocmask, SIG_UNBLOCK, (uintptr_t)&mask, 0, sizeof(mask));
	raw_syscall3(__NR_tgkill, getpid(), gettid(), signal);
	exit_group(128 + signal);
}

_Noreturn void shadow_die(int signal)
{
	claim_end();
	shadow_print_stats();
	die(signal);
}

_Noreturn void shadow_dump(int signal, uint64_t core, uint64_t bytes)
{
	claim_end();
	shadow_print_stats();
	core_end(signal, core, bytes);
	die(signal);
}

static _Noreturn void fail(const char *text)
{
	char line[512];
	int length = snprintf(line, sizeof(line), "crtos: %s: %s\n", shadow.program, text);

	if (length > (int)sizeof(line) - 1)
		length = sizeof(line) - 1;
	raw_syscall3(__NR_write, STDERR_FILENO, (uintptr_t)line, length);
	shadow_print_stats();
	exit_group(EXIT_CRTOS);
}

_Noreturn void shadow_fail(const char *text)
{
	claim_end();
	fail(text);
}

_Noreturn void shadow_protocol_error(void)
{
	shadow_fail("protocol error between RTOS and shadow; process ended");
}

/*
 * The request that tells how to end was published before the state changed. Its thread may be busy in a
 * call for ever, not have been notified yet, or be at it right now: whoever comes first does it.
 */
static _Noreturn void end_as_requested(void)
{
	unsigned int slot;

	for (slot = 0; slot < CRTOS_SCF_SLOTS; slot++) {
		const struct crtos_scf_slot *s = crtos_scf_slot(shadow.scf, slot);
		uint32_t seq = __atomic_load_n(&s->request.seq, __ATOMIC_ACQUIRE);
		uint32_t nr = CRTOS_SCF_READ(s->request.nr);
		uint64_t value = CRTOS_SCF_READ(s->request.args[0]);

		if (seq == CRTOS_SCF_READ(s->response.seq))
			continue;
		if (nr == CRTOS_OP_EXIT_GROUP)
			shadow_exit(value);
		if (nr == CRTOS_OP_DIE && value >= 1 && value <= 64)
			shadow_die(value);
		if (nr == CRTOS_OP_DUMP && value >= 1 && value <= 64)
			shadow_dump(value, CRTOS_SCF_READ(s->request.args[1]),
				    CRTOS_SCF_READ(s->request.args[2]));
	}
	shadow_fail("ended by the RTOS without a status");
}

void shadow_check_state(void)
{
	/* So early the module has but one thing to tell. */
	if (!shadow.scf)
		shadow_fail("the real-time partition failed; see `crtos log`");
	switch (CRTOS_SCF_READ(shadow.scf->state)) {
	case CRTOS_SCF_RUNNING:
		return;
	case CRTOS_SCF_ENDED:
		break;
	case CRTOS_SCF_PARTITION_LOST:
		shadow_fail("the real-time partition failed; see `crtos log`");
	default:
		shadow_fail("the shared memory is corrupt; process ended");
	}
	switch (CRTOS_SCF_READ(shadow.scf->rt.reason)) {
	case CRTOS_END_EXIT:
		end_as_requested();
	case CRTOS_END_FORK:
		shadow_die(SIGKILL);
	case CRTOS_END_NO_MEMORY:
		shadow_fail("the real-time partition has not enough memory for it");
	case CRTOS_END_PROTOCOL:
		shadow_protocol_error();
	default:
		shadow_fail("ended by the RTOS for no known reason");
	}
}

_Noreturn void shadow_shut_down(void)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < GRACE_MS; i++) {
		shadow_check_state();
		raw_syscall3(__NR_nanosleep, (uintptr_t)&tick, 0, 0);
	}
	shadow_fail("the module shut it down for no known reason");
}
