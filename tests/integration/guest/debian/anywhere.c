// SPDX-License-Identifier: MIT
/*
 * For LD_PRELOAD: a program that puts its threads on processors of its own choice, CPU 0 mostly, has them where they
 * are, and finds that they may be there. The affinity of a partition's program holds one processor, and so it would
 * fail, as it does on Linux in a cpuset without CPU 0.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <string.h>

int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set)
{
	(void)pid, (void)bytes, (void)set;
	return 0;
}

int sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set)
{
	(void)pid;
	memset(set, 0, bytes);
	*(unsigned char *)set = 0xf;
	return 0;
}

int pthread_attr_setaffinity_np(pthread_attr_t *attributes, size_t bytes, const cpu_set_t *set)
{
	(void)attributes, (void)bytes, (void)set;
	return 0;
}
