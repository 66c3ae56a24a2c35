# SPDX-License-Identifier: MIT
# The compiler, the assembler and the linker as the single programs that they are, and binutils: object files and
# programs come out the same to the byte.

cc1=$(gcc -print-prog-name=cc1)
gcc_lib=$(dirname "$(gcc -print-libgcc-file-name)")
lib=/usr/lib/x86_64-linux-gnu

cat >primes.c <<'END'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	size_t limit = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, count = 0;
	char *sieve = calloc(1, limit + 1);

	for (size_t i = 2; i <= limit; i++) {
		if (sieve[i])
			continue;
		count++;
		for (size_t j = i * i; j <= limit; j += i)
			sieve[j] = 1;
	}
	printf("%zu primes up to %zu, about %.1f\n", count, limit, limit / log(limit));
	free(sieve);
	return 0;
}
END
works "cc1" "$cc1" -quiet -imultiarch x86_64-linux-gnu -O2 -Wall ../primes.c -o primes.s
cp native/primes.s .
works "as" as -o primes.o ../primes.s
cp native/primes.o .
works "ld" ld -o primes -dynamic-linker /lib64/ld-linux-x86-64.so.2 $lib/crt1.o $lib/crti.o ../primes.o -lm -lc \
	-L$lib $lib/crtn.o
cp rt/primes .
works "what they made" ../primes 100000
works "ld, static" ld -static -o primes $lib/crt1.o $lib/crti.o $gcc_lib/crtbeginT.o ../primes.o -L$gcc_lib -L$lib \
	--start-group -lm -lc -lgcc -lgcc_eh --end-group $gcc_lib/crtend.o $lib/crtn.o
cp rt/primes primes.static
works "what they made, static" ../primes.static 100000
works "objdump" objdump -d ../primes
works "readelf" readelf -a --wide ../primes
works "nm" nm -D $lib/libc.so.6
works "strings" strings -n 12 $lib/libc.so.6
works "size" size ../primes ../primes.static
given='cp ../primes.static .'
works "strip" strip -o stripped primes.static
works "objcopy" objcopy --only-section=.text -O binary primes.static text
given=:
works "ar" ar rcsD lib.a ../primes.o
works "gdb without a program to run" gdb -nx -batch -ex 'print sizeof(long) * 5' -ex 'info line main' ../primes
works "strace -V" strace -V
