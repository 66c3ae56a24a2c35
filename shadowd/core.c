// SPDX-License-Identifier: MIT
/*
 * A core file in all that Linux has for it - patterns and pipes, limits, owner, notes, the bit in the wait status - can
 * be had from Linux only, of a process of Linux. So the shadow becomes like its program: its memory (core_memory.c),
 * then each of its threads by taking the registers of the program's (CRTOS write, uapi.h), in the kernel, from
 * where it does not come back. The thread that the signal was for is the last, and sends it to itself there.
 *
 * `stage` is written by the thread that claimed the end, alone: what it tells the others was stored before.
 */

#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw.h"
#include "shadow.h"
#include "signals.h"

#define BYTES_MAX (1u << 20)
#define XSAVE_HEADER 512
#define XSAVE_BYTES_MIN (XSAVE_HEADER + 64)

/* entry.S: system calls and XRSTOR only, for nothing of the C library works any more when FS is the program's. */
_Noreturn void core_become(const struct crtos_dump *dump, void *xsave, int dev, uint64_t signal);

/* The descriptions, in memory of our own. */
static struct crtos_core *core;
static const struct crtos_core_thread *threads;
static const struct crtos_area *areas;
static char *xsave;

static int stage; /* 0; 1: take your registers */
static int ending_signal;
static uint32_t last_slot, others;

/* --- whether, and what ---------------------------------------------------------------------------------- */

/* Linux decides in the end; here only whether it is worth the trouble. */
static bool wanted(uint64_t *limit)
{
	struct rlimit size = { 0, 0 };
	char pattern = '\0';
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &pattern, 1) < 0)
		pattern = '\0';
	if (fd >= 0)
		close(fd);
	if (raw_syscall6(__NR_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0, 0) <= 0)
		return false;
	*limit = UINT64_MAX;
	if (pattern == '|')
		return true;
	getrlimit(RLIMIT_CORE, &size);
	*limit = size.rlim_cur;
	return size.rlim_cur >= 4096;
}

static bool areas_valid(void)
{
	uint64_t behind = CRTOS_USER_START;
	uint32_t i;

	for (i = 0; i < core->areas; i++) {
		const struct crtos_area *a = &areas[i];

		if (a->start < behind || a->end <= a->start || a->end > CRTOS_USER_END ||
		    (a->start | a->end | a->offset) % 4096)
			return false;
		behind = a->end;
	}
	return true;
}

static bool find_parts(uint64_t bytes)
{
	uint64_t at = sizeof(*core), i;

	if (core->threads < 1 || core->threads > CRTOS_SCF_SLOTS || core->areas > BYTES_MAX ||
	    core->xsave_bytes > BYTES_MAX || core->xsave_bytes < XSAVE_BYTES_MIN ||
	    core->xsave_bytes % 64)
		return false;
	threads = (void *)((char *)core + at);
	at += core->threads * sizeof(*threads);
	areas = (void *)((char *)core + at);
	at = (at + core->areas * sizeof(*areas) + 63) & ~63ull;
	xsave = (char *)core + at;
	if (at + (uint64_t)core->threads * core->xsave_bytes > bytes)
		return false;
	for (i = 0; i < core->threads; i++) {
		if (threads[i].slot >= CRTOS_SCF_SLOTS)
			return false;
	}
	return areas_valid();
}

/* Into anonymous memory, which starts a page: what the FPU states are aligned to. */
static bool load(uint64_t at, uint64_t bytes)
{
	struct iovec from = { .iov_base = (void *)(uintptr_t)at, .iov_len = bytes }, to = from;

	if (bytes < sizeof(*core) || bytes > BYTES_MAX || at < CRTOS_USER_START ||
	    at > CRTOS_USER_END - bytes)
		return false;
	core = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (core == MAP_FAILED)
		return false;
	to.iov_base = core;
	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)bytes &&
	       find_parts(bytes);
}

/* --- threads -------------------------------------------------------------------------------------------- */

static const struct crtos_core_thread *find_thread(uint32_t slot, uint32_t *index)
{
	for (*index = 0; *index < core->threads; ++*index) {
		if (threads[*index].slot == slot)
			return &threads[*index];
	}
	return NULL;
}

static void block_signals(void)
{
	const uint64_t all = ~0ull;

	if (shadow.notifier == CRTOS_NOTIFIER_UIPI)
		crtos_clui();
	raw_syscall4(__NR_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&all, 0, sizeof(all));
}

/* XRSTOR faults on what it does not know. */
static void make_valid(char *state)
{
	uint32_t low, high, mxcsr;
	uint64_t present;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	memcpy(&present, state + XSAVE_HEADER, sizeof(present));
	present &= (uint64_t)high << 32 | low;
	memcpy(state + XSAVE_HEADER, &present, sizeof(present));
	memset(state + XSAVE_HEADER + sizeof(present), 0, 64 - sizeof(present));
	memcpy(&mxcsr, state + 24, sizeof(mxcsr));
	mxcsr &= 0xffff;
	memcpy(state + 24, &mxcsr, sizeof(mxcsr));
}

/* The calling thread becomes the program's; one that is none of its threads goes. */
static _Noreturn void become(uint32_t slot)
{
	struct crtos_dump dump = { 0 };
	uint32_t index = 0;
	const struct crtos_core_thread *thread = find_thread(slot, &index);

	if (!thread) {
		for (;;)
			raw_syscall3(__NR_exit, 0, 0, 0);
	}
	dump.regs = thread->regs;
	if (slot == last_slot) {
		dump.signal = ending_signal;
		dump.others = others;
		memcpy(dump.info, core->info, sizeof(dump.info));
	}
	make_valid(xsave + (size_t)index * core->xsave_bytes);
	core_become(&dump, xsave + (size_t)index * core->xsave_bytes, shadow.dev,
		    128 + ending_signal);
}

void core_join(void)
{
	if (!__atomic_load_n(&stage, __ATOMIC_ACQUIRE))
		return;
	block_signals();
	become(shadow_self ? shadow_self->slot : CRTOS_SLOT_NONE);
}

/* How many of the program's threads there are besides the last one. */
static uint32_t count_others(void)
{
	uint32_t slot, index, count = 0;

	for (slot = 0; slot < CRTOS_SCF_SLOTS; slot++) {
		if (slot != last_slot && find_thread(slot, &index) && shadow_thread_tid(slot))
			count++;
	}
	return count;
}

static void call_others(void)
{
	uint32_t slot;
	pid_t tid;

	for (slot = 0; slot < CRTOS_SCF_SLOTS; slot++) {
		tid = shadow_thread_tid(slot);
		if (tid && slot != shadow_self->slot)
			raw_syscall3(__NR_tgkill, getpid(), tid, CRTOS_SIGNAL);
	}
}

void core_end(int signal, uint64_t at, uint64_t bytes)
{
	const uint64_t default_action[4] = { 0 };
	uint64_t limit;
	uint32_t index;

	if (!shadow_self || !wanted(&limit) || !load(at, bytes) ||
	    !find_thread(shadow_self->slot, &index))
		return;
	ending_signal = signal;
	last_slot = core->slot;
	if (!find_thread(last_slot, &index) || !shadow_thread_tid(last_slot))
		last_slot = shadow_self->slot;
	shadow_signals_stop();
	shadow_threads_reap();
	block_signals();
	raw_syscall4(__NR_rt_sigaction, signal, (uintptr_t)default_action, 0, sizeof(uint64_t));
	core_memory(areas, core->areas, limit);
	others = count_others();
	__atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
	call_others();
	become(shadow_self->slot);
}
