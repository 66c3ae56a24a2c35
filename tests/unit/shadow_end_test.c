// SPDX-License-Identifier: MIT
/* sources: shadowd/end.c */
/* cflags: -Ishadowd -Ilibcrtos */
/* How a shadow ends: each case in a child, whose status and last words are looked at. */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core.h"
#include "shadow.h"

struct shadow shadow = { .dev = -1, .notifier = CRTOS_NOTIFIER_POLL, .program = "prog" };

static _Alignas(4096) char memory[CRTOS_SCF_SIZE];
static char words[1024];

void shadow_print_stats(void)
{
	if (shadow.stats)
		(void)!write(STDERR_FILENO, "stats\n", 6);
}

/* There is none to be made; what it was asked for is said. */
void core_end(int sig, uint64_t at, uint64_t bytes)
{
	dprintf(STDERR_FILENO, "core %d %lx %lx\n", sig, (unsigned long)at, (unsigned long)bytes);
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	shadow.scf = (struct crtos_scf_header *)memory;
	shadow.stats = false;
	return 0;
}

/* The status of a child that ends by `end`; what it says is in `words`. */
static int status_of(void (*end)(int), int value)
{
	int pipefd[2], status;
	ssize_t length = 0, bytes;
	pid_t child;

	assert_int_equal(pipe(pipefd), 0);
	child = fork();
	if (!child) {
		dup2(pipefd[1], STDERR_FILENO);
		close(pipefd[0]);
		close(pipefd[1]);
		end(value);
		_exit(77);
	}
	close(pipefd[1]);
	while ((bytes = read(pipefd[0], words + length, sizeof(words) - 1 - length)) > 0)
		length += bytes;
	words[length] = '\0';
	close(pipefd[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void end_exit(int status)
{
	shadow_exit(status);
}

static void end_die(int sig)
{
	sigset_t all;

	/* However the program left the shadow's signals. */
	signal(sig, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	shadow_die(sig);
}

static void end_protocol(int unused)
{
	(void)unused;
	shadow_protocol_error();
}

static void end_check(int unused)
{
	(void)unused;
	shadow_check_state();
}

static void assert_exit(int status, int code)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void test_exit(void **state)
{
	(void)state;
	assert_exit(status_of(end_exit, 0), 0);
	assert_exit(status_of(end_exit, 42), 42);
	assert_exit(status_of(end_exit, 256 + 3), 3);
	assert_string_equal(words, "");
	shadow.stats = true;
	assert_exit(status_of(end_exit, 1), 1);
	assert_string_equal(words, "stats\n");
}

static void test_die(void **state)
{
	static const int signals[] = { SIGSEGV, SIGKILL, SIGTERM, SIGABRT, SIGILL, SIGINT, 34, 64 };
	unsigned int i;
	int status;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		status = status_of(end_die, signals[i]);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_false(WCOREDUMP(status));
	}
}

/* Those whose default action does not end a process. */
static void test_die_of_a_harmless_signal(void **state)
{
	(void)state;
	assert_exit(status_of(end_die, SIGCHLD), 128 + SIGCHLD);
}

static void test_protocol_error(void **state)
{
	(void)state;
	assert_exit(status_of(end_protocol, 0), 125);
	assert_non_null(strstr(words, "crtos: prog: protocol error"));
}

static void test_running(void **state)
{
	(void)state;
	assert_exit(status_of(end_check, 0), 77);
}

static void test_partition_lost(void **state)
{
	(void)state;
	shadow.scf->state = CRTOS_SCF_PARTITION_LOST;
	assert_exit(status_of(end_check, 0), 125);
	assert_non_null(strstr(words, "partition failed; see `crtos log`"));
	/* Before the shadow has seen any of its process. */
	shadow.scf = NULL;
	assert_exit(status_of(end_check, 0), 125);
	assert_non_null(strstr(words, "partition failed; see `crtos log`"));
}

static void test_reasons(void **state)
{
	(void)state;
	shadow.scf->state = CRTOS_SCF_ENDED;
	shadow.scf->rt.reason = CRTOS_END_PROTOCOL;
	assert_exit(status_of(end_check, 0), 125);
	assert_non_null(strstr(words, "protocol error"));
	shadow.scf->rt.reason = CRTOS_END_NO_MEMORY;
	assert_exit(status_of(end_check, 0), 125);
	assert_non_null(strstr(words, "memory"));
	shadow.scf->rt.reason = CRTOS_END_FORK;
	assert_int_equal(status_of(end_check, 0), SIGKILL);
	shadow.scf->rt.reason = 99;
	assert_exit(status_of(end_check, 0), 125);
	shadow.scf->state = 99;
	assert_exit(status_of(end_check, 0), 125);
}

static void ended_by(unsigned int slot, uint32_t nr, uint64_t value)
{
	struct crtos_scf_slot *s = crtos_scf_slot(shadow.scf, slot);

	shadow.scf->state = CRTOS_SCF_ENDED;
	shadow.scf->rt.reason = CRTOS_END_EXIT;
	s->request.nr = nr;
	s->request.args[0] = value;
	s->request.seq = s->response.seq + 1;
}

/* The request is another thread's, which is busy. */
static void test_end_requested_elsewhere(void **state)
{
	int status;

	(void)state;
	ended_by(9, CRTOS_OP_EXIT_GROUP, 5);
	assert_exit(status_of(end_check, 0), 5);
	ended_by(9, CRTOS_OP_DIE, SIGSEGV);
	status = status_of(end_check, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	assert_null(strstr(words, "core"));
	ended_by(9, CRTOS_OP_DUMP, SIGABRT);
	crtos_scf_slot(shadow.scf, 9)->request.args[1] = 0x12000;
	crtos_scf_slot(shadow.scf, 9)->request.args[2] = 0x1000;
	status = status_of(end_check, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
	assert_non_null(strstr(words, "core 6 12000 1000"));
}

static void test_end_without_request(void **state)
{
	(void)state;
	ended_by(9, CRTOS_OP_EXIT_GROUP, 5);
	crtos_scf_slot(shadow.scf, 9)->response.seq++;
	assert_exit(status_of(end_check, 0), 125);
	ended_by(9, CRTOS_OP_DIE, 65);
	assert_exit(status_of(end_check, 0), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_exit, setup),
		cmocka_unit_test_setup(test_die, setup),
		cmocka_unit_test_setup(test_die_of_a_harmless_signal, setup),
		cmocka_unit_test_setup(test_protocol_error, setup),
		cmocka_unit_test_setup(test_running, setup),
		cmocka_unit_test_setup(test_partition_lost, setup),
		cmocka_unit_test_setup(test_reasons, setup),
		cmocka_unit_test_setup(test_end_requested_elsewhere, setup),
		cmocka_unit_test_setup(test_end_without_request, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
