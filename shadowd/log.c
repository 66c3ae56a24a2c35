// SPDX-License-Identifier: MIT
/* crtos log: the text of the real-time kernel. */

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <crtos/crtos.h>

#include "command.h"

static bool write_all(const char *text, size_t size)
{
	while (size) {
		ssize_t written = write(STDOUT_FILENO, text, size);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		text += written;
		size -= written;
	}
	return true;
}

static int print_log(int dev, bool follow)
{
	const struct timespec tick = { .tv_nsec = 200 * 1000 * 1000 };
	uint64_t position = 0;
	char text[4096];
	int bytes;

	for (;;) {
		bytes = crtos_log_read(dev, &position, text, sizeof(text));
		if (bytes > 0) {
			if (!write_all(text, bytes))
				return complain("log", "standard output: %m");
			continue;
		}
		if (bytes < 0 && (bytes != -ENODEV || !follow))
			break;
		if (!follow)
			return EXIT_OK;
		nanosleep(&tick, NULL);
	}
	if (bytes == -ENODEV)
		return complain("log",
				"there was no real-time partition since the module was loaded");
	return complain("log", "%s", strerror(-bytes));
}

int command_log(int argc, char **argv)
{
	static const struct option names[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	bool follow = false;
	int option, dev, ret;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "f", names, NULL)) != -1) {
		if (option != 'f')
			return misuse("log", "unknown option");
		follow = true;
	}
	if (optind < argc)
		return misuse("log", "too many arguments");
	dev = open_device("log");
	if (dev < 0)
		return EXIT_FAILED;
	ret = print_log(dev, follow);
	crtos_close(dev);
	return ret;
}
