// SPDX-License-Identifier: MIT
/*
 * Start and stop of the partition, interrupted at any moment by a signal or a kill: either it was
 * done, or all is as it was.
 *
 *	partition-interrupt CPU MIB
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "receiver.h"
#include "test.h"

#define STARTS 18
#define PARTS 6 /* of the time that a start takes; a signal after each */
#define KILLS 6

static unsigned int cpu;
static uint64_t size;

static int start(void)
{
	struct crtos_partition_start arg = { .cpu = cpu, .mem_size = size };
	int ret = device_call(CRTOS_IOC_PARTITION_START, &arg);

	if (ret && ret != -EINTR)
		printf("# start: %s: %s\n", strerror(-ret), arg.message);
	return ret;
}

static int stop(void)
{
	struct crtos_partition_stop arg = { 0 };
	int ret = device_call(CRTOS_IOC_PARTITION_STOP, &arg);

	if (ret && ret != -EINTR && ret != -ENODEV)
		printf("# stop: %s: %s\n", strerror(-ret), arg.message);
	return ret;
}

static unsigned int state(void)
{
	struct crtos_partition_status status;

	return device_call(CRTOS_IOC_PARTITION_STATUS, &status) ? ~0u : status.state;
}

static int online(void)
{
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void alarm_in(unsigned int usec)
{
	struct itimerval timer = { .it_value = { usec / 1000000, usec % 1000000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The shortest time that a start has taken yet, in microseconds. */
static unsigned int shortest = 60000000;

static int timed_start(void)
{
	double begin = now();
	int ret = start();
	double usec = (now() - begin) * 1e6;

	if (!ret && usec < shortest)
		shortest = (unsigned int)usec;
	return ret;
}

/* In order: before, within and after the time that a start takes. */
static void interrupted_by_signal(int cpus)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int i, ret, interrupted = 0, done = 0, good = 1;

	sigaction(SIGALRM, &action, NULL);
	for (i = 0; i < STARTS && good; i++) {
		alarm_in(shortest / PARTS * (unsigned int)(i % (PARTS + 3)) + 100);
		ret = timed_start();
		alarm_in(0);
		if (ret == -EINTR) {
			interrupted++;
			good = state() == CRTOS_PARTITION_NONE;
		} else {
			done++;
			good = !ret && state() == CRTOS_PARTITION_RUNNING && !stop();
		}
		good = good && online() == cpus;
		if (!good)
			printf("# round %d: start gave %d, state %u, %d CPUs\n", i, ret, state(),
			       online());
	}
	check(good, "a start that a signal interrupts leaves nothing behind");
	check(interrupted > 0 && done > 0, "both happened: %d interrupted, %d done", interrupted,
	      done);
}

static void start_and_stop_for_ever(void)
{
	for (;;) {
		start();
		stop();
	}
}

/* Two at once, so that one is often found waiting for the other. */
static void killed(int cpus)
{
	int i, k, ret, status, found_running = 0, good = 1;
	pid_t pid[2];

	for (i = 0; i < KILLS && good; i++) {
		fflush(stdout);
		for (k = 0; k < 2; k++) {
			pid[k] = fork();
			if (!pid[k]) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				if (!freopen("/dev/null", "w", stdout))
					_exit(1);
				start_and_stop_for_ever();
			}
		}
		usleep(shortest / 3 + shortest * 2 / KILLS * (unsigned int)i);
		for (k = 0; k < 2; k++) {
			kill(pid[k], SIGKILL);
			good = waitpid(pid[k], &status, 0) == pid[k] && WIFSIGNALED(status) && good;
		}
		found_running += state() == CRTOS_PARTITION_RUNNING;
		ret = stop();
		good = good && (!ret || ret == -ENODEV) && state() == CRTOS_PARTITION_NONE &&
		       online() == cpus;
		if (!good)
			printf("# round %d: stop gave %d, state %u, %d CPUs\n", i, ret, state(),
			       online());
	}
	check(good, "killed while starting or stopping, all can be given back (%d of %d ran)",
	      found_running, i);
}

int main(int argc, char **argv)
{
	int cpus = online(), good;

	if (argc != 3) {
		fprintf(stderr, "usage: partition-interrupt CPU MIB\n");
		return 2;
	}
	cpu = (unsigned int)atoi(argv[1]);
	size = (uint64_t)atoi(argv[2]) << 20;
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	/* The first one also reads the image from disk. */
	good = !timed_start() && !stop() && !timed_start() && !stop();
	if (check(good, "start and stop, undisturbed (%u ms)", shortest / 1000)) {
		interrupted_by_signal(cpus);
		killed(cpus);
		check(!start() && !stop() && online() == cpus, "start and stop afterwards");
	}
	return test_end();
}
