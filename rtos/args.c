// SPDX-License-Identifier: MIT
#include <linux/errno.h>

#include "args.h"
#include "page.h"
#include "thread.h"
#include "uaccess.h"

void args_init(struct args *args)
{
	__builtin_memset(args, 0, sizeof(*args));
}

void args_free(struct args *args)
{
	u32 i;

	for (i = 0; i < ARGS_PAGES; i++) {
		if (args->page[i])
			page_free(args->page[i]);
	}
	args_init(args);
}

/* Room at the end of the text: *bytes of it are contiguous. */
static char *room(struct args *args, u64 *bytes)
{
	u32 index = args->bytes / PAGE_SIZE, at = args->bytes % PAGE_SIZE;

	if (index >= ARGS_PAGES)
		return NULL;
	if (!args->page[index])
		args->page[index] = page_alloc();
	if (!args->page[index])
		return NULL;
	*bytes = PAGE_SIZE - at;
	return (char *)phys_to_virt(args->page[index]) + at;
}

int args_string(struct args *args, u64 from)
{
	u64 left;
	char *to;
	s64 ret;

	for (;;) {
		to = room(args, &left);
		if (!to)
			return args->bytes / PAGE_SIZE >= ARGS_PAGES ? -E2BIG : -ENOMEM;
		preempt_point();
		ret = strncpy_from_user(to, from, left);
		if (ret >= 0) {
			args->bytes += ret + 1;
			return 0;
		}
		if (ret != -ENAMETOOLONG)
			return ret;
		args->bytes += left;
		from += left;
	}
}

int args_array(struct args *args, u64 array, u32 *count)
{
	u64 string;
	int ret;

	for (*count = 0; array; array += sizeof(string), ++*count) {
		if (copy_from_user(&string, array, sizeof(string)))
			return -EFAULT;
		if (!string)
			break;
		ret = args_string(args, string);
		if (ret)
			return ret;
	}
	return 0;
}

int args_block(struct args *args, u64 from, u32 bytes, u32 argc, u32 envc)
{
	u64 part, strings = 0;
	u32 i;
	char *to;

	while (args->bytes < bytes) {
		to = room(args, &part);
		if (!to)
			return args->bytes / PAGE_SIZE >= ARGS_PAGES ? -E2BIG : -ENOMEM;
		part = min(part, bytes - args->bytes);
		preempt_point();
		if (copy_from_user(to, from + args->bytes, part))
			return -EFAULT;
		args->bytes += part;
	}
	for (i = 0; i < bytes; i++) {
		if (i % 1024 == 0)
			preempt_point();
		strings += !args_byte(args, i);
	}
	if (!bytes || args_byte(args, bytes - 1) || strings != 1ull + argc + envc)
		return -EINVAL;
	args->argc = argc;
	args->envc = envc;
	return 0;
}

static int put(struct args *args, char c)
{
	u64 left;
	char *to = room(args, &left);

	if (!to)
		return args->bytes / PAGE_SIZE >= ARGS_PAGES ? -E2BIG : -ENOMEM;
	*to = c;
	args->bytes++;
	return 0;
}

int args_text(struct args *args, const char *text)
{
	int ret;

	do {
		ret = put(args, *text);
	} while (!ret && *text++);
	return ret;
}

int args_part(struct args *args, const struct args *from, u32 start, u32 end)
{
	int ret = 0;

	for (; start < end && !ret; start++) {
		if (start % 1024 == 0)
			preempt_point();
		ret = put(args, args_byte(from, start));
	}
	return ret;
}

char args_byte(const struct args *args, u32 at)
{
	return ((const char *)phys_to_virt(args->page[at / PAGE_SIZE]))[at % PAGE_SIZE];
}

u32 args_next(const struct args *args, u32 at)
{
	while (args_byte(args, at++))
		;
	return at;
}

int args_out(const struct args *args, u64 to)
{
	u64 part;
	u32 at;

	for (at = 0; at < args->bytes; at += part) {
		part = min(PAGE_SIZE, (u64)args->bytes - at);
		preempt_point();
		if (copy_to_user(to + at, phys_to_virt(args->page[at / PAGE_SIZE]), part))
			return -EFAULT;
	}
	return 0;
}
