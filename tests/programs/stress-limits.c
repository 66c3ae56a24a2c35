// SPDX-License-Identifier: MIT
/*
 * Every UPID in use: the next receiver is refused with ENOSPC, and is accepted as soon as one is given back. An
 * unprivileged user gets three quarters. The module is to be loaded with upid_pages large enough to make it many.
 *
 *	stress-limits
 */
#define _GNU_SOURCE
#include <grp.h>
#include <semaphore.h>
#include <sys/resource.h>

#include "stress.h"

#define STACK_BYTES 65536

static unsigned int total;

/* A receiver that does nothing but be one. */
struct holder {
	pthread_t id;
	struct receiver r;
	sem_t leave;
	volatile int ready;
	int ret;
};

static struct holder *holders;

static void *holder_thread(void *arg)
{
	struct holder *h = arg;

	h->ret = uintr_register(&h->r);
	h->ready = 1;
	while (sem_wait(&h->leave))
		;
	if (!h->ret)
		EXPECT(0, uintr_unregister());
	return NULL;
}

/* Return: what registering gave. */
static int hold(struct holder *h)
{
	pthread_attr_t attr;

	memset(h, 0, sizeof(*h));
	sem_init(&h->leave, 0, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	EXPECT(0, pthread_create(&h->id, &attr, holder_thread, h));
	pthread_attr_destroy(&attr);
	REQUIRE(await(&h->ready));
	return h->ret;
}

static void let_go(struct holder *h)
{
	sem_post(&h->leave);
	EXPECT(0, pthread_join(h->id, NULL));
}

/* As many as may be; the next one is refused, until one has gone. */
static void exhaust(unsigned int may)
{
	struct holder one_more;
	unsigned int i;

	for (i = 0; i < may; i++)
		EXPECT(0, hold(&holders[i]));
	EXPECT(-ENOSPC, hold(&one_more));
	let_go(&one_more);
	let_go(&holders[may / 2]);
	EXPECT(0, hold(&holders[may / 2]));
	EXPECT(-ENOSPC, hold(&one_more));
	let_go(&one_more);
}

static void release(unsigned int may)
{
	while (may--)
		let_go(&holders[may]);
}

static void root_has_all(void)
{
	exhaust(total);
	EXPECT(total, upids_used(total));
	release(total);
}

static void become_nobody(void)
{
	REQUIRE(!setgroups(0, NULL) && !setgid(65534) && !setuid(65534));
}

static void nobody_leaves_a_quarter(void)
{
	unsigned int share = total - total / 4;
	volatile int *ready = shared(sizeof(*ready));
	pid_t pid = fork_child();

	if (!pid) {
		become_nobody();
		exhaust(share);
		*ready = 1;
		pause();
	}
	/* Others are served. */
	while (!*ready)
		REQUIRE(!waitpid(pid, NULL, WNOHANG) && !usleep(1000));
	EXPECT(share, upids_used(share));
	become_receiver();
	kill(pid, SIGKILL);
	EXPECT(-SIGKILL, ended(pid));
	EXPECT(1, upids_used(1));
}

static void descriptors_hold_on(void)
{
	int *fds = calloc(total, sizeof(*fds));
	unsigned int i;

	for (i = 0; i < total; i++) {
		EXPECT(0, uintr_register(&mine));
		fds[i] = uintr_vector_fd(VECTOR);
		REQUIRE(fds[i] >= 0);
		EXPECT(0, uintr_unregister());
	}
	EXPECT(-ENOSPC, uintr_register(&mine));
	close(fds[total / 3]);
	EXPECT(0, uintr_register(&mine));
	EXPECT(0, uintr_unregister());
	for (i = 0; i < total; i++)
		if (i != total / 3)
			close(fds[i]);
	EXPECT(0, upids_used(0));
}

int main(void)
{
	struct rlimit files;
	struct crtos_check c;

	stress_begin();
	if (crtos_check(&c) || c.upids_used)
		return 2;
	total = c.upids_total;
	files.rlim_cur = files.rlim_max = total + 64;
	setrlimit(RLIMIT_NOFILE, &files);
	holders = calloc(total, sizeof(*holders));
	case_seconds = 200;
	printf("# %u UPIDs\n", total);
	run_test(&(struct test){ "receivers in threads", root_has_all });
	run_test(&(struct test){ "receivers of an unprivileged user", nobody_leaves_a_quarter });
	run_test(&(struct test){ "descriptors of receivers that have gone", descriptors_hold_on });
	return test_end();
}
