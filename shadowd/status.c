// SPDX-License-Identifier: MIT
/* crtos status: a table for people, or "key: value" lines for programs. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <crtos/boot.h>
#include <crtos/crtos.h>

#include "command.h"
#include "names.h"

struct snapshot {
	struct crtos_check check;
	struct crtos_partition_status partition;
	struct crtos_proc_status proc[CRTOS_PROCS];
	unsigned int procs;
};

static int take(int dev, struct snapshot *s)
{
	struct crtos_proc_status next = { .index = 0 };
	int ret = crtos_check(dev, &s->check);

	if (!ret)
		ret = crtos_partition_status(dev, &s->partition);
	if (ret)
		return ret;
	for (s->procs = 0; s->procs < CRTOS_PROCS; next.index++) {
		ret = crtos_proc_status(dev, &next);
		if (ret)
			break;
		s->proc[s->procs++] = next;
	}
	return ret == -ENOENT || ret == -ENODEV ? 0 : ret;
}

static const char *state_name(unsigned int state)
{
	switch (state) {
	case CRTOS_PARTITION_NONE:
		return "none";
	case CRTOS_PARTITION_RUNNING:
		return "running";
	case CRTOS_PARTITION_PANIC:
		return "panic";
	case CRTOS_PARTITION_CHANGING:
		return "changing";
	}
	return "?";
}

static const char *proc_state_name(unsigned int state)
{
	switch (state) {
	case CRTOS_RTPROC_FREE:
		return "starting";
	case CRTOS_RTPROC_RUNNING:
		return "running";
	case CRTOS_RTPROC_ENDED:
	case CRTOS_RTPROC_DEAD:
		return "ending";
	}
	return "?";
}

static void raw(const char *key, uint64_t value)
{
	printf("%s: %" PRIu64 "\n", key, value);
}

static void raw_proc(const struct crtos_proc_status *p)
{
	const struct {
		const char *key;
		uint64_t value;
	} lines[] = {
		{ "threads", p->threads },
		{ "priority", p->priority },
		{ "frames", p->frames },
		{ "remote_calls", p->remote_calls },
		{ "local_calls", p->local_calls },
		{ "uipi_forward", p->notified },
		{ "suppressed_forward", p->suppressed },
		{ "uipi_reverse_taken", p->woken },
		{ "kernel_wakes", p->wakes },
	};
	unsigned int i;

	printf("process.%u.pid: %d\n", p->index, p->pid);
	printf("process.%u.comm: %s\n", p->index, p->comm);
	printf("process.%u.state: %s\n", p->index, proc_state_name(p->rt_state));
	printf("process.%u.policy: %s\n", p->index, policy_name(p->policy));
	printf("process.%u.notifier: %s\n", p->index, notifier_name(p->notifier));
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		printf("process.%u.%s: %" PRIu64 "\n", p->index, lines[i].key, lines[i].value);
}

static void print_raw(const struct snapshot *s)
{
	const struct crtos_partition_status *p = &s->partition;
	char name[SYSCALL_NAME_BYTES];
	unsigned int i;

	printf("state: %s\n", state_name(p->state));
	raw("uintr", !!(s->check.features & CRTOS_FEATURE_UINTR_ENABLED));
	raw("upids_total", s->check.upids_total);
	raw("upids_used", s->check.upids_used);
	raw("uitts_used", s->check.uitts_used);
	raw("receivers", s->check.receivers);
	raw("module_wakes", s->check.wakes);
	if (p->state == CRTOS_PARTITION_NONE)
		return;
	printf("build: %s\n", p->build);
	raw("cpu", p->cpu);
	raw("apic_id", p->apic_id);
	raw("mem_phys", p->mem_phys);
	raw("mem_size", p->mem_size);
	raw("frames_total", p->frames_total);
	raw("frames_free", p->frames_free);
	raw("frames_pinned", p->frames_pinned);
	raw("frames_lent", p->frames_lent);
	raw("heartbeat", p->heartbeat);
	raw("uipi_forward", p->notified);
	raw("uipi_reverse_taken", p->woken);
	raw("reverse_interrupts", p->reverse_interrupts);
	raw("foreign_interrupts", p->foreign_interrupts);
	raw("kernel_wakes", p->wakes);
	raw("longest_nonpreemptible_ns", p->longest_nonpreemptible_ns);
	raw("timer_max_latency_ns", p->timer_max_latency_ns);
	raw("processes", p->processes);
	for (i = 0; i < s->procs; i++)
		raw_proc(&s->proc[i]);
	for (i = 0; i < CRTOS_SCF_COUNTED_CALLS; i++)
		if (p->calls[i])
			printf("call.%u.%s: %" PRIu64 "\n", i, syscall_name(i, name),
			       (uint64_t)p->calls[i]);
}

static void print_procs(const struct snapshot *s)
{
	unsigned int i;

	if (!s->procs) {
		puts("programs      none");
		return;
	}
	printf("\n%8s %-15s %-8s %-8s %4s %9s %8s %11s %11s\n", "PID", "PROGRAM", "STATE", "POLICY",
	       "THR", "MEMORY", "NOTIFIER", "REMOTE", "LOCAL");
	for (i = 0; i < s->procs; i++) {
		const struct crtos_proc_status *p = &s->proc[i];
		char policy[16];

		snprintf(policy, sizeof(policy), p->priority ? "%s %u" : "%s",
			 policy_name(p->policy), p->priority);
		printf("%8d %-15s %-8s %-8s %4u %8" PRIu64 "K %8s %11" PRIu64 " %11" PRIu64 "\n",
		       p->pid, p->comm, proc_state_name(p->rt_state), policy, p->threads,
		       (uint64_t)p->frames * 4, notifier_name(p->notifier),
		       (uint64_t)p->remote_calls, (uint64_t)p->local_calls);
	}
}

static const uint64_t *counts;

static int by_count(const void *a, const void *b)
{
	uint64_t x = counts[*(const unsigned int *)a], y = counts[*(const unsigned int *)b];

	return x < y ? 1 : x > y ? -1 : 0;
}

/* The most frequent first. */
static void print_calls(const uint64_t *calls)
{
	unsigned int order[CRTOS_SCF_COUNTED_CALLS], used = 0, i;
	char name[SYSCALL_NAME_BYTES];

	for (i = 0; i < CRTOS_SCF_COUNTED_CALLS; i++)
		if (calls[i])
			order[used++] = i;
	if (!used)
		return;
	counts = calls;
	qsort(order, used, sizeof(order[0]), by_count);
	printf("\n%-24s %11s\n", "REMOTE CALL", "COUNT");
	for (i = 0; i < used; i++)
		printf("%-24s %11" PRIu64 "\n", syscall_name(order[i], name), calls[order[i]]);
}

static void print_table(const struct snapshot *s)
{
	const struct crtos_partition_status *p = &s->partition;
	uint64_t calls[CRTOS_SCF_COUNTED_CALLS];
	unsigned int i;

	printf("partition     %s\n", state_name(p->state));
	printf("uintr         %s; %u of %u descriptors, %u receivers, %u send tables in use\n",
	       s->check.features & CRTOS_FEATURE_UINTR_ENABLED ? "enabled" : "not available",
	       s->check.upids_used, s->check.upids_total, s->check.receivers, s->check.uitts_used);
	if (p->state == CRTOS_PARTITION_NONE)
		return;
	printf("kernel        %s\n", p->build);
	printf("processor     %u (APIC id %u)\n", p->cpu, p->apic_id);
	printf("memory        %" PRIu64 "M, %" PRIu64 "M free, %" PRIu64
	       "K referenced by Linux, %" PRIu64 "K lent by Linux\n",
	       (uint64_t)p->mem_size >> 20, (uint64_t)p->frames_free >> 8,
	       (uint64_t)p->frames_pinned * 4, (uint64_t)p->frames_lent * 4);
	printf("notified      %" PRIu64 " to Linux (%" PRIu64 " through its kernel), %" PRIu64
	       " from Linux in %" PRIu64 " interrupts\n",
	       (uint64_t)p->notified, (uint64_t)p->wakes, (uint64_t)p->woken,
	       (uint64_t)p->reverse_interrupts);
	printf("interrupts    %" PRIu64 " timer, %" PRIu64 " foreign\n", (uint64_t)p->heartbeat,
	       (uint64_t)p->foreign_interrupts);
	printf("worst         %" PRIu64 " ns not preemptible, %" PRIu64 " ns timer latency\n",
	       (uint64_t)p->longest_nonpreemptible_ns, (uint64_t)p->timer_max_latency_ns);
	print_procs(s);
	for (i = 0; i < CRTOS_SCF_COUNTED_CALLS; i++)
		calls[i] = p->calls[i];
	print_calls(calls);
}

int command_status(int argc, char **argv)
{
	static const struct option names[] = {
		{ "raw", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	static struct snapshot snapshot;
	bool as_lines = false;
	int option, dev, ret;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option != 'r')
			return misuse("status", "unknown option");
		as_lines = true;
	}
	if (optind < argc)
		return misuse("status", "too many arguments");
	dev = open_device("status");
	if (dev < 0)
		return EXIT_FAILED;
	ret = take(dev, &snapshot);
	crtos_close(dev);
	if (ret)
		return complain("status", "%s", strerror(-ret));
	if (as_lines)
		print_raw(&snapshot);
	else
		print_table(&snapshot);
	return EXIT_OK;
}
