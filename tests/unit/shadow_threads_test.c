// SPDX-License-Identifier: MIT
/* sources: shadowd/threads.c shadowd/loop.c shadowd/service.c shadowd/care.c shadowd/operations.c shadowd/args.c shadowd/signals.c shadowd/exe.c shadowd/files.c shadowd/maps.c shadowd/entry.S */
/* cflags: -Ishadowd -Ilibcrtos */
/* Shadow threads with the `poll` notifier: they are made, serve, leave, and their slots are used again. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "core.h"
#include "shadow.h"

struct shadow shadow = { .dev = 1000, .notifier = CRTOS_NOTIFIER_POLL };

static _Alignas(4096) char memory[CRTOS_SCF_SIZE];
static int attach_result;
static unsigned int attached;

/* The module, as far as these tests go. */
int crtos_thread_attach(int dev, unsigned int slot, const void *handler, unsigned int *index)
{
	assert_int_equal(dev, 1000);
	assert_null(handler);
	assert_true(slot < CRTOS_SCF_SLOTS);
	*index = 0;
	__atomic_add_fetch(&attached, 1, __ATOMIC_RELAXED);
	return attach_result;
}

_Noreturn void shadow_fail(const char *text)
{
	(void)text;
	abort();
}

_Noreturn void shadow_protocol_error(void)
{
	abort();
}

_Noreturn void shadow_shut_down(void)
{
	abort();
}

_Noreturn void shadow_exit(int status)
{
	_exit(status);
}

_Noreturn void shadow_die(int sig)
{
	_exit(128 + sig);
}

void core_join(void)
{
}

_Noreturn void shadow_dump(int sig, uint64_t core, uint64_t bytes)
{
	(void)core;
	(void)bytes;
	_exit(128 + sig);
}

long shadow_fork(uint32_t token, bool shared)
{
	(void)token;
	(void)shared;
	return -EAGAIN;
}

long shadow_area(const uint64_t args[6])
{
	return -(long)args[0];
}

long shadow_show_mirror(uint64_t address, uint64_t bytes)
{
	return -(long)(address + bytes);
}

long shadow_own_mirror(void)
{
	return 0;
}

long shadow_exec(void)
{
	return 0;
}

void shadow_check_state(void)
{
}

static int setup(void **state)
{
	(void)state;
	shadow.scf = (struct crtos_scf_header *)memory;
	return shadow_threads_init();
}

static struct crtos_scf_slot *publish(unsigned int slot, uint32_t nr, uint64_t a, uint64_t b)
{
	struct crtos_scf_slot *s = crtos_scf_slot(shadow.scf, slot);

	s->request.nr = nr;
	s->request.args[0] = a;
	s->request.args[1] = b;
	__atomic_store_n(&s->request.seq, s->request.seq + 1, __ATOMIC_RELEASE);
	return s;
}

static int64_t call(unsigned int slot, uint32_t nr, uint64_t a, uint64_t b)
{
	struct crtos_scf_slot *s = publish(slot, nr, a, b);

	while (__atomic_load_n(&s->response.seq, __ATOMIC_ACQUIRE) != s->request.seq)
		usleep(10);
	return s->response.ret;
}

static void test_slot_range(void **state)
{
	(void)state;
	assert_int_equal(shadow_clone(CRTOS_SCF_SLOTS), -EINVAL);
	assert_int_equal(shadow_clone(UINT64_MAX), -EINVAL);
}

static void test_each_thread_has_its_own_tid(void **state)
{
	long one = shadow_clone(1), two = shadow_clone(2);

	(void)state;
	assert_true(one > 0 && two > 0 && one != two && one != getpid());
	assert_int_equal(call(1, __NR_gettid, 0, 0), one);
	assert_int_equal(call(2, __NR_gettid, 0, 0), two);
	assert_int_equal(call(2, __NR_getpid, 0, 0), getpid());
	assert_int_equal(shadow_clone(1), -EBUSY);
	publish(1, CRTOS_OP_EXIT_THREAD, 0, 0);
	publish(2, CRTOS_OP_EXIT_THREAD, 0, 0);
}

/* A thread makes another one by the protocol. */
static void test_clone_by_a_thread(void **state)
{
	int64_t tid;

	(void)state;
	assert_true(shadow_clone(3) > 0);
	tid = call(3, CRTOS_OP_CLONE, 4, 0);
	assert_true(tid > 0);
	assert_int_equal(call(4, __NR_gettid, 0, 0), tid);
	publish(3, CRTOS_OP_EXIT_THREAD, 0, 0);
	publish(4, CRTOS_OP_EXIT_THREAD, 0, 0);
}

static void test_failed_attach(void **state)
{
	(void)state;
	attach_result = -ENOSPC;
	assert_int_equal(shadow_clone(5), -EAGAIN);
	attach_result = -ENOMEM;
	assert_int_equal(shadow_clone(5), -ENOMEM);
	attach_result = 0;
	assert_true(shadow_clone(5) > 0);
	publish(5, CRTOS_OP_EXIT_THREAD, 0, 0);
}

/* The next thread of a slot goes on where the last one stopped, and nothing is lost of the counters. */
static void test_slot_is_used_again(void **state)
{
	const unsigned int slot = 6;
	struct crtos_scf_slot *s = crtos_scf_slot(shadow.scf, slot);
	unsigned int round;

	(void)state;
	for (round = 0; round < 300; round++) {
		long tid = shadow_clone(slot);

		assert_true(tid > 0);
		assert_int_equal(s->request.seq, s->response.seq);
		assert_int_equal(call(slot, __NR_gettid, 0, 0), tid);
		/* Cloned again at once, before its end was seen. */
		publish(slot, CRTOS_OP_EXIT_THREAD, 0, 0);
	}
	assert_true(shadow_clone(slot) > 0);
	assert_int_equal(shadow_threads[slot].port.handled, 2 * round);
	assert_int_equal(call(slot, __NR_getppid, 0, 0), getppid());
	publish(slot, CRTOS_OP_EXIT_THREAD, 0, 0);
}

static void test_all_slots_at_once(void **state)
{
	unsigned int slot;

	(void)state;
	attached = 0;
	for (slot = 8; slot < CRTOS_SCF_SLOTS; slot++)
		assert_true(shadow_clone(slot) > 0);
	assert_int_equal(attached, CRTOS_SCF_SLOTS - 8);
	for (slot = 8; slot < CRTOS_SCF_SLOTS; slot++)
		publish(slot, CRTOS_OP_EXIT_THREAD, 0, 0);
	for (slot = 8; slot < CRTOS_SCF_SLOTS; slot++)
		while (__atomic_load_n(&shadow_threads[slot].state, __ATOMIC_ACQUIRE) !=
		       SHADOW_THREAD_GONE)
			usleep(100);
}

static void (*disposition(int sig))(int)
{
	struct sigaction action;

	sigaction(sig, NULL, &action);
	return action.sa_handler;
}

static void test_sigaction(void **state)
{
	(void)state;
	assert_true(shadow_clone(7) > 0);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, SIGUSR1, 1), 0);
	assert_ptr_equal(disposition(SIGUSR1), SIG_IGN);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, SIGUSR1, 0), 0);
	assert_ptr_equal(disposition(SIGUSR1), SIG_DFL);
	/* Those that the shadow's own library keeps to itself, too. */
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, 33, 1), 0);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, 33, 0), 0);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, SIGKILL, 1), -EINVAL);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, SIGSTOP, 0), -EINVAL);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, CRTOS_SIGNAL, 1), -EINVAL);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, 0, 1), -EINVAL);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, 65, 1), -EINVAL);
	assert_int_equal(call(7, CRTOS_OP_SIGACTION, SIGUSR1, 2), -EINVAL);
}

static void test_bad_addresses(void **state)
{
	static char args[64];

	(void)state;
	shadow.args = args;
	shadow.args_size = sizeof(args);
	shadow.dev = shadow.mirror_dev = -1;
	assert_int_equal(call(7, CRTOS_OP_ARGS, 0, 0), sizeof(args));
	assert_int_equal(call(7, CRTOS_OP_ARGS, CRTOS_USER_START, 63), sizeof(args));
	assert_int_equal(call(7, CRTOS_OP_ARGS, CRTOS_USER_START, 64), -EFAULT);
	/* The shadow's own memory is no place for it. */
	assert_int_equal(call(7, CRTOS_OP_ARGS, (uintptr_t)memory, 4096), -EFAULT);
	assert_int_equal(call(7, CRTOS_OP_ARGS, CRTOS_USER_END - 63, 64), -EFAULT);
	assert_int_equal(call(7, CRTOS_OP_ARGS, UINT64_MAX, UINT64_MAX), -EFAULT);
	assert_int_equal(call(7, CRTOS_OP_SETNAME, 16, 0), -EFAULT);
	/* There is no device behind the descriptor here. */
	assert_int_equal(call(7, CRTOS_OP_ZAP, 0, 0), -EBADF);
	publish(7, CRTOS_OP_EXIT_THREAD, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_range),
		cmocka_unit_test(test_each_thread_has_its_own_tid),
		cmocka_unit_test(test_clone_by_a_thread),
		cmocka_unit_test(test_failed_attach),
		cmocka_unit_test(test_slot_is_used_again),
		cmocka_unit_test(test_all_slots_at_once),
		cmocka_unit_test(test_sigaction),
		cmocka_unit_test(test_bad_addresses),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
