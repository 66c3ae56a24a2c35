// SPDX-License-Identifier: MIT
/* Replaces itself twice: with other arguments, and with a new environment; then fails to. By its path. */
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

int main(int argc, char **argv)
{
	char *second[] = { argv[0], "two", "words", NULL }, *third[] = { argv[0], NULL };
	char *environment[] = { "EXECED=yes", NULL };

	if (argc == 1 && !getenv("EXECED")) {
		execve(argv[0], second, (char *[]){ "STEP=2", NULL });
		return 1;
	}
	if (argc == 3) {
		if (strcmp(argv[1], "two") || strcmp(argv[2], "words") || !getenv("STEP"))
			return 2;
		execve(argv[0], third, environment);
		return 3;
	}
	check(argc == 1 && !getenv("STEP"), "executed twice");
	check(execve("/does/not/exist", third, environment) == -1 && errno == ENOENT, "no file");
	check(execve("/tmp", third, environment) == -1 && errno == EACCES, "a directory");
	check(execve("/dev/null", third, environment) == -1 && errno == EACCES, "a device");
	return test_end();
}
