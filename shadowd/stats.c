// SPDX-License-Identifier: MIT
/* `crtos run --stats`: what the process cost, one "key value" line each. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "names.h"
#include "shadow.h"

/* One write for all, so that the blocks of several processes in one file stay whole. */
static char text[16384];
static size_t used;

static void __attribute__((format(printf, 1, 2))) line(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text + used, sizeof(text) - used, format, args);
	va_end(args);
	if (length > 0 && (size_t)length < sizeof(text) - used)
		used += length;
}

static void sum_ports(struct crtos_scf_port *sum)
{
	unsigned int slot;

	for (slot = 0; slot < CRTOS_SCF_SLOTS; slot++) {
		const struct crtos_scf_port *port = &shadow_threads[slot].port;

		sum->handled += port->handled;
		sum->spurious += port->spurious;
		sum->notified += port->notified;
		sum->suppressed += port->suppressed;
		sum->blocked += port->blocked;
	}
}

static uint64_t kernel_wakes(void)
{
	const uint32_t index = CRTOS_SCF_READ(shadow.scf->process);
	struct crtos_proc_status status = { .index = index };

	if (crtos_proc_status(shadow.dev, &status) < 0 || status.index != index)
		return 0;
	return status.wakes;
}

static void format_stats(void)
{
	const struct crtos_scf_rt *rt = &shadow.scf->rt;
	struct crtos_scf_port sum = { 0 };
	unsigned int nr;

	sum_ports(&sum);
	line("program %s\n", shadow.program);
	line("notifier %s\n", notifier_name(shadow.notifier));
	line("remote_calls %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->remote_calls));
	line("local_calls %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->local_calls));
	line("uipi_forward %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->notified));
	line("uipi_forward_taken %" PRIu64 "\n", sum.handled);
	line("suppressed_forward %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->suppressed));
	line("uipi_reverse %" PRIu64 "\n", sum.notified);
	line("uipi_reverse_taken %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->woken));
	line("suppressed_reverse %" PRIu64 "\n", sum.suppressed);
	line("spurious %" PRIu64 "\n", sum.spurious);
	line("shadow_blocked %" PRIu64 "\n", sum.blocked);
	line("rt_blocked %" PRIu64 "\n", (uint64_t)CRTOS_SCF_READ(rt->blocked));
	line("kernel_wakes %" PRIu64 "\n", kernel_wakes());
	for (nr = 0; nr < CRTOS_SCF_COUNTED_CALLS; nr++) {
		uint32_t count = CRTOS_SCF_READ(shadow.scf->calls[nr]);
		char name[SYSCALL_NAME_BYTES];

		if (count)
			line("call.%s %" PRIu32 "\n", syscall_name(nr, name), count);
	}
	line("\n");
}

void shadow_print_stats(void)
{
	int fd = STDERR_FILENO;

	if (!shadow.stats || !shadow.scf)
		return;
	format_stats();
	if (shadow.stats_file)
		fd = open(shadow.stats_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, used) != (ssize_t)used)
		dprintf(STDERR_FILENO, "crtos: %s: cannot write the statistics: %m\n",
			shadow.program);
}
