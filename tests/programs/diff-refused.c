// SPDX-License-Identifier: MIT
/*
 * The system calls that the RTOS refuses by design, and numbers that are none: the errno is that of the table the
 * RTOS is built from. What Linux says to them is another matter, so this is no comparison: on Linux it only says
 * what is expected.
 */
#include "diff.h"

/* They are names of classes here, of handlers and of masks. */
#define REFUSED_REALTIME(number, what)
#define REFUSED_DUAL(number, what)
#define REFUSED_REMOTE(number, what)
#define REFUSED_REFUSED(number, what) { number, what },
#define SYSCALL(number, name, class, what, pointers) REFUSED_##class(number, what)
static const struct {
	long nr, error;
} refused[] = {
#include "../../rtos/syscalls.def"
};

static const long none[] = { 335,    400,     423,     451,	510,	  511,	    512, 1000,
			     0xffff, 0x10000, 0x10004, 0x1ffff, 1l << 31, 1l << 32, -1 };

static void show(long nr, long error)
{
	long ret = diff_on_rtos ? RAW(nr, 0, 0, 0, 0, 0, 0) : -error;

	printf("%ld: %s\n", nr, ret < 0 ? diff_error(ret) : "done");
}

int main(int argc, char **argv)
{
	unsigned int i;

	diff_start(argc, argv);
	group("system calls that are refused");
	for (i = 0; i < COUNT(refused); i++)
		show(refused[i].nr, refused[i].error);
	group("numbers that are no system calls");
	for (i = 0; i < COUNT(none); i++)
		show(none[i], ENOSYS);
	return diff_end();
}
