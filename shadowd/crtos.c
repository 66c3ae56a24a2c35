// SPDX-License-Identifier: MIT
/* crtos: the front command. */

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <crtos/crtos.h>

#include "command.h"
#include "help.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "check", command_check },   { "start", command_start }, { "stop", command_stop },
	{ "status", command_status }, { "run", command_run },	  { "log", command_log },
	{ "debug", command_debug },   { "syscalls", command_syscalls },
};

static void __attribute__((format(printf, 2, 0)))
say(const char *command, const char *format, va_list args)
{
	fprintf(stderr, "crtos%s%s: ", command ? " " : "", command ? command : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int complain(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(command, format, args);
	va_end(args);
	return EXIT_FAILED;
}

int misuse(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(command, format, args);
	va_end(args);
	fputs("Try: crtos help\n", stderr);
	return EXIT_USAGE;
}

int open_device(const char *command)
{
	int dev = crtos_open();

	switch (-dev) {
	case ENOENT:
	case ENXIO:
		complain(command, "the crtos module is not loaded; load it with: modprobe crtos");
		return -1;
	case EPROTONOSUPPORT:
		complain(command,
			 "the crtos module that is loaded has another version than this program");
		return -1;
	}
	if (dev < 0) {
		complain(command, "%s: %s", CRTOS_DEVICE, strerror(-dev));
		return -1;
	}
	return dev;
}

bool run_program(char **argv)
{
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static int is_help(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "--help") || !strcmp(word, "-h");
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc < 2) {
		fputs(help_text, stderr);
		return EXIT_USAGE;
	}
	if (is_help(argv[1]) || (argc > 2 && !strcmp(argv[2], "--help"))) {
		fputs(help_text, stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("crtos " CRTOS_VERSION);
		return EXIT_OK;
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return misuse(NULL, "%s: no such command", argv[1]);
}
