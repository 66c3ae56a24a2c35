// SPDX-License-Identifier: MIT
/*
 * The client of <crtos/scf.h>.
 *
 * Order between a request and its notification. The shadow announces that it polls by looking = 1; to
 * stop it stores looking = 0, executes a full fence and reads request.seq once more before it blocks. Here
 * the store of request.seq is a locked exchange, a full fence, and `looking` is read after it. So either
 * this side sees looking = 0 and notifies, or the shadow sees the request in its last look.
 *
 * The answer is symmetric, with `notify` in the place of `looking`: see scf_wait().
 */
#include <linux/errno.h>

#include "core.h"
#include "log.h"
#include "process.h"
#include "scf.h"
#include "uipi.h"

#define LOOKS_PER_PREEMPT_POINT	64
#define EXCESS_MAX		1000	/* notifications without an answer, in the life of a process */

static void violation(struct process *p, const char *what, u32 seen, u32 expected)
{
	log_print("%s[%d]: slot %u: %s %u, expected %u: process ended", p->comm, p->pid,
		  current->slot, what, seen, expected);
	process_end(p, CRTOS_END_PROTOCOL);
}

/* 1: answered; 0: not yet; -EINTR: corrupt, the process was ended. */
static int look(struct process *p, struct crtos_scf_slot *s)
{
	unsigned int slot = current->slot;
	u32 seq = load_acquire(&s->response.seq);

	if (__builtin_expect(seq == current->scf_seq, 1)) {
		p->slot_answered[slot] = seq;
		return 1;
	}
	if (__builtin_expect(seq == p->slot_answered[slot], 1))
		return 0;
	violation(p, "answer", seq, current->scf_seq);
	return -EINTR;
}

static void notify(struct process *p, struct crtos_scf_slot *s)
{
	u64 bit = 1ull << current->slot;

	if (p->notifier == CRTOS_NOTIFIER_POLL)
		return;
	if (READ_ONCE(s->response.looking)) {
		p->scf->rt.suppressed++;
		return;
	}
	p->scf->rt.notified++;
	control->notified++;
	if (__builtin_expect(p->notifier == CRTOS_NOTIFIER_UIPI, 1)) {
		uipi_send(current->slot);
		return;
	}
	/* The module takes all bits at once; one that is still set has its doorbell under way. */
	if (!(__atomic_fetch_or(&p->ctl->rt.forward_ipi, bit, __ATOMIC_SEQ_CST) & bit))
		doorbell_linux();
}

static void publish(struct process *p, struct crtos_scf_slot *s)
{
	__atomic_store_n(&s->request.seq, ++current->scf_seq, __ATOMIC_SEQ_CST);
	notify(p, s);
}

/* Whether an answer is waited for no more. */
static bool given_up(const struct process *p)
{
	return current->killed && (p->closed || !current->scf_patient);
}

/* Looks without being notified. 1: answered; 0: no longer looking; -EINTR. */
static int spin(struct process *p, struct crtos_scf_slot *s)
{
	u32 looks = 0;
	int ret;

	while (p->notifier == CRTOS_NOTIFIER_POLL || looks < p->spin) {
		ret = look(p, s);
		if (ret)
			return ret;
		if (given_up(p))
			return -EINTR;
		if (++looks % LOOKS_PER_PREEMPT_POINT == 0) {
			preempt_point();
			if (current->attention && signal_pending())
				scf_interrupt(current);
		}
		__builtin_ia32_pause();
	}
	WRITE_ONCE(s->request.notify, 1);
	/* Pairs with the shadow's fence between response.seq and its look at request.notify. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return 0;
}

/*
 * Every look that finds nothing is followed by blocking with interrupts off throughout, and
 * scf_waiting tells scf_answered() that the answer is wanted: no wake-up is lost.
 */
static int scf_wait(struct process *p, struct crtos_scf_slot *s, bool looking)
{
	int ret;

	if (looking) {
		ret = spin(p, s);
		if (ret)
			return ret;
	}
	ret = look(p, s);
	if (ret)
		return ret;
	p->scf->rt.blocked++;
	/* One that came while it was looking. */
	if (current->attention && signal_pending())
		scf_interrupt(current);
	do {
		if (given_up(p))
			return -EINTR;
		current->scf_waiting = true;
		thread_block(TIME_NEVER);
		current->scf_waiting = false;
		ret = look(p, s);
	} while (!ret);
	return ret;
}

s64 scf_call(u32 nr, const u64 args[6])
{
	struct process *p = current->process;
	struct crtos_scf_slot *s = crtos_scf_slot(p->scf, current->slot);
	bool looking = p->spin || p->notifier == CRTOS_NOTIFIER_POLL;

	if (__builtin_expect(p->closed || current->killed || scf_outstanding(), 0))
		return -EINTR;
	s->request.nr = nr;
	s->request.args[0] = args[0];
	s->request.args[1] = args[1];
	s->request.args[2] = args[2];
	s->request.args[3] = args[3];
	s->request.args[4] = args[4];
	s->request.args[5] = args[5];
	s->request.notify = !looking;
	p->scf->rt.remote_calls++;
	if (nr < CRTOS_SCF_COUNTED_CALLS) {
		p->scf->calls[nr]++;
		control->calls[nr]++;
	}
	publish(p, s);
	if (scf_wait(p, s, looking) < 0)
		return -EINTR;
	return READ_ONCE(s->response.ret);
}

bool scf_outstanding(void)
{
	return current->scf_seq != current->process->slot_answered[current->slot];
}

void scf_post(u32 nr, u64 arg0, u64 arg1, u64 arg2)
{
	struct process *p = current->process;
	struct crtos_scf_slot *s = crtos_scf_slot(p->scf, current->slot);

	if (p->closed)
		return;
	s->request.nr = nr;
	s->request.args[0] = arg0;
	s->request.args[1] = arg1;
	s->request.args[2] = arg2;
	s->request.notify = 0;
	publish(p, s);
}

void scf_interrupt(struct thread *t)
{
	struct process *p = t->process;
	struct crtos_scf_slot *s = crtos_scf_slot(p->scf, t->slot);

	if (t->scf_own || s->request.interrupt == t->scf_seq)
		return;
	/* Before the module is asked: the shadow looks when it is signalled. */
	__atomic_store_n(&s->request.interrupt, t->scf_seq, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&p->ctl->rt.interrupt, 1ull << t->slot, __ATOMIC_SEQ_CST);
	doorbell_linux();
}

/* A shadow that sends without having answered would keep this core in interrupts: that ends here. */
static void flooded(struct process *p)
{
	uipi_mute(p->reverse_upid);
	log_print("%s[%d]: flooded with notifications: process ended", p->comm, p->pid);
	process_end(p, CRTOS_END_PROTOCOL);
}

/* Interrupt context. A bit for a slot in which nobody waits, or has no answer yet, is counted, no more. */
void scf_answered(struct process *p, unsigned int slot)
{
	struct thread *t = p->slot[slot];

	if (t && t->scf_waiting &&
	    load_acquire(&crtos_scf_slot(p->scf, slot)->response.seq) != p->slot_answered[slot]) {
		t->scf_waiting = false;
		thread_wake(t, 0);
		return;
	}
	p->spurious++;
	if (p->slot_spurious[slot] != p->slot_answered[slot])
		p->slot_spurious[slot] = p->slot_answered[slot];
	else if (++p->excess == EXCESS_MAX)
		flooded(p);
}
