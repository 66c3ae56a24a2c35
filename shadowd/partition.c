// SPDX-License-Identifier: MIT
/* crtos start, stop and debug. */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <crtos/crtos.h>

#include "command.h"
#include "options.h"

/* True: modprobe says that it has done it. */
static bool load_module(void)
{
	char *argv[] = { "modprobe", "crtos", NULL };

	return run_program(argv);
}

/* The session, loading the module if need be; -1 after a message. */
static int open_or_load(void)
{
	int dev = crtos_open();

	if (dev >= 0)
		return dev;
	if (dev != -ENOENT && dev != -ENXIO)
		return open_device("start");
	if (!load_module()) {
		complain("start", "the crtos module is not loaded, and `modprobe crtos` failed%s",
			 geteuid() ? ": it needs root" : "; is it built for this kernel?");
		return -1;
	}
	return open_device("start");
}

static const char *explain_start(int error)
{
	switch (error) {
	case EPERM:
		return "not permitted: it needs root (CAP_SYS_ADMIN)";
	case EBUSY:
		return "a real-time partition runs already; see `crtos status`";
	case ENOENT:
		return "no image of the real-time kernel (crtos/rtos.bin in the firmware path)";
	case ENOEXEC:
		return "the image of the real-time kernel is not valid";
	case ENOMEM:
		return "not so much contiguous memory is free";
	case ETIMEDOUT:
		return "the real-time kernel did not answer; see `crtos log`";
	}
	return strerror(error);
}

/* Uses the module's own words where it has some. */
static int report(const char *command, const char *message, const char *fallback)
{
	size_t length = strcspn(message, "\n");

	if (length)
		return complain(command, "%.*s", (int)length, message);
	return complain(command, "%s", fallback);
}

int command_start(int argc, char **argv)
{
	struct crtos_partition_start start = { 0 };
	struct start_options options = { 0 };
	const char *wrong = parse_start(argc, argv, &options);
	int dev, ret;

	if (wrong)
		return misuse("start", "%s", wrong);
	dev = open_or_load();
	if (dev < 0)
		return EXIT_FAILED;
	start.cpu = options.cpu;
	start.mem_size = options.mem_size;
	ret = crtos_partition_start(dev, &start);
	crtos_close(dev);
	return ret ? report("start", start.message, explain_start(-ret)) : EXIT_OK;
}

static const char *explain_stop(int error)
{
	switch (error) {
	case EPERM:
		return "not permitted: it needs root (CAP_SYS_ADMIN)";
	case ENODEV:
		return "no real-time partition";
	case EBUSY:
		return "programs run there; end them first, or use --kill";
	}
	return strerror(error);
}

int command_stop(int argc, char **argv)
{
	static const struct option names[] = {
		{ "kill", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	struct crtos_partition_stop stop = { 0 };
	int option, dev, ret;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option != 'k')
			return misuse("stop", "unknown option");
		stop.flags |= CRTOS_STOP_KILL;
	}
	if (optind < argc)
		return misuse("stop", "too many arguments");
	dev = open_device("stop");
	if (dev < 0)
		return EXIT_FAILED;
	ret = crtos_partition_stop(dev, &stop);
	crtos_close(dev);
	return ret ? report("stop", stop.message, explain_stop(-ret)) : EXIT_OK;
}

int command_debug(int argc, char **argv)
{
	int dev, ret;

	if (argc != 2 || strcmp(argv[1], "panic"))
		return misuse("debug", "the only thing to do is: crtos debug panic");
	dev = open_device("debug");
	if (dev < 0)
		return EXIT_FAILED;
	ret = crtos_partition_panic(dev);
	crtos_close(dev);
	if (ret)
		return complain("debug", "%s", ret == -ENODEV ? NO_PARTITION : strerror(-ret));
	return EXIT_OK;
}
