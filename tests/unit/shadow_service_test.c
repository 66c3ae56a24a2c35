// SPDX-License-Identifier: MIT
/* sources: shadowd/service.c shadowd/care.c shadowd/entry.S */
/* cflags: -Ishadowd -Ilibcrtos */
/* The service routine, with this test as the RTOS. */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "shadow.h"

#define ROUNDS 2000

struct shadow shadow = { .dev = 1000 };
__thread struct shadow_thread *shadow_self;

static _Alignas(4096) char memory[CRTOS_SCF_SIZE];
static struct shadow_thread thread;
static struct crtos_scf_slot *slot;
static jmp_buf protocol_error;
static uint32_t operation;

_Noreturn void shadow_protocol_error(void)
{
	longjmp(protocol_error, 1);
}

long shadow_operation(struct shadow_thread *caller, const struct crtos_scf_call *call)
{
	assert_ptr_equal(caller, &thread);
	operation = call->nr;
	return call->nr == CRTOS_OP_EXIT_THREAD ? SHADOW_NO_REPLY : (long)call->args[0];
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	memset(&thread, 0, sizeof(thread));
	shadow.scf = (struct crtos_scf_header *)memory;
	slot = thread.port.slot = crtos_scf_slot(shadow.scf, 7);
	shadow_self = &thread;
	operation = 0;
	return 0;
}

static void request(uint32_t nr, uint64_t a, uint64_t b, uint64_t c)
{
	slot->request.nr = nr;
	slot->request.args[0] = a;
	slot->request.args[1] = b;
	slot->request.args[2] = c;
	slot->request.seq++;
}

static void assert_answer(int64_t ret)
{
	assert_int_equal(slot->response.seq, slot->request.seq);
	assert_int_equal(slot->response.ret, ret);
}

static void test_null_call(void **state)
{
	(void)state;
	request(__NR_getppid, 0, 0, 0);
	shadow_service_poll(&thread);
	assert_answer(getppid());
	assert_int_equal(thread.port.handled, 1);
	assert_int_equal(thread.port.suppressed, 1);
}

static void test_errors_are_raw(void **state)
{
	(void)state;
	errno = 0;
	request(__NR_close, 999, 0, 0);
	shadow_service_poll(&thread);
	assert_answer(-EBADF);
	request(511, 0, 0, 0);
	shadow_service_poll(&thread);
	assert_answer(-ENOSYS);
	assert_int_equal(errno, 0);
}

static void test_bad_pointer(void **state)
{
	(void)state;
	request(__NR_openat, -100, 16, 0);
	shadow_service_poll(&thread);
	assert_answer(-EFAULT);
}

static void test_refused_call(void **state)
{
	(void)state;
	request(__NR_exit_group, 0, 0, 0);
	shadow_service_poll(&thread);
	assert_answer(-ENOSYS);
}

static void test_own_descriptor(void **state)
{
	(void)state;
	request(__NR_close, 1000, 0, 0);
	shadow_service_poll(&thread);
	assert_answer(-EBADF);
}

static void test_private_operation(void **state)
{
	(void)state;
	request(CRTOS_OP_SETNAME, 77, 0, 0);
	shadow_service_poll(&thread);
	assert_int_equal(operation, CRTOS_OP_SETNAME);
	assert_answer(77);
}

static void test_no_reply(void **state)
{
	(void)state;
	request(CRTOS_OP_EXIT_THREAD, 0, 0, 0);
	shadow_service_poll(&thread);
	assert_int_equal(operation, CRTOS_OP_EXIT_THREAD);
	assert_int_equal(slot->response.seq, 0);
}

static void test_spurious(void **state)
{
	(void)state;
	shadow_service_ipi();
	request(__NR_getpid, 0, 0, 0);
	shadow_service_ipi();
	shadow_service_ipi();
	assert_int_equal(thread.port.handled, 3);
	assert_int_equal(thread.port.spurious, 2);
	assert_answer(getpid());
}

/* The notification itself fails here, there being no device: it must not matter. */
static void test_notification(void **state)
{
	(void)state;
	slot->request.notify = 1;
	request(__NR_getpid, 0, 0, 0);
	shadow_service_ipi();
	assert_int_equal(thread.port.notified, 1);
	assert_int_equal(thread.port.suppressed, 0);
	slot->request.notify = 0;
	request(__NR_getpid, 0, 0, 0);
	shadow_service_ipi();
	assert_int_equal(thread.port.notified, 1);
	assert_int_equal(thread.port.suppressed, 1);
	assert_answer(getpid());
}

static void expect_protocol_error(void)
{
	uint32_t answered = slot->response.seq;

	if (!setjmp(protocol_error)) {
		shadow_service_poll(&thread);
		fail_msg("corrupt contents were accepted");
	}
	assert_int_equal(slot->response.seq, answered);
}

static void test_corrupt_sequence(void **state)
{
	(void)state;
	slot->request.seq = 2;
	expect_protocol_error();
}

static void test_corrupt_number(void **state)
{
	(void)state;
	request(512, 0, 0, 0);
	expect_protocol_error();
	setup(NULL);
	request(CRTOS_OP_LAST + 1, 0, 0, 0);
	expect_protocol_error();
	setup(NULL);
	request(0xffffffff, 0, 0, 0);
	expect_protocol_error();
}

static void *rtos(void *argument)
{
	uintptr_t wrong = 0;
	unsigned int i;

	(void)argument;
	for (i = 1; i <= ROUNDS; i++) {
		slot->request.nr = __NR_umask;
		slot->request.args[0] = i & 0777;
		__atomic_store_n(&slot->request.seq, i, __ATOMIC_RELEASE);
		while (__atomic_load_n(&slot->response.seq, __ATOMIC_ACQUIRE) != i)
			sched_yield();
		wrong += i > 1 && slot->response.ret != ((i - 1) & 0777);
	}
	return (void *)wrong;
}

static void test_calls_in_a_row(void **state)
{
	pthread_t peer;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&peer, NULL, rtos, NULL), 0);
	while (thread.port.seq < ROUNDS) {
		if (CRTOS_SCF_READ(slot->request.seq) != thread.port.seq)
			shadow_service_poll(&thread);
		else
			sched_yield();
	}
	pthread_join(peer, &wrong);
	assert_null(wrong);
	assert_int_equal(thread.port.handled, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_null_call, setup),
		cmocka_unit_test_setup(test_errors_are_raw, setup),
		cmocka_unit_test_setup(test_bad_pointer, setup),
		cmocka_unit_test_setup(test_refused_call, setup),
		cmocka_unit_test_setup(test_own_descriptor, setup),
		cmocka_unit_test_setup(test_private_operation, setup),
		cmocka_unit_test_setup(test_no_reply, setup),
		cmocka_unit_test_setup(test_spurious, setup),
		cmocka_unit_test_setup(test_notification, setup),
		cmocka_unit_test_setup(test_corrupt_sequence, setup),
		cmocka_unit_test_setup(test_corrupt_number, setup),
		cmocka_unit_test_setup(test_calls_in_a_row, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
