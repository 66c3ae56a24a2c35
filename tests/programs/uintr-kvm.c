// SPDX-License-Identifier: MIT
/*
 * A receiver that runs a virtual machine with KVM while another process sends to it: no interrupt is
 * lost, the guest computes what it should, and gets no user interrupts of its own.
 */
#define _GNU_SOURCE
#include <linux/kvm.h>

#include "sleeps.h"

#define CODE 0x1000
#define PORT 0x10
#define RUNS 4 /* of the guest between two sleeps */
#define ROUNDS 3000

/* Real mode. Counts in EBX, shows it, works for a while, and halts every other time. */
static const unsigned char code[] = {
	0x66, 0x43, /* again: inc %ebx */
	0x66, 0x89, 0xd8, /* mov %ebx, %eax */
	0x66, 0xe7, PORT, /* out %eax, $PORT */
	0xb9, 0x00, 0x10, /* mov $0x1000, %cx */
	0xe2, 0xfe, /* loop . */
	0xf6, 0xc3, 0x01, /* test $1, %bl */
	0x74, 0xee, /* jz again */
	0xf4, /* hlt */
	0xeb, 0xeb, /* jmp again */
};

struct machine {
	int kvm, vm, cpu;
	struct kvm_run *run;
	uint32_t seen; /* the last EBX */
};

static void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

static void machine_start(struct machine *m)
{
	struct kvm_userspace_memory_region memory = {
		.guest_phys_addr = CODE,
		.memory_size = PAGE,
		.userspace_addr = (uint64_t)pages(PAGE),
	};
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	int size;

	memcpy((void *)memory.userspace_addr, code, sizeof(code));
	m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	REQUIRE(m->kvm >= 0);
	m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
	REQUIRE(m->vm >= 0);
	EXPECT(0, ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &memory));
	m->cpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	REQUIRE(m->cpu >= 0);
	size = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	m->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, m->cpu, 0);
	REQUIRE(m->run != MAP_FAILED);
	EXPECT(0, ioctl(m->cpu, KVM_GET_SREGS, &sregs));
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	EXPECT(0, ioctl(m->cpu, KVM_SET_SREGS, &sregs));
	EXPECT(0, ioctl(m->cpu, KVM_SET_REGS, &regs));
}

/* Until the guest shows its next number. EINTR: KVM gave up for a signal or an interrupt. */
static void machine_run(struct machine *m)
{
	for (;;) {
		if (ioctl(m->cpu, KVM_RUN, 0)) {
			EXPECT(EINTR, errno);
			continue;
		}
		if (m->run->exit_reason == KVM_EXIT_IO)
			break;
		EXPECT(KVM_EXIT_HLT, m->run->exit_reason);
	}
	EXPECT(PORT, m->run->io.port);
	EXPECT(4, m->run->io.size);
	EXPECT(++m->seen, *(uint32_t *)((char *)m->run + m->run->io.data_offset));
}

struct shared {
	struct receiver r;
	volatile unsigned long answered;
	volatile unsigned long sent;
};

/* Another process. The receiver is in the guest, in KVM, in user mode, or asleep. */
static void send_rounds(struct shared *shared, int fd, pid_t to)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long round;
	unsigned int delay;

	srand(1);
	EXPECT(0, uintr_sender(fd));
	for (round = 1; round <= ROUNDS; round++) {
		if (!(rand() % 64))
			move_to_cpu(to, rand() % cpus);
		for (delay = (unsigned int)rand() % (1u << rand() % 18); delay; delay--)
			__asm__ volatile("");
		shared->sent = round;
		senduipi(0);
		REQUIRE(reaches(&shared->answered, round, SECONDS));
	}
	_exit(0);
}

static void sent_to_while_it_runs_guests(void)
{
	struct shared *shared = pages(sizeof(*shared));
	struct machine machine = { .seen = 0 };
	struct call call = read_pipe();
	struct thread other = { .vector = 2 };
	unsigned long seen, others = 0, in_guest = 0;
	pid_t pid, self = gettid();
	int fd, i;

	alarm(200);
	machine_start(&machine);
	receiver = &shared->r;
	EXPECT(0,
	       device_call(CRTOS_IOC_UINTR_REGISTER,
			   &(struct crtos_uintr_handler){ (uint64_t)count_and_guard, FLAGS, 0 }));
	stui();
	fd = uintr_vector_fd(1);
	REQUIRE(fd >= 0);
	thread_start(&other);
	EXPECT(0, uintr_sender(other.fd));
	pid = fork_child();
	if (!pid)
		send_rounds(shared, fd, self);
	for (seen = 0; seen < ROUNDS; seen++) {
		for (i = 0; i < RUNS; i++)
			machine_run(&machine);
		in_guest += shared->r.total > seen;
		/* Asleep at last, unless it has come. */
		if (seen % 2)
			guarded_call(&call, &shared->r.total, seen);
		while (shared->r.total == seen)
			machine_run(&machine);
		EXPECT(seen + 1, shared->r.total);
		senduipi(0);
		REQUIRE(reaches(&other.r.total, ++others, SECONDS));
		shared->answered = seen + 1;
	}
	EXPECT(0, ended(pid));
	EXPECT(ROUNDS, shared->r.got[1]);
	EXPECT(ROUNDS, other.r.got[2]);
	REQUIRE(machine.seen >= RUNS * ROUNDS);
	printf("# the guest ran %u rounds; %lu interrupts came meanwhile\n", machine.seen,
	       in_guest);
	fflush(stdout);
	REQUIRE(in_guest > ROUNDS / 50);
	thread_stop(&other);
}

static void guest_has_none(void)
{
	struct {
		struct kvm_cpuid2 header;
		struct kvm_cpuid_entry2 entries[100];
	} cpuid = { .header = { .nent = 100 } };
	struct machine machine = { .seen = 0 };
	struct kvm_sregs sregs;
	unsigned int i;

	machine_start(&machine);
	EXPECT(0, ioctl(machine.kvm, KVM_GET_SUPPORTED_CPUID, &cpuid));
	for (i = 0; i < cpuid.header.nent; i++) {
		if (cpuid.entries[i].function == 7 && cpuid.entries[i].index == 0)
			EXPECT(0, cpuid.entries[i].edx & CRTOS_CPUID_7_0_EDX_UINTR);
	}
	EXPECT(0, ioctl(machine.cpu, KVM_GET_SREGS, &sregs));
	EXPECT(0, sregs.cr4 & CRTOS_CR4_UINTR);
	sregs.cr4 |= CRTOS_CR4_UINTR;
	EXPECT(-1, ioctl(machine.cpu, KVM_SET_SREGS, &sregs));
	machine_run(&machine);
}

static const struct test tests[] = {
	{ "the guest has no user interrupts", guest_has_none },
	{ "a receiver that runs a guest misses nothing", sent_to_while_it_runs_guests },
};

int main(void)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	return RUN_TESTS(tests);
}
