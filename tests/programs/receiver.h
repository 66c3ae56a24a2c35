/* SPDX-License-Identifier: MIT */
/*
 * What the tests of user interrupts share: the ioctls by name, a handler that counts, and the
 * instructions. Calls return what the ioctl returns, or the negative errno.
 */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>
#include <x86gprintrin.h>

#include <crtos/uapi.h>
#include <crtos/uintr.h>

#define ORDER 8

/* Written by the handler of one thread; may lie in memory that processes share. */
struct receiver {
	volatile unsigned long total;
	volatile unsigned long got[CRTOS_UINTR_VECTORS];
	volatile unsigned int order[ORDER]; /* the last vectors, a ring; the next is at total */
	volatile uint64_t frame; /* address of the last crtos_uintr_frame, and what is there */
	volatile uint64_t interrupted_rip;
	volatile uint64_t interrupted_rsp;
};

static int device = -1;
/* Of the calling thread; set before anything is registered. */
static __thread struct receiver *receiver;

/* gcc points at the frame behind the vector. */
__attribute__((interrupt, target("general-regs-only,uintr"))) static void
count_interrupt(struct __uintr_frame *frame, unsigned long long vector)
{
	struct receiver *r = receiver;

	r->frame = (uint64_t)frame - offsetof(struct crtos_uintr_frame, rip);
	r->interrupted_rip = frame->rip;
	r->interrupted_rsp = frame->rsp;
	r->order[r->total % ORDER] = vector;
	if (vector < CRTOS_UINTR_VECTORS)
		r->got[vector]++;
	r->total++;
}

static inline void senduipi(uint64_t index)
{
	__asm__ volatile("senduipi %0" : : "r"(index) : "memory");
}

static inline void stui(void)
{
	__asm__ volatile("stui" : : : "memory");
}

static inline void clui(void)
{
	__asm__ volatile("clui" : : : "memory");
}

static inline int testui(void)
{
	int uif;

	__asm__ volatile("testui" : "=@ccc"(uif));
	return uif;
}

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int device_call(unsigned long command, void *arg)
{
	int ret = ioctl(device, command, arg);

	return ret < 0 ? -errno : ret;
}

static inline int uintr_register_handler(uint64_t handler)
{
	struct crtos_uintr_handler arg = { .handler = handler };

	return device_call(CRTOS_IOC_UINTR_REGISTER, &arg);
}

static inline int uintr_register(struct receiver *r)
{
	receiver = r;
	return uintr_register_handler((uint64_t)count_interrupt);
}

static inline int uintr_unregister(void)
{
	uint32_t flags = 0;

	return device_call(CRTOS_IOC_UINTR_UNREGISTER, &flags);
}

static inline int uintr_vector_fd(uint64_t vector)
{
	struct crtos_uintr_vector arg = { .vector = vector };

	return device_call(CRTOS_IOC_UINTR_VECTOR_FD, &arg);
}

static inline int uintr_sender(int fd)
{
	struct crtos_uintr_sender arg = { .target = (uint64_t)fd };

	return device_call(CRTOS_IOC_UINTR_SENDER, &arg);
}

static inline int uintr_sender_raw(uint64_t address, uint32_t vector)
{
	struct crtos_uintr_sender arg = { address, CRTOS_SENDER_RAW, vector };

	return device_call(CRTOS_IOC_UINTR_SENDER, &arg);
}

static inline int uintr_unsender(uint32_t index)
{
	struct crtos_uintr_index arg = { .index = index };

	return device_call(CRTOS_IOC_UINTR_UNSENDER, &arg);
}

static inline int uintr_wait(uint64_t usec)
{
	struct crtos_uintr_wait arg = { .usec = usec };

	return device_call(CRTOS_IOC_UINTR_WAIT, &arg);
}

static inline int uintr_self(uint64_t vector)
{
	struct crtos_uintr_vector arg = { .vector = vector };

	return device_call(CRTOS_IOC_UINTR_SELF, &arg);
}

static inline int uintr_stack(void *sp, uint64_t size)
{
	struct crtos_uintr_stack arg = { .sp = (uint64_t)sp, .size = size };

	return device_call(CRTOS_IOC_UINTR_STACK, &arg);
}

static inline int uintr_upid_address(uint64_t *address)
{
	return device_call(CRTOS_IOC_UINTR_UPID_ADDRESS, address);
}

static inline int crtos_check(struct crtos_check *now)
{
	return device_call(CRTOS_IOC_CHECK, now);
}

/* 1 on success; the CPU may be offline. tid 0: the calling thread. */
static inline int move_to_cpu(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(tid, sizeof(set), &set);
}

/* The count comes to this number within so many seconds. */
static inline int reaches(volatile unsigned long *count, unsigned long number, double seconds)
{
	double end = now() + seconds;

	while (*count < number) {
		if (now() > end)
			return 0;
		sched_yield();
	}
	return 1;
}

#endif
