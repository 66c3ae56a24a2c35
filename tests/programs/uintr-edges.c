// SPDX-License-Identifier: MIT
/*
 * User interrupts between Linux threads, the edges of the interface: order of errors, UIF at
 * registration, ranges of the alternate stack, life of descriptors, raw senders whose target dies,
 * 32-bit callers.
 *
 *	uintr-edges [without]	prints TAP; `without`: on a machine where the module uses none
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>

#include "cases.h"

#define ENTRIES 256
#define NO_USER (1ull << 56) /* beyond the user range with 4 and 5 levels of page tables */
#define IA32_IOCTL 54

static int register_with(uint64_t handler, uint32_t flags, uint32_t reserved)
{
	struct crtos_uintr_handler arg = { handler, flags, reserved };

	return device_call(CRTOS_IOC_UINTR_REGISTER, &arg);
}

static int sender_with(uint64_t target, uint32_t flags, uint32_t vector)
{
	struct crtos_uintr_sender arg = { target, flags, vector };

	return device_call(CRTOS_IOC_UINTR_SENDER, &arg);
}

static int stack_with(uint64_t sp, uint64_t size, uint32_t flags)
{
	struct crtos_uintr_stack arg = { .sp = sp, .size = size, .flags = flags };

	return device_call(CRTOS_IOC_UINTR_STACK, &arg);
}

/* --- errors come in the documented order ------------------------------------------------------ */

static void errors_of_receivers(void)
{
	struct crtos_uintr_vector vector = { .vector = CRTOS_UINTR_VECTORS, .flags = 1 };
	struct crtos_uintr_wait wait = { .flags = 1 };

	EXPECT(-EINVAL, uintr_vector_fd(CRTOS_UINTR_VECTORS));
	EXPECT(-EINVAL, uintr_self(CRTOS_UINTR_VECTORS));
	EXPECT(-EINVAL, uintr_wait(1000000001));
	EXPECT(0, uintr_wait(0));
	EXPECT(-EOPNOTSUPP, uintr_wait(1));
	EXPECT(-EINVAL, stack_with(0, 0, 1));
	EXPECT(-EOPNOTSUPP, stack_with(0, 0, 0));

	EXPECT(-EINVAL, register_with(0, 1, 0));
	EXPECT(-EINVAL, register_with(0, 0, 1));
	EXPECT(-EFAULT, register_with(0, 0, 0));
	become_receiver();
	EXPECT(-EINVAL, register_with(0, 1, 0));
	EXPECT(-EFAULT, register_with(0, CRTOS_WAITING_RECEIVER, 0));
	EXPECT(-EFAULT, register_with(NO_USER, 0, 0));
	EXPECT(-EFAULT, register_with(1ull << 63, 0, 0));
	EXPECT(-EBUSY, register_with(1, 0, 0));
	EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_VECTOR_FD, &vector));
	EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_SELF, &vector));
	EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_WAIT, &wait));
}

static void errors_of_senders(void)
{
	struct crtos_uintr_index index = { .index = 0, .flags = 1 };
	struct thread gone = { .vector = 4 };
	int i;

	thread_start(&gone);
	thread_stop(&gone);
	become_receiver();
	EXPECT(-EINVAL, uintr_unsender(0));
	for (i = 0; i < ENTRIES; i++)
		EXPECT(i, uintr_self(1));
	EXPECT(-EINVAL, sender_with(UINT32_MAX, 2, 0));
	EXPECT(-EINVAL, sender_with(UINT32_MAX, 0, 1));
	EXPECT(-EBADF, sender_with(UINT32_MAX, 0, 0));
	EXPECT(-EBADF, sender_with(UINT64_MAX, 0, 0));
	EXPECT(-EBADF, sender_with(1ull << 32, 0, 0));
	EXPECT(-EOPNOTSUPP, uintr_sender(device));
	EXPECT(-ESHUTDOWN, uintr_sender(gone.fd));
	EXPECT(-ENOSPC, uintr_sender(uintr_vector_fd(1)));
	EXPECT(-ENOSPC, uintr_self(CRTOS_UINTR_VECTORS));
	EXPECT(-ENOSPC, uintr_self(1));
	EXPECT(-EINVAL, device_call(CRTOS_IOC_UINTR_UNSENDER, &index));
	EXPECT(0, uintr_unsender(0));
	EXPECT(0, uintr_self(1));
}

/* --- UIF ------------------------------------------------------------------------------------- */

static void uif_begins_clear(void)
{
	stui();
	EXPECT(0, uintr_register(&mine));
	EXPECT(0, testui());
	stui();
	EXPECT(0, uintr_unregister());
	/* Without a table the state has ended. */
	EXPECT(0, testui());
	stui();
	EXPECT(0, uintr_register(&mine));
	EXPECT(0, testui());

	/* With one it goes on. */
	EXPECT(0, uintr_self(1));
	EXPECT(0, testui());
	stui();
	EXPECT(1, uintr_self(1));
	EXPECT(1, testui());
	EXPECT(0, uintr_unregister());
	EXPECT(1, testui());
	EXPECT(0, uintr_register(&mine));
	EXPECT(1, testui());
	clui();
	EXPECT(0, uintr_unregister());
	EXPECT(0, uintr_register(&mine));
	EXPECT(0, testui());
}

static volatile int others_stop;

static void *leave_uif_set(void *unused)
{
	while (!others_stop) {
		stui();
		sched_yield();
	}
	return unused;
}

static void *register_among_others(void *arg)
{
	static __thread struct receiver r;
	int i;

	for (i = 0; i < 200; i++) {
		sched_yield();
		EXPECT(0, uintr_register(&r));
		EXPECT(0, testui());
		sched_yield();
		EXPECT(0, testui());
		EXPECT(0, uintr_unregister());
	}
	return arg;
}

/* What others do to UIF on the same CPU is not seen. */
static void uif_is_of_the_thread(void)
{
	pthread_t other, self;

	REQUIRE(move_to_cpu(0, 0));
	EXPECT(0, pthread_create(&other, NULL, leave_uif_set, NULL));
	EXPECT(0, pthread_create(&self, NULL, register_among_others, NULL));
	EXPECT(0, pthread_join(self, NULL));
	others_stop = 1;
	EXPECT(0, pthread_join(other, NULL));
}

/* --- the alternate stack --------------------------------------------------------------------- */

static void ranges_of_the_stack(void)
{
	char page[2 * PAGE];
	uint64_t sp = (uint64_t)page;

	become_receiver();
	EXPECT(-EINVAL, stack_with(sp, PAGE - 1, 0));
	EXPECT(-EINVAL, stack_with(sp, 0, 0));
	EXPECT(-EINVAL, stack_with(sp, UINT64_MAX, 0));
	EXPECT(-EINVAL, stack_with(sp, UINT64_MAX - sp + 1, 0));
	EXPECT(-EINVAL, stack_with(UINT64_MAX, PAGE, 0));
	EXPECT(-EINVAL, stack_with(UINT64_MAX - PAGE + 1, PAGE, 0));
	EXPECT(-EINVAL, stack_with(NO_USER, PAGE, 0));
	EXPECT(-EINVAL, stack_with(NO_USER - PAGE, PAGE, 0));
	EXPECT(-EINVAL, stack_with(0xffff800000000000ull, PAGE, 0));
	EXPECT(-EINVAL, stack_with(sp, NO_USER - sp, 0));
	EXPECT(0, stack_with(sp, PAGE, 0));
	EXPECT(0, stack_with(0, UINT64_MAX, 0));
}

/* One page between two that must not be touched. */
static void smallest_stack(void)
{
	char *area = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long sent = 0;
	uint64_t top;
	int cut;

	REQUIRE(area != MAP_FAILED);
	EXPECT(0, mprotect(area + PAGE, PAGE, PROT_READ | PROT_WRITE));
	become_receiver();
	EXPECT(0, uintr_self(1));
	/* The base may be anything; the range may begin before the page as long as the top is in it. */
	for (cut = 0; cut < 32; cut++) {
		top = (uint64_t)area + 2 * PAGE - (uint64_t)cut;
		EXPECT(0, stack_with(top - PAGE, PAGE, 0));
		senduipi(0);
		REQUIRE(reaches(&mine.total, ++sent, SECONDS));
		EXPECT(0, mine.frame % 16);
		REQUIRE(mine.frame + sizeof(struct crtos_uintr_frame) <= top);
		REQUIRE(mine.frame + sizeof(struct crtos_uintr_frame) + 16 > top);
	}
	EXPECT(0, stack_with(0, 1, 0));
	senduipi(0);
	REQUIRE(reaches(&mine.total, ++sent, SECONDS));
	REQUIRE(mine.interrupted_rsp - mine.frame >= 128 + sizeof(struct crtos_uintr_frame));
	REQUIRE(mine.interrupted_rsp - mine.frame < 128 + sizeof(struct crtos_uintr_frame) + 16);
}

/* A registration begins on the current stack. */
static void stack_ends_with_the_handler(void)
{
	char page[2 * PAGE];

	become_receiver();
	EXPECT(0, uintr_self(1));
	EXPECT(0, stack_with((uint64_t)page, PAGE, 0));
	EXPECT(0, uintr_unregister());
	become_receiver();
	EXPECT(1, uintr_self(1));
	senduipi(1);
	REQUIRE(reaches(&mine.total, 1, SECONDS));
	REQUIRE(mine.interrupted_rsp - mine.frame < PAGE / 2);
}

/* --- descriptors ----------------------------------------------------------------------------- */

static void life_of_descriptors(void)
{
	int fd, copy;
	pid_t pid;

	become_receiver();
	fd = uintr_vector_fd(1);
	copy = dup(fd);
	EXPECT(0, close(fd));
	EXPECT(0, uintr_sender(copy));
	senduipi(0);
	REQUIRE(reaches(&mine.total, 1, SECONDS));

	/* Inherited, and the parent's is closed. */
	fd = dup(copy);
	pid = fork_child();
	if (!pid) {
		EXPECT(0, uintr_sender(fd));
		senduipi(0);
		_exit(0);
	}
	EXPECT(0, close(copy));
	EXPECT(0, close(fd));
	REQUIRE(reaches(&mine.total, 2, SECONDS));
	EXPECT(0, ended(pid));

	/* The right that was given stays. */
	senduipi(0);
	REQUIRE(reaches(&mine.total, 3, SECONDS));
	EXPECT(1, upids_used(1));
	EXPECT(0, uintr_unsender(0));
	EXPECT(0, uintr_unregister());
	EXPECT(0, upids_used(0));
}

static void no_descriptor_left(void)
{
	struct rlimit limit = { .rlim_cur = 16, .rlim_max = 16 };
	int fd, count = 0;

	become_receiver();
	EXPECT(0, setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = uintr_vector_fd(1)) >= 0)
		count++;
	EXPECT(-EMFILE, fd);
	REQUIRE(count > 0 && count < 16);
	close(15);
	EXPECT(15, uintr_vector_fd(1));
	EXPECT(0, uintr_unregister());
	EXPECT(1, upids_used(1));
	for (fd = 3; fd < 16; fd++) {
		if (fd != device)
			close(fd);
	}
	EXPECT(0, upids_used(0));
}

/* --- raw senders ----------------------------------------------------------------------------- */

/* The exporter is killed; nobody who comes after it hears what the raw sender goes on to post. */
static void target_of_raw_sender_dies(void)
{
	volatile uint64_t *address = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct crtos_check c;
	struct thread *t;
	unsigned int i, n;
	pid_t pid;

	pid = fork_child();
	if (!pid) {
		uint64_t exported;

		become_receiver();
		EXPECT(0, uintr_upid_address(&exported));
		*address = exported;
		for (;;)
			pause();
	}
	while (!*address)
		sched_yield();
	EXPECT(0, uintr_sender_raw(*address, 9));
	senduipi(0);
	kill(pid, SIGKILL);
	EXPECT(-SIGKILL, ended(pid));
	EXPECT(1, upids_used(1));
	EXPECT(-EINVAL, uintr_sender_raw(*address, 9));

	EXPECT(0, crtos_check(&c));
	n = c.upids_total - c.upids_used;
	t = calloc(n, sizeof(*t));
	for (i = 0; i < n; i++) {
		thread_start(&t[i]);
		REQUIRE(t[i].fd >= 0);
	}
	EXPECT(-ENOSPC, uintr_register(&mine));
	for (i = 0; i < 1000; i++)
		senduipi(0);
	usleep(10000);
	for (i = 0; i < n; i++)
		EXPECT(0, t[i].r.total);
	EXPECT(0, uintr_unsender(0));
	EXPECT(0, uintr_register(&mine));
}

/* --- 32-bit callers -------------------------------------------------------------------------- */

/* int 80h: pointers are 32 bits wide. */
static int ia32_call(unsigned int command, const void *arg, size_t size)
{
	static char *low;
	long ret;

	if (!low)
		low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	REQUIRE(low != MAP_FAILED);
	memcpy(low, arg, size);
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(IA32_IOCTL), "b"(device), "c"(command), "d"(low)
			 : "r8", "r9", "r10", "r11", "memory");
	memcpy((void *)arg, low, size);
	return (int)ret;
}

static void callers_of_32_bits(void)
{
	struct crtos_uintr_handler handler = { .handler = 4096 };
	struct crtos_uintr_sender sender = { .target = 0 };
	struct crtos_uintr_vector vector = { .vector = 1 };
	struct crtos_uintr_wait wait = { .usec = 0 };
	struct crtos_check c, seen = { 0 };
	struct crtos_uintr_index index = { 0 };

	EXPECT(0, crtos_check(&c));
	EXPECT(0, ia32_call(CRTOS_IOC_CHECK, &seen, sizeof(seen)));
	EXPECT(c.version, seen.version);
	EXPECT(c.features, seen.features);
	EXPECT(c.upids_total, seen.upids_total);
	EXPECT(-EOPNOTSUPP, ia32_call(CRTOS_IOC_UINTR_REGISTER, &handler, sizeof(handler)));
	EXPECT(-EINVAL, ia32_call(CRTOS_IOC_UINTR_VECTOR_FD, &vector, sizeof(vector)));
	EXPECT(0, ia32_call(CRTOS_IOC_UINTR_WAIT, &wait, sizeof(wait)));
	become_receiver();
	sender.target = (uint64_t)uintr_vector_fd(1);
	EXPECT(-EOPNOTSUPP, ia32_call(CRTOS_IOC_UINTR_SENDER, &sender, sizeof(sender)));
	EXPECT(-EOPNOTSUPP, ia32_call(CRTOS_IOC_UINTR_SELF, &vector, sizeof(vector)));
	EXPECT(0, uintr_self(1));
	EXPECT(0, ia32_call(CRTOS_IOC_UINTR_UNSENDER, &index, sizeof(index)));
}

static const struct test tests[] = {
	{ "the order of a receiver's errors", errors_of_receivers },
	{ "the order of a sender's errors", errors_of_senders },
	{ "UIF begins as 0 and then is the thread's", uif_begins_clear },
	{ "UIF of others on the same CPU is not seen", uif_is_of_the_thread },
	{ "ranges of the alternate stack", ranges_of_the_stack },
	{ "the smallest alternate stack", smallest_stack },
	{ "the alternate stack ends with the handler", stack_ends_with_the_handler },
	{ "descriptors: dup, inherit, close", life_of_descriptors },
	{ "no descriptor left", no_descriptor_left },
	{ "the target of a raw sender dies", target_of_raw_sender_dies },
	{ "32-bit callers", callers_of_32_bits },
};

/* Of a machine that has none, or may not use them. */
static void on_sigill(int signal)
{
	(void)signal;
	_exit(0);
}

static void nothing_works(void)
{
	struct crtos_check c;

	EXPECT(0, crtos_check(&c));
	EXPECT(0, c.features & CRTOS_FEATURE_UINTR_ENABLED);
	EXPECT(-EOPNOTSUPP, register_with(4096, 0, 0));
	EXPECT(-EOPNOTSUPP, uintr_sender(0));
	EXPECT(-EINVAL, uintr_self(0));
	EXPECT(-EINVAL, uintr_unsender(0));
	EXPECT(-EOPNOTSUPP, uintr_wait(1));
	signal(SIGILL, on_sigill);
	stui();
	REQUIRE(!"STUI raises SIGILL");
}

static const struct test without[] = { { "no call works, no instruction", nothing_works } };

int main(int argc, char **argv)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	if (argc == 2 && !strcmp(argv[1], "without"))
		return RUN_TESTS(without);
	return RUN_TESTS(tests);
}
