// SPDX-License-Identifier: MIT
/*
 * shadowd: becomes the shadow of a real-time process. Executed by `crtos run` in its own process, so that
 * the real-time process has the pid, the terminal, the descriptors and the limits of that command. Every
 * step either succeeds or ends with a message; the last one hands the process to the RTOS.
 */

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "args.h"
#include "handover.h"
#include "layout.h"
#include "names.h"
#include "private_fd.h"
#include "shadow.h"
#include "signals.h"

struct shadow shadow = { .dev = -1, .mirror_dev = -1, .notifier = CRTOS_NOTIFIER_POLL };

static _Noreturn void __attribute__((format(printf, 2, 3)))
stop(int status, const char *format, ...)
{
	va_list args;

	fputs("crtos run: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void open_device(void)
{
	int dev = crtos_open();

	if (dev == -ENOENT || dev == -ENXIO)
		stop(EXIT_CRTOS, "the crtos module is not loaded; load it with: modprobe crtos");
	if (dev < 0)
		stop(EXIT_CRTOS, "%s: %s", CRTOS_DEVICE, strerror(-dev));
	/* The program finds its numbers free, as it would without us. */
	shadow.dev = shadow.mirror_dev = private_fd(dev, dev, -1);
	if (shadow.dev < 0)
		stop(EXIT_CRTOS, "no room for private descriptors: %s", strerror(-shadow.dev));
	crtos_close(dev);
}

static void create_process(const struct handover *handover)
{
	struct crtos_proc_create create = {
		.policy = handover->policy,
		.priority = handover->priority,
		.notifier = handover->notifier,
		.rt_spin = handover->rt_spin,
	};
	int ret = crtos_proc_create(shadow.dev, &create);

	switch (-ret) {
	case 0:
		break;
	case ENODEV:
		stop(EXIT_CRTOS,
		     "no real-time partition; start one with: crtos start --cpus N --mem SIZE");
	case EAGAIN:
		stop(EXIT_CRTOS, "the partition has as many processes as it can");
	case ENOSPC:
		stop(EXIT_CRTOS, "no user-interrupt descriptor is left");
	case EPERM:
		stop(EXIT_CRTOS,
		     "priority %" PRIu32
		     " is not permitted: it needs CAP_SYS_NICE or RLIMIT_RTPRIO",
		     handover->priority);
	case EOPNOTSUPP:
		stop(EXIT_CRTOS, "no user interrupts here (see `crtos check`); use --notifier ipi");
	default:
		stop(EXIT_CRTOS, "cannot make the real-time process: %s", strerror(-ret));
	}
	shadow.notifier = handover->notifier;
}

/* The shadow works for the real-time thread with the same urgency. Threads to come inherit it. */
static void set_policy(const struct handover *handover)
{
	struct sched_param param = { .sched_priority = (int)handover->priority };

	if (handover->policy != SCHED_OTHER && sched_setscheduler(0, (int)handover->policy, &param))
		stop(EXIT_CRTOS, "cannot set priority %" PRIu32 ": %m", handover->priority);
}

static void map_all(void)
{
	struct rlimit space = { RLIM_INFINITY, RLIM_INFINITY }, room = space;
	uint64_t start = 0;
	int ret = layout_check(&start);

	if (ret == -EEXIST)
		stop(EXIT_CRTOS,
		     "memory of its own at %#" PRIx64
		     " is in the program's way; is vm.legacy_va_layout set?",
		     start);
	if (ret)
		stop(EXIT_CRTOS, "/proc/self/maps: %s", strerror(-ret));

	ret = crtos_scf_map(shadow.dev, &shadow.scf);
	if (ret)
		stop(EXIT_CRTOS, "cannot map the SCF buffer: %s", strerror(-ret));
	ret = shadow_threads_init();
	if (ret)
		stop(EXIT_CRTOS, "no address space for shadow threads: %s", strerror(-ret));

	/* The mirror is far larger than a limit that is meant for the program. */
	if (!getrlimit(RLIMIT_AS, &space) && space.rlim_cur != RLIM_INFINITY) {
		room.rlim_cur = room.rlim_max = space.rlim_max;
		setrlimit(RLIMIT_AS, &room);
	}
	ret = crtos_mirror_map(shadow.dev, CRTOS_USER_START, CRTOS_USER_END);
	if (space.rlim_cur != RLIM_INFINITY)
		setrlimit(RLIMIT_AS, &space);
	if (ret)
		stop(EXIT_CRTOS, "cannot map the program's address range: %s%s", strerror(-ret),
		     ret == -ENOMEM ? " (a hard limit of address space?)" :
		     ret == -EPERM  ? " (vm.mmap_min_addr above 65536?)" :
				      "");
}

/* Microseconds to TSC cycles, measured over the start-up and at least 100 us. */
static uint64_t spin_cycles(uint32_t usec, uint64_t tsc0, const struct timespec *time0)
{
	struct timespec now;
	uint64_t ns, cycles;

	if (!usec || usec == SPIN_FOREVER)
		return usec ? UINT64_MAX : 0;
	do {
		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		cycles = __rdtsc() - tsc0;
		ns = (uint64_t)(now.tv_sec - time0->tv_sec) * 1000000000 + now.tv_nsec -
		     time0->tv_nsec;
	} while (ns < 100000);
	return (uint64_t)((double)cycles / ns * usec * 1000);
}

static void make_args(const char *path, char *const argv[], const struct crtos_args *signals)
{
	int ret = args_serialise(path, argv, environ, signals, &shadow.args, &shadow.args_size);

	if (ret)
		stop(EXIT_CANNOT_RUN, "%s: %s", argv[0], strerror(-ret));
	/* Until the RTOS sets it from the program; ps and killall then know the process. */
	prctl(PR_SET_NAME, basename(path));
}

static void restore_stack_limit(const struct handover *handover)
{
	struct rlimit limit;

	if (!handover->restore_stack || getrlimit(RLIMIT_STACK, &limit))
		return;
	limit.rlim_cur = handover->stack;
	setrlimit(RLIMIT_STACK, &limit);
}

int main(int argc, char *argv[])
{
	struct crtos_args signals;
	struct handover handover;
	struct timespec time0;
	uint64_t tsc0;
	int ret;

	if (argc < 1 || handover_take(&handover)) {
		fputs("shadowd: this is a part of `crtos run`, and started by it\n", stderr);
		return EXIT_CRTOS;
	}
	clock_gettime(CLOCK_MONOTONIC_RAW, &time0);
	tsc0 = __rdtsc();
	shadow.program = argv[0];
	shadow.stats = handover.stats;
	shadow.stats_file = handover.stats_file;
	restore_stack_limit(&handover);

	shadow_signals_init(&signals);
	open_device();
	create_process(&handover);
	set_policy(&handover);
	map_all();
	make_args(handover.path, argv, &signals);
	shadow.spin = spin_cycles(handover.spin, tsc0, &time0);

	ret = shadow_attach_first();
	if (ret)
		stop(EXIT_CRTOS, "cannot become a shadow: %s", strerror(-ret));
	ret = crtos_proc_start(shadow.dev);
	if (ret) {
		shadow_check_state();
		stop(EXIT_CRTOS, "cannot start the real-time process: %s", strerror(-ret));
	}
	shadow_first_loop();
}
