// SPDX-License-Identifier: MIT
/* Prints what it was started with. */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	char cwd[4096];
	char **e;
	int i;

	for (i = 0; i < argc; i++)
		printf("arg %d: %s\n", i, argv[i]);
	for (e = environ; *e; e++)
		printf("env: %s\n", *e);
	printf("cwd: %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	printf("execfn: %s\n", (const char *)getauxval(AT_EXECFN));
	printf("uid: %lu %u\n", getauxval(AT_UID), getuid());
	return argv[argc] != NULL;
}
