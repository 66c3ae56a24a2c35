// SPDX-License-Identifier: MIT
/* fifo99: asks for SCHED_FIFO 99 and says what came of it; 0: granted. */
#include <sched.h>
#include <stdio.h>

int main(void)
{
	const struct sched_param most = { .sched_priority = 99 };
	struct sched_param now = { 0 };

	if (sched_setscheduler(0, SCHED_FIFO, &most))
		perror("sched_setscheduler");
	sched_getparam(0, &now);
	printf("priority %d\n", now.sched_priority);
	return now.sched_priority != 99;
}
