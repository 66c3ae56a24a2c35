// SPDX-License-Identifier: MIT
/*
 * terminal [-s SIGNAL | -t TEXT] COMMAND...: runs a command on a terminal of its own. With -s it waits for the command
 * to show something or to be a while at it, types Ctrl-C, and succeeds if the command died by that signal; otherwise
 * its status is the command's. With -t it types the next line of TEXT whenever the command has shown a prompt, "# ".
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Types the next line. False: it cannot. */
static int type_line(int master, const char **text)
{
	size_t length = strcspn(*text, "\n");

	if (!(*text)[length])
		return 1;
	length++;
	if (write(master, *text, length) != (ssize_t)length)
		return 0;
	*text += length;
	return 1;
}

/* Whether what has been shown so far ends with a prompt. */
static int prompted(const char *shown, size_t bytes)
{
	static char last[2];

	for (; bytes; bytes--) {
		last[0] = last[1];
		last[1] = *shown++;
	}
	return last[0] == '#' && last[1] == ' ';
}

int main(int argc, char **argv)
{
	int master, status, sig = 0, typed = 0, first = 1;
	const char *text = "";
	char buffer[512];
	pid_t pid;

	if (argc > 3 && !strcmp(argv[1], "-s")) {
		sig = atoi(argv[2]);
		first = 3;
	} else if (argc > 3 && !strcmp(argv[1], "-t")) {
		text = argv[2];
		first = 3;
	}
	if (argc <= first)
		return 2;
	pid = forkpty(&master, NULL, NULL, NULL);
	if (pid < 0)
		return 2;
	if (!pid) {
		execvp(argv[first], argv + first);
		_exit(127);
	}
	for (;;) {
		struct pollfd p = { .fd = master, .events = POLLIN };
		int ready = poll(&p, 1, sig && !typed ? 2000 : 30000);
		ssize_t n = 0;

		if (ready < 0 || (!ready && (typed || !sig)))
			break;
		if (ready) {
			n = read(master, buffer, sizeof(buffer));
			if (n <= 0)
				break;
			fwrite(buffer, 1, n, stdout);
			if (prompted(buffer, n) && !type_line(master, &text))
				return 2;
		}
		if (sig && !typed) {
			typed = 1;
			if (write(master, "\003", 1) != 1)
				return 2;
		}
	}
	/* It closed the terminal, or shows nothing any more. */
	alarm(30);
	if (waitpid(pid, &status, 0) < 0)
		return 2;
	if (sig) {
		printf("status %x\n", status);
		return !(WIFSIGNALED(status) && WTERMSIG(status) == sig);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
