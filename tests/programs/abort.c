// SPDX-License-Identifier: MIT
/* Dies by SIGABRT. */
#include <stdlib.h>

int main(void)
{
	abort();
}
