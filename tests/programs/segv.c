// SPDX-License-Identifier: MIT
/* Dies by SIGSEGV. */
int main(void)
{
	int *volatile address = (int *)0x10;

	return *(volatile int *)address;
}
