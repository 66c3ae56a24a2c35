# SPDX-License-Identifier: MIT
# gcc as people use it: the driver starts cc1, as, collect2 and ld.

cat >sum.h <<'END'
long sum(const long *values, int count);
END
cat >sum.c <<'END'
#include "sum.h"

long sum(const long *values, int count)
{
	long total = 0;

	for (int i = 0; i < count; i++)
		total += values[i];
	return total;
}
END
cat >main.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include "sum.h"

static void *run(void *result)
{
	long values[1000];

	for (int i = 0; i < 1000; i++)
		values[i] = i;
	*(long *)result = sum(values, 1000);
	return NULL;
}

int main(void)
{
	pthread_t thread;
	long result;

	if (pthread_create(&thread, NULL, run, &result))
		return 1;
	pthread_join(thread, NULL);
	printf("%ld\n", result);
	return 0;
}
END
printf 'int main(void)\n{\n\treturn undeclared;\n}\n' >wrong.c
given='cp ../*.c ../*.h .'
works "gcc compiles and links" gcc -O2 -Wall -o program main.c sum.c -pthread
cp rt/program .
works "gcc -c" gcc -O1 -g -c main.c sum.c
works "gcc -static" gcc -static -o program main.c sum.c
works "gcc -shared" gcc -shared -fPIC -o libsum.so sum.c
works "gcc -M" gcc -M main.c
works "gcc -pipe" gcc -pipe -O2 -S -o - sum.c
same "an error" gcc -c wrong.c
same "an undefined symbol" gcc -save-temps main.c -o program
given=:
works "what it made" ../program
