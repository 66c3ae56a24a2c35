/* SPDX-License-Identifier: MIT */
/*
 * The shadow's side of an SCF slot: pure logic over the shared memory. Not installed.
 *
 * The functions are inline and use no library, since they run in a user-interrupt handler that saves no
 * vector registers. A port belongs to one thread; what is shared with the RTOS is read once, with the
 * order that <crtos/scf.h> asks for.
 */
#ifndef LIBCRTOS_SCF_SHADOW_H
#define LIBCRTOS_SCF_SHADOW_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <crtos/scf.h>

/* Counters as in struct crtos_scf_response; they go on when a slot changes hands. */
struct crtos_scf_port {
	struct crtos_scf_slot *slot;
	uint32_t seq; /* of the last request taken */
	uint64_t handled;
	uint64_t spurious;
	uint64_t notified;
	uint64_t suppressed;
	uint64_t blocked;
};

struct crtos_scf_call {
	uint32_t nr;
	uint64_t args[6];
};

#define CRTOS_SCF_READ(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define CRTOS_SCF_WRITE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)

static inline bool crtos_scf_nr_valid(uint32_t nr)
{
	if (__builtin_expect(nr < CRTOS_SCF_COUNTED_CALLS, 1))
		return true;
	return nr >= CRTOS_OP_FIRST && nr <= CRTOS_OP_LAST;
}

/* 1: a new request is in *call and must be answered; 0: there is none; -EPROTO: corrupt contents. */
static inline int crtos_scf_take(struct crtos_scf_port *port, struct crtos_scf_call *call)
{
	const struct crtos_scf_request *request = &port->slot->request;
	uint32_t seq = __atomic_load_n(&request->seq, __ATOMIC_ACQUIRE);

	if (seq == port->seq)
		return 0;
	if (seq != port->seq + 1)
		return -EPROTO;
	call->nr = CRTOS_SCF_READ(request->nr);
	if (!crtos_scf_nr_valid(call->nr))
		return -EPROTO;
	call->args[0] = CRTOS_SCF_READ(request->args[0]);
	call->args[1] = CRTOS_SCF_READ(request->args[1]);
	call->args[2] = CRTOS_SCF_READ(request->args[2]);
	call->args[3] = CRTOS_SCF_READ(request->args[3]);
	call->args[4] = CRTOS_SCF_READ(request->args[4]);
	call->args[5] = CRTOS_SCF_READ(request->args[5]);
	port->seq = seq;
	return 1;
}

/* All of them; an answer brings those that change with every request. */
static inline void crtos_scf_publish_counters(const struct crtos_scf_port *port)
{
	struct crtos_scf_response *response = &port->slot->response;

	CRTOS_SCF_WRITE(response->handled, port->handled);
	CRTOS_SCF_WRITE(response->spurious, port->spurious);
	CRTOS_SCF_WRITE(response->notified, port->notified);
	CRTOS_SCF_WRITE(response->suppressed, port->suppressed);
	CRTOS_SCF_WRITE(response->blocked, port->blocked);
}

/*
 * Answers the request taken last. True: the RTOS wants to be notified. The exchange is the store-release
 * and the full fence in one: it pairs with the RTOS's fence between notify = 1 and its last look.
 * The counters go out with the answer, not after it: the RTOS may be reading this cache line by then.
 */
static inline bool crtos_scf_answer(struct crtos_scf_port *port, int64_t ret)
{
	struct crtos_scf_slot *slot = port->slot;

	CRTOS_SCF_WRITE(slot->response.ret, ret);
	CRTOS_SCF_WRITE(slot->response.handled, port->handled);
	CRTOS_SCF_WRITE(slot->response.notified, port->notified);
	CRTOS_SCF_WRITE(slot->response.suppressed, port->suppressed);
	__atomic_exchange_n(&slot->response.seq, port->seq, __ATOMIC_SEQ_CST);
	return CRTOS_SCF_READ(slot->request.notify) != 0;
}

/* Tells the RTOS that this side polls request.seq. */
static inline void crtos_scf_set_looking(struct crtos_scf_port *port, bool looking)
{
	CRTOS_SCF_WRITE(port->slot->response.looking, looking);
}

#endif
