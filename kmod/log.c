// SPDX-License-Identifier: GPL-2.0-only
/* The RTOS's log: a ring in donated memory, and a copy of it after the partition has gone. */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <crtos/boot.h>
#include <crtos/uapi.h>

#include "log.h"

#define LOG_CHUNK	4096

static DEFINE_MUTEX(log_lock);
static struct crtos_log *log_live;	/* written by the RTOS: only `text` and `head` are used */
static char *log_text;			/* of the last partition */
static u64 log_head;
static bool log_known;

/* A partition starts; its ring is empty. */
void crtos_log_open(struct crtos_log *log)
{
	log->text_size = CRTOS_LOG_BYTES;
	mutex_lock(&log_lock);
	log_live = log;
	log_known = true;
	mutex_unlock(&log_lock);
}

/* The RTOS is halted and its memory goes: keep the text. */
void crtos_log_close(void)
{
	mutex_lock(&log_lock);
	memcpy(log_text, log_live->text, CRTOS_LOG_BYTES);
	log_head = log_live->head;
	log_live = NULL;
	mutex_unlock(&log_lock);
}

static u64 head_now(void)
{
	/* Pairs with the RTOS's store-release of head after the text. */
	return log_live ? smp_load_acquire(&log_live->head) : log_head;
}

static u64 oldest(u64 head)
{
	return head > CRTOS_LOG_BYTES ? head - CRTOS_LOG_BYTES : 0;
}

/* Copy from the ring into @chunk. Return: bytes; *position is that of the first one. */
static u32 log_take(char *chunk, u64 *position, u32 size)
{
	const char *text = log_live ? log_live->text : log_text;
	u64 head = head_now();
	u64 first, lost;
	u32 count, offset, part;

	/* A position beyond the end belongs to an earlier partition. */
	if (*position < oldest(head) || *position > head)
		*position = oldest(head);
	count = min3((u64)size, (u64)LOG_CHUNK, head - *position);
	offset = *position & (CRTOS_LOG_BYTES - 1);
	part = min(count, CRTOS_LOG_BYTES - offset);
	memcpy(chunk, text + offset, part);
	memcpy(chunk + part, text, count - part);

	/* What was overwritten meanwhile is not text any more. */
	smp_rmb();
	first = oldest(head_now());
	if (first > *position) {
		lost = min(first - *position, (u64)count);
		memmove(chunk, chunk + lost, count - lost);
		*position += lost;
		count -= lost;
	}
	return count;
}

/* CRTOS_IOC_LOG. May sleep. Return: bytes copied, -ENODEV, -EFAULT or -ENOMEM. */
long crtos_log_read(struct crtos_log_read *read)
{
	char __user *buffer = u64_to_user_ptr(read->buffer);
	u64 position = read->position;
	u32 done = 0, count;
	long ret = -ENODEV;
	char *chunk;

	chunk = kmalloc(LOG_CHUNK, GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	do {
		mutex_lock(&log_lock);
		count = log_known ? log_take(chunk, &position, read->size - done) : 0;
		mutex_unlock(&log_lock);
		if (!log_known)
			goto out;
		ret = -EFAULT;
		if (copy_to_user(buffer + done, chunk, count))
			goto out;
		done += count;
		position += count;
	} while (count && done < read->size);
	read->position = position;
	ret = done;
out:
	kfree(chunk);
	return ret;
}

int __init crtos_log_init(void)
{
	log_text = vzalloc(CRTOS_LOG_BYTES);
	return log_text ? 0 : -ENOMEM;
}

void crtos_log_exit(void)
{
	vfree(log_text);
}
