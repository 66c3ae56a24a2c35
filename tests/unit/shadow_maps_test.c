// SPDX-License-Identifier: MIT
/* sources: shadowd/files.c shadowd/maps.c */
/* cflags: -Ishadowd -Ilibcrtos */
/* What /proc tells of a program: names of files, /proc/self/maps, its arguments. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <crtos/core.h>

#include "files.h"
#include "shadow.h"

#define AT ((char *)0x300000000000)

static char directory[] = "/tmp/shadow_maps_test.XXXXXX";

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || chdir(directory))
		return -1;
	return mmap(AT, 8192, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != AT;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static int make(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void same_number_for_the_same_file(void **state)
{
	int a = make("a"), b = make("b"), again = open("a", O_RDONLY);
	long first = files_number(a);
	char path[128];

	(void)state;
	assert_true(first > 0);
	assert_int_equal(files_number(again), first);
	assert_true(files_number(b) > 0);
	assert_int_not_equal(files_number(b), first);
	assert_int_equal(files_number(999), 0);
	snprintf(path, sizeof(path), "%s/a", directory);
	assert_string_equal(files_get(first)->path, path);
	assert_null(files_get(0));
	assert_null(files_get(FILES_MAX));
	assert_null(files_get(UINT32_MAX));
	close(a);
	close(b);
	close(again);
}

/* Another file by the same name is not opened, nor is what would wait. */
static void only_the_same_file_is_opened(void **state)
{
	int fd = make("c");
	long number = files_number(fd);
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(ftruncate(fd, 12345), 0);
	close(fd);
	fd = files_open(number, &bytes);
	assert_true(fd >= 0);
	assert_int_equal(bytes, 12345);
	close(fd);
	assert_int_equal(rename("c", "d"), 0);
	assert_int_equal(files_open(number, &bytes), -1);
	assert_int_equal(symlink("/etc/passwd", "c"), 0);
	assert_int_equal(files_open(number, &bytes), -1);
	assert_int_equal(unlink("c"), 0);
	assert_int_equal(mkfifo("c", 0600), 0);
	assert_int_equal(files_open(number, &bytes), -1);
	assert_int_equal(files_open(0, &bytes), -1);
}

static void maps_are_as_linux_has_them(void **state)
{
	int file = make("with\nnewline"), fd;
	struct crtos_area *areas = (struct crtos_area *)AT;
	char text[4096], want[4096];
	struct stat st;
	ssize_t length;

	(void)state;
	assert_int_equal(fstat(file, &st), 0);
	areas[0] = (struct crtos_area){ 0x10000, 0x12000, 0x3000, files_number(file), 5 };
	areas[1] = (struct crtos_area){ 0x12000, 0x13000, 0, 0, 3 | CRTOS_AREA_HEAP };
	areas[2] = (struct crtos_area){ 0x400000000000, 0x400000001000, 0x55000, 0,
					CRTOS_AREA_SHARED };
	areas[3] = (struct crtos_area){ 0x4fffffef0000, 0x4fffffff0000, 0, 0,
					3 | CRTOS_AREA_STACK };
	fd = shadow_maps((uintptr_t)AT, 4, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	length = read(fd, text, sizeof(text) - 1);
	assert_true(length > 0);
	text[length] = '\0';
	snprintf(want, sizeof(want), "%s%02x:%02x %lu ", "00010000-00012000 r-xp 00003000 ",
		 major(st.st_dev), minor(st.st_dev), (unsigned long)st.st_ino);
	snprintf(want + strlen(want), sizeof(want) - strlen(want),
		 "%*s%s/with\\012newline\n%s\n%s\n%s\n", 73 - (int)strlen(want), "", directory,
		 "00012000-00013000 rw-p 00000000 00:00 0                                  [heap]",
		 "400000000000-400000001000 ---s 00000000 00:00 0 ",
		 "4fffffef0000-4fffffff0000 rw-p 00000000 00:00 0                          [stack]");
	assert_string_equal(text, want);
	close(fd);
	fd = shadow_maps((uintptr_t)AT, 0, 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(read(fd, text, 1), 0);
	close(fd);
	close(file);
}

static void bad_lists_are_refused(void **state)
{
	(void)state;
	assert_int_equal(shadow_maps((uintptr_t)AT + 8192, 1, 0), -EFAULT);
	assert_int_equal(shadow_maps((uintptr_t)AT, 300, 0), -EFAULT);
	assert_int_equal(shadow_maps((uintptr_t)AT, UINT64_MAX, 0), -EFAULT);
	assert_int_equal(shadow_maps((uintptr_t)directory, 1, 0), -EFAULT);
	assert_int_equal(shadow_maps(UINT64_MAX, 1, 0), -EFAULT);
}

static size_t read_own(const char *name, char *text, size_t room)
{
	int fd = open(name, O_RDONLY);
	ssize_t length = read(fd, text, room);

	close(fd);
	return length < 0 ? 0 : length;
}

/* Of this process, by way of a child; twice, as exec after exec. */
static void tell_arguments(void)
{
	static const char strings[] = "one\0two words\0A=1\0B=";
	const uint64_t at = (uintptr_t)AT, end = at + sizeof(strings);
	uint64_t args[6] = { at, at + 14, end, at + 4096, 64 };
	uint64_t *auxv = (uint64_t *)(AT + 4096);
	char text[256];

	memcpy(AT, strings, sizeof(strings));
	memcpy(auxv, (uint64_t[8]){ 6, 4096, 9, 0x1234567, 0, 0, 0, 0 }, 64);
	if (shadow_set_mm(args) || shadow_set_mm(args))
		_exit(1);
	memset(AT, 0, 8192);
	if (read_own("/proc/self/cmdline", text, sizeof(text)) != 14 || memcmp(text, strings, 14))
		_exit(2);
	if (read_own("/proc/self/environ", text, sizeof(text)) != sizeof(strings) - 14 ||
	    memcmp(text, strings + 14, sizeof(strings) - 14))
		_exit(3);
	if (read_own("/proc/self/auxv", text, sizeof(text)) < 32 ||
	    memcmp(text + 24, "\x67\x45\x23\1", 4))
		_exit(4);
	args[1] = at - 1;
	if (shadow_set_mm(args) != -EINVAL)
		_exit(5);
	args[1] = at + 14;
	args[3] = (uintptr_t)text;
	if (shadow_set_mm(args) != -EINVAL)
		_exit(6);
	args[3] = at + 4096;
	args[0] = args[1] = args[2] = at + 65536;
	if (shadow_set_mm(args) >= 0)
		_exit(7);
	free(malloc(1 << 20));
	_exit(0);
}

static void arguments_are_told(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (!child)
		tell_arguments();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_number_for_the_same_file),
		cmocka_unit_test(only_the_same_file_is_opened),
		cmocka_unit_test(maps_are_as_linux_has_them),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(arguments_are_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
