// SPDX-License-Identifier: MIT
/* The first thread ends; the others go on and make new ones, which take its place. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#define ROUNDS 20

static void *leaf(void *arg)
{
	getppid();
	return arg;
}

static void *rest(void *first)
{
	pthread_t thread;
	int i, good = 0;
	void *value;

	pthread_join(*(pthread_t *)first, NULL);
	for (i = 0; i < ROUNDS; i++)
		good += !pthread_create(&thread, NULL, leaf, &i) && !pthread_join(thread, &value) &&
			value == &i;
	check(good == ROUNDS, "%d of %d threads after the first one ended", good, ROUNDS);
	exit(test_end());
}

int main(void)
{
	static pthread_t self;
	pthread_t thread;

	self = pthread_self();
	pthread_create(&thread, NULL, rest, &self);
	pthread_exit(NULL);
}
