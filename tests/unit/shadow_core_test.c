// SPDX-License-Identifier: MIT
/* sources: shadowd/core_memory.c shadowd/files.c */
/* cflags: -Ishadowd -Ilibcrtos */
/* The memory that a core file is made of: the same contents, of files where they are as in the file. */

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core.h"
#include "files.h"
#include "shadow.h"

#define PAGE 4096u
#define AT ((char *)0x300000000000)
#define READ_WRITE (CRTOS_AREA_READ | CRTOS_AREA_WRITE)

static char path[] = "/tmp/shadow_core_test.XXXXXX";
static uint64_t unmapped;

/* What is not in the list is unmapped: the sanitizer's memory would be too. */
int crtos_mirror_unmap(uint64_t start, uint64_t end)
{
	unmapped += end - start;
	return 0;
}

/* The mirror: shared memory, with a hole where the program's page cannot be accessed. */
static void prepare(size_t pages)
{
	assert_true(mmap(AT, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == AT);
}

/* Its line of /proc/self/smaps with this key, in KiB; of the key NULL, whether the line of the area holds `text`. */
static long smaps(const char *at, const char *key, const char *text)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	uint64_t start, end;
	bool here = false;
	char line[512];
	long value = -1;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
			here = (uint64_t)at >= start && (uint64_t)at < end;
			if (here && !key)
				value = strstr(line, text) != NULL;
		} else if (here && key && !strncmp(line, key, strlen(key))) {
			value = strtol(line + strlen(key), NULL, 10);
		}
	}
	fclose(file);
	return value;
}

#define need(what)                                 \
	do {                                       \
		if (!(what))                       \
			_exit(__LINE__ % 250 + 1); \
	} while (0)

/* In children: their memory changes. */
static void in_child(void (*what)(void))
{
	pid_t child = fork();
	int status;

	if (!child) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void anonymous(void)
{
	const struct crtos_area areas[] = {
		{ (uintptr_t)AT, (uintptr_t)AT + 8 * PAGE, 0, 0, READ_WRITE },
		{ (uintptr_t)AT + 9 * PAGE, (uintptr_t)AT + 10 * PAGE, 0, 0, 0 },
		{ (uintptr_t)AT + 10 * PAGE, (uintptr_t)AT + 11 * PAGE, 0, 0, CRTOS_AREA_READ },
	};

	prepare(11);
	memset(AT + PAGE, 'x', PAGE);
	memset(AT + 5 * PAGE, 'y', 10);
	memset(AT + 10 * PAGE, 'z', PAGE);
	need(!mprotect(AT + 3 * PAGE, PAGE, PROT_NONE));
	core_memory(areas, 3, UINT64_MAX);
	need(AT[0] == 0 && AT[PAGE] == 'x' && AT[2 * PAGE - 1] == 'x' && AT[2 * PAGE] == 0);
	need(AT[3 * PAGE] == 0 && AT[5 * PAGE + 9] == 'y' && AT[5 * PAGE + 10] == 0);
	need(AT[10 * PAGE] == 'z');
	need(smaps(AT, NULL, "rw-p") == 1 && smaps(AT, "Anonymous:", NULL) == 8);
	need(smaps(AT + 9 * PAGE, NULL, "---p") == 1 && smaps(AT + 10 * PAGE, NULL, "r--p") == 1);
	need(unmapped == CRTOS_USER_END - CRTOS_USER_START - 10 * PAGE);
}

static void of_a_file(void)
{
	struct crtos_area area = { (uintptr_t)AT, (uintptr_t)AT + 6 * PAGE, PAGE, 0, 5 };
	int fd = mkstemp(path);
	unsigned int i;

	/* Five pages and a half: of those mapped, from the second on, the last ones lie behind the end. */
	for (i = 0; i < 11; i++) {
		char half[PAGE / 2];

		memset(half, 'a' + i / 2, sizeof(half));
		need(write(fd, half, sizeof(half)) == sizeof(half));
	}
	area.file = files_number(fd);
	close(fd);
	prepare(6);
	for (i = 0; i < 4; i++)
		memset(AT + i * PAGE, 'b' + i, PAGE);
	memset(AT + 4 * PAGE, 'f', PAGE / 2);
	AT[2 * PAGE + 7] = '!';
	AT[5 * PAGE] = '?';
	core_memory(&area, 1, UINT64_MAX);
	unlink(path);
	need(AT[0] == 'b' && AT[PAGE] == 'c' && AT[2 * PAGE + 6] == 'd' && AT[2 * PAGE + 7] == '!');
	need(AT[4 * PAGE] == 'f' && AT[5 * PAGE - 1] == 0 && AT[5 * PAGE] == '?');
	need(smaps(AT, NULL, path) == 1 && smaps(AT, NULL, "r-xp 00001000") == 1);
	need(smaps(AT, "Anonymous:", NULL) == 4);
	need(smaps(AT + 5 * PAGE, NULL, path) == 0);
}

static void limited(void)
{
	const struct crtos_area area = { (uintptr_t)AT, (uintptr_t)AT + 64 * PAGE, 0, 0,
					 READ_WRITE };

	prepare(64);
	memset(AT, 'x', 64 * PAGE);
	core_memory(&area, 1, 10 * PAGE);
	need(AT[10 * PAGE - 1] == 'x' && AT[10 * PAGE] == 0);
}

static void test_anonymous(void **state)
{
	(void)state;
	in_child(anonymous);
}

static void test_file(void **state)
{
	(void)state;
	in_child(of_a_file);
}

static void test_limit(void **state)
{
	(void)state;
	in_child(limited);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anonymous),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
