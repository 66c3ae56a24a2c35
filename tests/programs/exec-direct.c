// SPDX-License-Identifier: MIT
/* exec-direct PROGRAM: by execve, never by a shell as execvp does with what it does not know. */
#include <errno.h>
#include <unistd.h>

int main(int argc, char **argv, char **environment)
{
	if (argc < 2)
		return 2;
	execve(argv[1], argv + 1, environment);
	return errno == ENOENT ? 127 : 126;
}
