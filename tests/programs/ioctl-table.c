// SPDX-License-Identifier: MIT
/*
 * Every ioctl of /dev/crtos with bad input, a row a case, against the errno that <crtos/uapi.h> documents.
 *
 *	ioctl-table none	no partition runs
 *	ioctl-table partition	one runs
 *	ioctl-table user	as an unprivileged user
 *
 * Prints TAP. Cases that need user interrupts are left out where the CPU has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <crtos/uapi.h>
#include <crtos/uintr.h>

#define WILD ((void *)0x10)

enum situation {
	NONE = 1,
	PARTITION = 2,
	USER = 4,
	ANY = NONE | PARTITION | USER,
	ROOT = NONE | PARTITION,
};

static union {
	uint32_t flags32;
	struct crtos_check check;
	struct crtos_uintr_handler handler;
	struct crtos_uintr_vector vector;
	struct crtos_uintr_sender sender;
	struct crtos_uintr_index index;
	struct crtos_uintr_wait wait;
	struct crtos_uintr_stack stack;
	struct crtos_partition_start start;
	struct crtos_partition_stop stop;
	struct crtos_proc_status proc_status;
	struct crtos_log_read log;
	struct crtos_proc_create create;
	struct crtos_thread_attach attach;
	struct crtos_proc_fork fork;
	struct crtos_signalfd signalfd;
	uint64_t address;
} arg;

static int count, failures;

static void result(const char *name, int want, int found)
{
	if (want == found) {
		printf("ok %d - %s\n", ++count, name);
		return;
	}
	printf("not ok %d - %s: found %s, wanted %s\n", ++count, name, strerror(found),
	       strerror(want));
	failures++;
}

static int try(int fd, unsigned long cmd, void *p)
{
	int ret = ioctl(fd, cmd, p);

	return ret < 0 ? errno : 0;
}

/* Nothing is registered or created when these run. */
struct row {
	const char *name;
	enum situation in;
	int uintr;		/* needs user interrupts */
	unsigned long cmd;
	int want;
	void (*prepare)(void);	/* of `arg`, which is zero; NULL: pass a wild pointer */
};

/* A line each, where it fits. */
/* clang-format off */
static void nothing(void) {}
static void handler_flags(void)
{
	arg.handler = (struct crtos_uintr_handler){ .handler = 0x1000, .flags = 1 };
}
static void handler_reserved(void)
{
	arg.handler = (struct crtos_uintr_handler){ .handler = 0x1000, .reserved = 1 };
}
static void handler_kernel(void) { arg.handler.handler = 0xffffffff81000000ull; }
static void handler_noncanonical(void) { arg.handler.handler = 1ull << 60; }
static void one(void) { arg.flags32 = 1; }
static void vector_flags(void) { arg.vector.flags = 1; }
static void vector_reserved(void) { arg.vector.reserved = 1; }
static void sender_flags(void)
{
	arg.sender = (struct crtos_uintr_sender){ .target = 0, .flags = 2 };
}
static void sender_badfd(void) { arg.sender.target = 999; }
static void sender_hugefd(void) { arg.sender.target = 1ull << 40; }
static void sender_stdin(void) { arg.sender.target = 0; }
static void sender_vector(void)
{
	arg.sender = (struct crtos_uintr_sender){ .target = 0, .vector = 1 };
}
static void raw_null(void)
{
	arg.sender = (struct crtos_uintr_sender){ .flags = CRTOS_SENDER_RAW };
}
static void raw_ram(void)
{
	arg.sender = (struct crtos_uintr_sender){ .target = 0x100000, .flags = CRTOS_SENDER_RAW };
}
static void raw_odd(void)
{
	arg.sender = (struct crtos_uintr_sender){ .target = 0x100001, .flags = CRTOS_SENDER_RAW };
}
static void index_flags(void) { arg.index.flags = 1; }
static void index_huge(void) { arg.index.index = 0xffffffff; }
static void index_256(void) { arg.index.index = 256; }
static void wait_flags(void) { arg.wait.flags = 1; }
static void wait_long(void) { arg.wait.usec = 1000000001; }
static void wait_reserved(void) { arg.wait.reserved = 1; }
static void stack_flags(void) { arg.stack.flags = 1; }
static void stack_small(void)
{
	arg.stack = (struct crtos_uintr_stack){ .sp = 0x100000, .size = 100 };
}
static void start_flags(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 2, .mem_size = 64 << 20, .flags = 1 };
}
static void start_reserved(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 2,
						    .mem_size = 64 << 20,
						    .reserved = { 1 } };
}
static void start_cpu0(void) { arg.start.mem_size = 64 << 20; }
static void start_cpu_huge(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 0xffffffff, .mem_size = 64 << 20 };
}
static void start_mem_0(void) { arg.start.cpu = 2; }
static void start_mem_odd(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 2, .mem_size = (64 << 20) + 4096 };
}
static void start_mem_huge(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 2,
						    .mem_size = UINT64_MAX & ~0x1fffffull };
}
static void start_good(void)
{
	arg.start = (struct crtos_partition_start){ .cpu = 1, .mem_size = 32 << 20 };
}
static void stop_flags(void) { arg.stop.flags = 2; }
static void stop_reserved(void) { arg.stop.reserved = 1; }
static void status_reserved(void) { arg.proc_status.reserved0 = 1; }
static void status_huge(void) { arg.proc_status.index = 0xffffffff; }
static void log_reserved(void) { arg.log.reserved = 1; }
static void log_wild(void) { arg.log = (struct crtos_log_read){ .buffer = 0x10, .size = 4096 }; }
static void create_policy(void) { arg.create.policy = 3; }
static void create_priority(void)
{
	arg.create = (struct crtos_proc_create){ .policy = 1, .priority = 100 };
}
static void create_priority_0(void) { arg.create.policy = 1; }
static void create_other_5(void) { arg.create.priority = 5; }
static void create_notifier(void) { arg.create.notifier = 3; }
static void create_spin(void) { arg.create.rt_spin = 1000001; }
static void create_flags(void) { arg.create.flags = 1; }
static void create_reserved(void) { arg.create.reserved[1] = 1; }
static void create_fifo(void)
{
	arg.create = (struct crtos_proc_create){ .policy = 1, .priority = 50, .notifier = 2 };
}
static void signalfd_flags(void)
{
	arg.signalfd = (struct crtos_signalfd){ .fd = -1, .flags = 1 };
}
static void signalfd_badfd(void) { arg.signalfd.fd = 999; }
static void signalfd_stdin(void) { arg.signalfd.fd = 0; }
static void create_good(void) { arg.create.notifier = CRTOS_NOTIFIER_POLL; }
/* clang-format on */

static const struct row rows[] = {
	{ "an unknown command", ANY, 0, _IO(CRTOS_IOC_TYPE, 0xff), ENOTTY, nothing },
	{ "another device's command", ANY, 0, _IO('T', 1), ENOTTY, nothing },
	{ "a known number with another size", ANY, 0, _IOR(CRTOS_IOC_TYPE, 0x10, uint32_t), ENOTTY,
	  nothing },
	{ "CHECK", ANY, 0, CRTOS_IOC_CHECK, 0, nothing },
	{ "CHECK to a wild pointer", ANY, 0, CRTOS_IOC_CHECK, EFAULT, NULL },

	{ "UINTR_REGISTER from a wild pointer", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EFAULT, NULL },
	{ "UINTR_REGISTER: unknown flag", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EINVAL, handler_flags },
	{ "UINTR_REGISTER: reserved", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EINVAL, handler_reserved },
	{ "UINTR_REGISTER: handler 0", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EFAULT, nothing },
	{ "UINTR_REGISTER: kernel address", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EFAULT,
	  handler_kernel },
	{ "UINTR_REGISTER: non-canonical", ANY, 1, CRTOS_IOC_UINTR_REGISTER, EFAULT,
	  handler_noncanonical },
	{ "UINTR_UNREGISTER: flags", ANY, 1, CRTOS_IOC_UINTR_UNREGISTER, EINVAL, one },
	{ "UINTR_UNREGISTER: not a receiver", ANY, 1, CRTOS_IOC_UINTR_UNREGISTER, EINVAL, nothing },
	{ "UINTR_VECTOR_FD: flags", ANY, 1, CRTOS_IOC_UINTR_VECTOR_FD, EINVAL, vector_flags },
	{ "UINTR_VECTOR_FD: reserved", ANY, 1, CRTOS_IOC_UINTR_VECTOR_FD, EINVAL, vector_reserved },
	{ "UINTR_VECTOR_FD: not a receiver", ANY, 1, CRTOS_IOC_UINTR_VECTOR_FD, EINVAL, nothing },
	{ "UINTR_SENDER: flags", ANY, 1, CRTOS_IOC_UINTR_SENDER, EINVAL, sender_flags },
	{ "UINTR_SENDER: vector without RAW", ANY, 1, CRTOS_IOC_UINTR_SENDER, EINVAL,
	  sender_vector },
	{ "UINTR_SENDER: no such descriptor", ANY, 1, CRTOS_IOC_UINTR_SENDER, EBADF, sender_badfd },
	{ "UINTR_SENDER: descriptor out of range", ANY, 1, CRTOS_IOC_UINTR_SENDER, EBADF,
	  sender_hugefd },
	{ "UINTR_SENDER: another kind of descriptor", ANY, 1, CRTOS_IOC_UINTR_SENDER, EOPNOTSUPP,
	  sender_stdin },
	{ "UINTR_SENDER: raw, unprivileged", USER, 1, CRTOS_IOC_UINTR_SENDER, EPERM, raw_ram },
	{ "UINTR_SENDER: raw, address 0", ROOT, 1, CRTOS_IOC_UINTR_SENDER, EINVAL, raw_null },
	{ "UINTR_SENDER: raw, ordinary memory", ROOT, 1, CRTOS_IOC_UINTR_SENDER, EINVAL, raw_ram },
	{ "UINTR_SENDER: raw, misaligned", ROOT, 1, CRTOS_IOC_UINTR_SENDER, EINVAL, raw_odd },
	{ "UINTR_UNSENDER: flags", ANY, 1, CRTOS_IOC_UINTR_UNSENDER, EINVAL, index_flags },
	{ "UINTR_UNSENDER: nothing there", ANY, 1, CRTOS_IOC_UINTR_UNSENDER, EINVAL, nothing },
	{ "UINTR_UNSENDER: index 256", ANY, 1, CRTOS_IOC_UINTR_UNSENDER, EINVAL, index_256 },
	{ "UINTR_UNSENDER: index 2^32 - 1", ANY, 1, CRTOS_IOC_UINTR_UNSENDER, EINVAL, index_huge },
	{ "UINTR_WAIT: flags", ANY, 1, CRTOS_IOC_UINTR_WAIT, EINVAL, wait_flags },
	{ "UINTR_WAIT: too long", ANY, 1, CRTOS_IOC_UINTR_WAIT, EINVAL, wait_long },
	{ "UINTR_WAIT: reserved", ANY, 1, CRTOS_IOC_UINTR_WAIT, EINVAL, wait_reserved },
	{ "UINTR_STACK: flags", ANY, 1, CRTOS_IOC_UINTR_STACK, EINVAL, stack_flags },
	{ "UINTR_STACK: too small", ANY, 1, CRTOS_IOC_UINTR_STACK, EINVAL, stack_small },
	{ "UINTR_STACK: not a receiver", ANY, 1, CRTOS_IOC_UINTR_STACK, EOPNOTSUPP, nothing },
	{ "UINTR_UPID_ADDRESS: unprivileged", USER, 1, CRTOS_IOC_UINTR_UPID_ADDRESS, EPERM,
	  nothing },
	{ "UINTR_UPID_ADDRESS: not a receiver", ROOT, 1, CRTOS_IOC_UINTR_UPID_ADDRESS, EOPNOTSUPP,
	  nothing },

	{ "PARTITION_START from a wild pointer", ROOT, 0, CRTOS_IOC_PARTITION_START, EFAULT, NULL },
	{ "PARTITION_START: unprivileged", USER, 0, CRTOS_IOC_PARTITION_START, EPERM, start_good },
	{ "PARTITION_START: flags", ROOT, 0, CRTOS_IOC_PARTITION_START, EINVAL, start_flags },
	{ "PARTITION_START: reserved", ROOT, 0, CRTOS_IOC_PARTITION_START, EINVAL, start_reserved },
	{ "PARTITION_START: CPU 0", NONE, 0, CRTOS_IOC_PARTITION_START, EINVAL, start_cpu0 },
	{ "PARTITION_START: CPU 2^32 - 1", NONE, 0, CRTOS_IOC_PARTITION_START, EINVAL,
	  start_cpu_huge },
	{ "PARTITION_START: no memory", NONE, 0, CRTOS_IOC_PARTITION_START, EINVAL, start_mem_0 },
	{ "PARTITION_START: odd size", NONE, 0, CRTOS_IOC_PARTITION_START, EINVAL, start_mem_odd },
	{ "PARTITION_START: huge size", NONE, 0, CRTOS_IOC_PARTITION_START, EINVAL,
	  start_mem_huge },
	{ "PARTITION_START: a second one", PARTITION, 0, CRTOS_IOC_PARTITION_START, EBUSY,
	  start_good },
	{ "PARTITION_STOP: unprivileged", USER, 0, CRTOS_IOC_PARTITION_STOP, EPERM, nothing },
	{ "PARTITION_STOP: flags", ROOT, 0, CRTOS_IOC_PARTITION_STOP, EINVAL, stop_flags },
	{ "PARTITION_STOP: reserved", ROOT, 0, CRTOS_IOC_PARTITION_STOP, EINVAL, stop_reserved },
	{ "PARTITION_STOP: there is none", NONE, 0, CRTOS_IOC_PARTITION_STOP, ENODEV, nothing },
	{ "PARTITION_PANIC: unprivileged", USER, 0, CRTOS_IOC_PARTITION_PANIC, EPERM, nothing },
	{ "PARTITION_PANIC: there is none", NONE, 0, CRTOS_IOC_PARTITION_PANIC, ENODEV, nothing },
	{ "PARTITION_STATUS to a wild pointer", ANY, 0, CRTOS_IOC_PARTITION_STATUS, EFAULT, NULL },
	{ "PROC_STATUS: reserved", PARTITION, 0, CRTOS_IOC_PROC_STATUS, EINVAL, status_reserved },
	{ "PROC_STATUS: index 2^32 - 1", PARTITION, 0, CRTOS_IOC_PROC_STATUS, ENOENT, status_huge },
	{ "PROC_STATUS: no process", PARTITION, 0, CRTOS_IOC_PROC_STATUS, ENOENT, nothing },
	{ "LOG: reserved", PARTITION, 0, CRTOS_IOC_LOG, EINVAL, log_reserved },
	{ "LOG to a wild pointer", PARTITION, 0, CRTOS_IOC_LOG, EFAULT, log_wild },

	{ "SIGNALFD: unknown flag", ANY, 0, CRTOS_IOC_SIGNALFD, EINVAL, signalfd_flags },
	{ "SIGNALFD: no such descriptor", ANY, 0, CRTOS_IOC_SIGNALFD, EBADF, signalfd_badfd },
	{ "SIGNALFD: another kind of descriptor", ANY, 0, CRTOS_IOC_SIGNALFD, EINVAL,
	  signalfd_stdin },
	{ "PROC_CREATE from a wild pointer", ANY, 0, CRTOS_IOC_PROC_CREATE, EFAULT, NULL },
	{ "PROC_CREATE: policy", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_policy },
	{ "PROC_CREATE: priority 100", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_priority },
	{ "PROC_CREATE: SCHED_FIFO, priority 0", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL,
	  create_priority_0 },
	{ "PROC_CREATE: SCHED_OTHER, priority 5", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL,
	  create_other_5 },
	{ "PROC_CREATE: notifier", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_notifier },
	{ "PROC_CREATE: rt_spin", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_spin },
	{ "PROC_CREATE: flags", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_flags },
	{ "PROC_CREATE: reserved", ANY, 0, CRTOS_IOC_PROC_CREATE, EINVAL, create_reserved },
	{ "PROC_CREATE: no partition", NONE, 0, CRTOS_IOC_PROC_CREATE, ENODEV, create_good },
	{ "PROC_CREATE: real-time priority, unprivileged", USER, 0, CRTOS_IOC_PROC_CREATE, EPERM,
	  create_fifo },
	{ "PROC_START: no process", ANY, 0, CRTOS_IOC_PROC_START, ENOENT, nothing },
	{ "THREAD_ATTACH from a wild pointer", ANY, 0, CRTOS_IOC_THREAD_ATTACH, EFAULT, NULL },
	{ "THREAD_ATTACH: no process", ANY, 0, CRTOS_IOC_THREAD_ATTACH, ENOENT, nothing },
	{ "THREAD_WAIT: no slot", ANY, 0, CRTOS_IOC_THREAD_WAIT, EINVAL, nothing },
	{ "THREAD_DETACH: no slot", ANY, 0, CRTOS_IOC_THREAD_DETACH, EINVAL, nothing },
	{ "PROC_FORK from a wild pointer", ANY, 0, CRTOS_IOC_PROC_FORK, EFAULT, NULL },
	{ "PROC_FORK: no slot", ANY, 0, CRTOS_IOC_PROC_FORK, EINVAL, nothing },
	{ "KICK: no slot", ANY, 0, CRTOS_IOC_KICK, EINVAL, nothing },
	{ "ZAP: no process", ANY, 0, CRTOS_IOC_ZAP, ENOENT, nothing },
	{ "LEND: no process", ANY, 0, CRTOS_IOC_LEND, ENOENT, nothing },
};

static int map_errno(int fd, void *at, size_t size, int prot, int flags, uint64_t offset)
{
	void *p = mmap(at, size, prot, flags, fd, (off_t)offset);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

/* A session with a process that is never started. */
static void runs_on(void)
{
	_exit(0);
}

/* Return: the signal that a child dies of after it has written @dump. */
static int dies_of(int fd, struct crtos_dump dump, void (*action)(int))
{
	uint64_t stack[64];
	int status;
	sigset_t set;
	pid_t pid = fork();

	if (!pid) {
		sigfillset(&set);
		sigprocmask(SIG_BLOCK, &set, NULL);
		signal((int)dump.signal, action);
		dump.regs.rip = (uintptr_t)runs_on;
		dump.regs.rsp = (uintptr_t)(stack + 63);
		_exit(write(fd, &dump, sizeof(dump)) < 0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void caught(int signal)
{
	(void)signal;
}

static int try_write(int fd, const void *from, size_t bytes)
{
	return syscall(SYS_write, fd, from, bytes) < 0 ? errno : 0;
}

static void dumps(int fd)
{
	struct crtos_dump dump = { .signal = 65 };
	pid_t pid;
	int status;

	result("write: less than a dump", EINVAL, try_write(fd, &dump, sizeof(dump) - 1));
	result("write: more than a dump", EINVAL, try_write(fd, &dump, sizeof(dump) + 1));
	result("write from a wild pointer", EFAULT, try_write(fd, WILD, sizeof(dump)));
	result("write: signal 65", EINVAL, try_write(fd, &dump, sizeof(dump)));
	dump = (struct crtos_dump){ .signal = SIGABRT, .others = CRTOS_SCF_SLOTS + 1 };
	result("write: 65 other threads", EINVAL, try_write(fd, &dump, sizeof(dump)));
	dump.others = 0;
	result("a dump with its signal", SIGABRT, dies_of(fd, dump, SIG_DFL));
	result("a dump whose signal is ignored", SIGKILL, dies_of(fd, dump, SIG_IGN));
	result("a dump whose signal is caught", SIGKILL, dies_of(fd, dump, caught));
	dump.others = 1;
	result("a dump that waits for a thread in vain", SIGABRT, dies_of(fd, dump, SIG_DFL));
	dump.signal = 0;
	pid = fork();
	if (!pid)
		_exit(write(fd, &dump, sizeof(dump)) < 0);
	usleep(100000);
	result("a dump without a signal waits", 0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	result("until it is killed", SIGKILL, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void session(void)
{
	const uint64_t address = 0x100000000ull;
	void *at = (void *)(uintptr_t)address;
	int fd = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	volatile char *scf, *mirror;
	int pipes[2];
	pid_t pid;
	int status, child;

	result("mmap of the SCF buffer without a process", ENODEV,
	       map_errno(fd, NULL, CRTOS_SCF_SIZE, PROT_READ, MAP_SHARED, CRTOS_MMAP_SCF));
	memset(&arg, 0, sizeof(arg));
	create_good();
	result("PROC_CREATE", 0, try(fd, CRTOS_IOC_PROC_CREATE, &arg));
	memset(&arg, 0, sizeof(arg));
	create_good();
	result("PROC_CREATE: a second one", EBUSY, try(fd, CRTOS_IOC_PROC_CREATE, &arg));
	result("PROC_START before slot 0 has a thread", EINVAL,
	       try(fd, CRTOS_IOC_PROC_START, NULL));

	arg.attach = (struct crtos_thread_attach){ .slot = CRTOS_SCF_SLOTS };
	result("THREAD_ATTACH: slot 64", EINVAL, try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));
	arg.attach = (struct crtos_thread_attach){ .reserved = 1 };
	result("THREAD_ATTACH: reserved", EINVAL, try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));
	arg.attach = (struct crtos_thread_attach){ .handler = 0x1000 };
	result("THREAD_ATTACH: a handler for `poll`", EINVAL,
	       try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));
	pid = fork();
	if (!pid) {
		arg.attach = (struct crtos_thread_attach){ 0 };
		_exit(try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));
	}
	waitpid(pid, &status, 0);
	result("THREAD_ATTACH by another process", EPERM, WEXITSTATUS(status));
	arg.attach = (struct crtos_thread_attach){ 0 };
	result("THREAD_ATTACH", 0, try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));
	arg.attach = (struct crtos_thread_attach){ .slot = 1 };
	result("THREAD_ATTACH: a second slot for the same thread", EBUSY,
	       try(fd, CRTOS_IOC_THREAD_ATTACH, &arg));

	result("mmap of the SCF buffer with another length", EINVAL,
	       map_errno(fd, NULL, 4096, PROT_READ, MAP_SHARED, CRTOS_MMAP_SCF));
	result("mmap of the SCF buffer, private", EINVAL,
	       map_errno(fd, NULL, CRTOS_SCF_SIZE, PROT_READ, MAP_PRIVATE, CRTOS_MMAP_SCF));
	result("mmap of the mirror elsewhere", EINVAL,
	       map_errno(fd, at, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, address + 4096));
	result("mmap of the mirror, private", EINVAL,
	       map_errno(fd, at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, address));
	result("mmap of the mirror beyond the user range", EINVAL,
	       map_errno(fd, (void *)(uintptr_t)CRTOS_USER_END, 4096, PROT_READ,
			 MAP_SHARED | MAP_FIXED, CRTOS_USER_END));
	scf = mmap(NULL, CRTOS_SCF_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)CRTOS_MMAP_SCF);
	result("mmap of the SCF buffer", 0, scf == MAP_FAILED ? errno : 0);
	if (scf != MAP_FAILED)
		result("its magic", 0, *(volatile uint32_t *)scf == CRTOS_SCF_MAGIC ? 0 : EPROTO);
	mirror = mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)address);
	result("mmap of the mirror", 0, mirror == MAP_FAILED ? errno : 0);
	if (mirror != MAP_FAILED && !pipe(pipes)) {
		errno = 0;
		result("a system call on an address that the program has not mapped", EFAULT,
		       write(pipes[1], (void *)mirror, 1) < 0 ? errno : 0);
		pid = fork();
		if (!pid) {
			mirror = mmap(at, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
				      (off_t)address);
			_exit(mirror == MAP_FAILED ? 0 : *mirror);
		}
		waitpid(pid, &status, 0);
		result("touching it kills", SIGSEGV, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	dumps(fd);
	arg.fork = (struct crtos_proc_fork){ .reserved = 1 };
	result("PROC_FORK: reserved", EINVAL, try(fd, CRTOS_IOC_PROC_FORK, &arg));
	arg.fork = (struct crtos_proc_fork){ 0 };
	child = ioctl(fd, CRTOS_IOC_PROC_FORK, &arg);
	result("PROC_FORK", 0, child < 0 ? errno : 0);
	result("PROC_START of a fork without a shadow", EINVAL,
	       try(child, CRTOS_IOC_PROC_START, NULL));
	memset(&arg, 0, sizeof(arg));
	create_good();
	result("PROC_CREATE in its session", EBUSY, try(child, CRTOS_IOC_PROC_CREATE, &arg));
	close(child);
	arg.signalfd = (struct crtos_signalfd){ .fd = -1, .mask = -1ull };
	child = ioctl(fd, CRTOS_IOC_SIGNALFD, &arg);
	result("SIGNALFD", 0, child < 0 ? errno : 0);
	result("reading less than a record of it", EINVAL, read(child, &arg, 127) < 0 ? errno : 0);
	result("reading it in a shadow", CRTOS_SIGNALFD_READ,
	       read(child, &arg, 128) < 0 ? errno : 0);
	close(child);
	result("ZAP that nobody asked for does no harm", 0, try(fd, CRTOS_IOC_ZAP, NULL));
	result("LEND that nobody asked for does no harm", 0, try(fd, CRTOS_IOC_LEND, NULL));
	result("THREAD_DETACH", 0, try(fd, CRTOS_IOC_THREAD_DETACH, NULL));
	result("THREAD_DETACH again", EINVAL, try(fd, CRTOS_IOC_THREAD_DETACH, NULL));
	close(fd);
	if (scf != MAP_FAILED)
		munmap((void *)scf, CRTOS_SCF_SIZE);
	if (mirror != MAP_FAILED)
		munmap((void *)mirror, 4096);
}

int main(int argc, char **argv)
{
	enum situation now = argc < 2			   ? 0 :
			     !strcmp(argv[1], "none")	   ? NONE :
			     !strcmp(argv[1], "partition") ? PARTITION :
			     !strcmp(argv[1], "user")	   ? USER :
							     0;
	struct crtos_check check;
	size_t i;
	int fd;

	if (!now) {
		fprintf(stderr, "usage: ioctl-table none|partition|user\n");
		return 2;
	}
	if (now == USER && (setgid(65534) || setuid(65534))) {
		perror("setuid");
		return 1;
	}
	fd = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, CRTOS_IOC_CHECK, &check)) {
		perror(CRTOS_DEVICE);
		return 1;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];

		if (!(row->in & now) ||
		    (row->uintr && !(check.features & CRTOS_FEATURE_UINTR_ENABLED)))
			continue;
		memset(&arg, 0, sizeof(arg));
		if (row->prepare)
			row->prepare();
		result(row->name, row->want, try(fd, row->cmd, row->prepare ? (void *)&arg : WILD));
	}
	if (now == PARTITION)
		session();
	close(fd);
	return failures != 0;
}
