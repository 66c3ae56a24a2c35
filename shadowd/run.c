// SPDX-License-Identifier: MIT
/* crtos run: checks what can be checked, then becomes the shadow. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crtos/crtos.h>

#include "command.h"
#include "handover.h"
#include "layout.h"
#include "names.h"
#include "options.h"
#include "program.h"
#include "shadow.h"

/* 0, or -1 after a message. */
static int check_partition(struct run_options *options)
{
	struct crtos_partition_status status;
	struct crtos_check check;
	int dev = open_device("run"), ret;

	if (dev < 0)
		return -1;
	ret = crtos_partition_status(dev, &status);
	if (!ret)
		ret = crtos_check(dev, &check);
	crtos_close(dev);
	if (ret) {
		complain("run", "%s: %s", CRTOS_DEVICE, strerror(-ret));
		return -1;
	}
	if (status.state == CRTOS_PARTITION_PANIC) {
		complain("run",
			 "the real-time partition failed; see `crtos log`, then stop and start it");
		return -1;
	}
	if (status.state != CRTOS_PARTITION_RUNNING) {
		complain("run", NO_PARTITION);
		return -1;
	}
	if (options->notifier == NOTIFIER_AUTOMATIC)
		options->notifier = check.features & CRTOS_FEATURE_UINTR_ENABLED ?
					    CRTOS_NOTIFIER_UIPI :
					    CRTOS_NOTIFIER_IPI;
	return 0;
}

/* Says what is wrong before the program runs, and makes the path good for wherever it goes. */
static int prepare_stats(const char *file, char **absolute)
{
	char *directory;
	int fd, ret = 0;

	*absolute = NULL;
	if (!file)
		return 0;
	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	close(fd);
	if (file[0] == '/') {
		*absolute = strdup(file);
		return *absolute ? 0 : -ENOMEM;
	}
	directory = getcwd(NULL, 0);
	if (!directory)
		return -errno;
	if (asprintf(absolute, "%s/%s", directory, file) < 0)
		ret = -ENOMEM;
	free(directory);
	return ret;
}

/* Beside this program, as in the build tree, or where it is installed. */
static void shadowd_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *name;

	if (length > 0) {
		path[length] = '\0';
		name = strrchr(path, '/');
		if (name && (size_t)(name - path) + sizeof("/shadowd") <= size) {
			strcpy(name, "/shadowd");
			if (!access(path, X_OK))
				return;
		}
	}
	snprintf(path, size, "%s", SHADOWD_PATH);
}

static int become_shadow(const struct run_options *options, const char *program, const char *stats)
{
	struct handover handover = {
		.notifier = options->notifier,
		.policy = options->policy,
		.priority = options->priority,
		.spin = options->spin,
		.rt_spin = options->rt_spin,
		.stats = options->stats,
		.stats_file = stats,
		.path = program,
	};
	char path[PATH_MAX];

	handover.restore_stack = layout_prepare(&handover.stack);
	if (handover_give(&handover)) {
		complain("run", "%s", strerror(ENOMEM));
		return EXIT_CRTOS;
	}
	shadowd_path(path, sizeof(path));
	execv(path, options->program);
	complain("run", "%s: %m", errno == E2BIG ? options->program[0] : path);
	return errno == E2BIG ? EXIT_CANNOT_RUN : EXIT_CRTOS;
}

int command_run(int argc, char **argv)
{
	struct run_options options;
	const char *wrong = parse_run(argc, argv, &options);
	char *program, *stats;
	int ret;

	if (wrong) {
		misuse("run", "%s", wrong);
		return EXIT_CRTOS;
	}
	if (check_partition(&options))
		return EXIT_CRTOS;
	ret = prepare_stats(options.stats_file, &stats);
	if (ret) {
		complain("run", "%s: %s", options.stats_file, strerror(-ret));
		return EXIT_CRTOS;
	}
	program = program_find(options.program[0]);
	if (!program) {
		ret = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
		complain("run", "%s: %m", options.program[0]);
		free(stats);
		return ret;
	}
	return become_shadow(&options, program, stats);
}
