// SPDX-License-Identifier: MIT
/* Dies by SIGFPE. */
int main(int argc, char **argv)
{
	volatile int zero = argc - argc;

	(void)argv;
	return (argc + 41) / zero;
}
