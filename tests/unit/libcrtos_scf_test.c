// SPDX-License-Identifier: MIT
/* sources: libcrtos/scf_shadow.c */
/* cflags: -Ilibcrtos */
/* The shadow's side of an SCF buffer, against a peer that is right, wrong, or hostile. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crtos.h"
#include "scf_shadow.h"

static _Alignas(4096) char memory[CRTOS_SCF_SIZE];
static struct crtos_scf_header *const scf = (struct crtos_scf_header *)memory;

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	scf->magic = CRTOS_SCF_MAGIC;
	scf->version = CRTOS_SCF_VERSION;
	scf->size = CRTOS_SCF_SIZE;
	scf->slots = CRTOS_SCF_SLOTS;
	return 0;
}

static struct crtos_scf_slot *request(unsigned int slot, uint32_t seq, uint32_t nr)
{
	struct crtos_scf_slot *s = crtos_scf_slot(scf, slot);

	s->request.nr = nr;
	s->request.seq = seq;
	return s;
}

static void test_valid_header(void **state)
{
	(void)state;
	assert_int_equal(crtos_scf_validate(scf), 0);
}

static void test_invalid_headers(void **state)
{
	uint32_t *const fields[] = { &scf->magic, &scf->version, &scf->size, &scf->slots,
				     &scf->notifier };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		*fields[i] += 3;
		assert_int_equal(crtos_scf_validate(scf), -EPROTO);
		*fields[i] -= 3;
		assert_int_equal(crtos_scf_validate(scf), 0);
	}
}

static void test_nothing_to_take(void **state)
{
	struct crtos_scf_port port = { .slot = crtos_scf_slot(scf, 0) };
	struct crtos_scf_call call;

	(void)state;
	assert_int_equal(crtos_scf_take(&port, &call), 0);
}

static void test_take(void **state)
{
	struct crtos_scf_port port = { .slot = crtos_scf_slot(scf, 5) };
	struct crtos_scf_call call;
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++)
		port.slot->request.args[i] = 100 + i;
	request(5, 1, 17);
	assert_int_equal(crtos_scf_take(&port, &call), 1);
	assert_int_equal(call.nr, 17);
	for (i = 0; i < 6; i++)
		assert_int_equal(call.args[i], 100 + i);
	/* Once only. */
	assert_int_equal(crtos_scf_take(&port, &call), 0);
}

static void test_sequence_must_grow_by_one(void **state)
{
	static const uint32_t wrong[] = { 9, 12, 0, 0x8000000bu, 0xffffffffu };
	struct crtos_scf_port port = { .slot = crtos_scf_slot(scf, 0), .seq = 10 };
	struct crtos_scf_call call;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		request(0, wrong[i], 0);
		assert_int_equal(crtos_scf_take(&port, &call), -EPROTO);
		assert_int_equal(port.seq, 10);
	}
}

static void test_sequence_wraps(void **state)
{
	struct crtos_scf_port port = { .slot = crtos_scf_slot(scf, 0), .seq = 0xffffffffu };
	struct crtos_scf_call call;

	(void)state;
	request(0, 0, 1);
	assert_int_equal(crtos_scf_take(&port, &call), 1);
	assert_int_equal(port.seq, 0);
}

static void test_number_range(void **state)
{
	static const struct {
		uint32_t nr;
		int result;
	} cases[] = {
		{ 0, 1 },
		{ CRTOS_SCF_COUNTED_CALLS - 1, 1 },
		{ CRTOS_SCF_COUNTED_CALLS, -EPROTO },
		{ CRTOS_OP_FIRST - 1, -EPROTO },
		{ CRTOS_OP_FIRST, 1 },
		{ CRTOS_OP_LAST, 1 },
		{ CRTOS_OP_LAST + 1, -EPROTO },
		{ 0x40000000u, -EPROTO },
		{ 0xffffffffu, -EPROTO },
	};
	struct crtos_scf_call call;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crtos_scf_port port = { .slot = request(3, 1, cases[i].nr) };

		assert_int_equal(crtos_scf_take(&port, &call), cases[i].result);
	}
}

static void test_answer(void **state)
{
	struct crtos_scf_port port = { .slot = request(1, 1, 2), .handled = 4, .notified = 3 };
	struct crtos_scf_call call;

	(void)state;
	assert_int_equal(crtos_scf_take(&port, &call), 1);
	assert_false(crtos_scf_answer(&port, -ENOENT));
	assert_int_equal(port.slot->response.seq, 1);
	assert_int_equal(port.slot->response.ret, -ENOENT);
	assert_int_equal(port.slot->response.handled, 4);
	assert_int_equal(port.slot->response.notified, 3);

	port.slot->request.notify = 1;
	request(1, 2, 2);
	assert_int_equal(crtos_scf_take(&port, &call), 1);
	assert_true(crtos_scf_answer(&port, 7));
	assert_int_equal(port.slot->response.seq, 2);
	assert_int_equal(port.slot->response.ret, 7);
}

static void test_request_is_left_alone(void **state)
{
	struct crtos_scf_port port = { .slot = request(2, 1, 39), .blocked = 2, .spurious = 1 };
	struct crtos_scf_request before = port.slot->request;
	struct crtos_scf_call call;

	(void)state;
	crtos_scf_take(&port, &call);
	crtos_scf_answer(&port, 0);
	crtos_scf_publish_counters(&port);
	crtos_scf_set_looking(&port, true);
	assert_memory_equal(&before, &port.slot->request, sizeof(before));
	assert_int_equal(port.slot->response.blocked, 2);
	assert_int_equal(port.slot->response.spurious, 1);
	assert_int_equal(port.slot->response.looking, 1);
}

#define ROUNDS 20000

/* The RTOS: publishes, polls, checks that the answer belongs to the question. */
static void *peer(void *argument)
{
	struct crtos_scf_slot *s = argument;
	uint64_t wrong = 0;
	uint32_t seq;

	for (seq = 1; seq <= ROUNDS; seq++) {
		s->request.nr = seq % CRTOS_SCF_COUNTED_CALLS;
		s->request.args[5] = seq * 3ull;
		__atomic_store_n(&s->request.seq, seq, __ATOMIC_RELEASE);
		while (__atomic_load_n(&s->response.seq, __ATOMIC_ACQUIRE) != seq)
			sched_yield();
		wrong += s->response.ret != (int64_t)(seq * 3ull + seq % CRTOS_SCF_COUNTED_CALLS);
	}
	return (void *)(uintptr_t)wrong;
}

static void test_round_trips(void **state)
{
	struct crtos_scf_port port = { .slot = crtos_scf_slot(scf, 63) };
	struct crtos_scf_call call;
	uint32_t done = 0;
	pthread_t thread;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, peer, port.slot), 0);
	while (done < ROUNDS) {
		int taken = crtos_scf_take(&port, &call);

		assert_true(taken >= 0);
		if (!taken) {
			sched_yield();
			continue;
		}
		crtos_scf_answer(&port, (int64_t)(call.args[5] + call.nr));
		done++;
	}
	pthread_join(thread, &wrong);
	assert_null(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_valid_header, setup),
		cmocka_unit_test_setup(test_invalid_headers, setup),
		cmocka_unit_test_setup(test_nothing_to_take, setup),
		cmocka_unit_test_setup(test_take, setup),
		cmocka_unit_test_setup(test_sequence_must_grow_by_one, setup),
		cmocka_unit_test_setup(test_sequence_wraps, setup),
		cmocka_unit_test_setup(test_number_range, setup),
		cmocka_unit_test_setup(test_answer, setup),
		cmocka_unit_test_setup(test_request_is_left_alone, setup),
		cmocka_unit_test_setup(test_round_trips, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
