/* SPDX-License-Identifier: MIT */
/* Strings of a new program while its memory is made: path, arguments, environment, in kernel frames. */
#ifndef RTOS_ARGS_H
#define RTOS_ARGS_H

#include <crtos/scf.h>

#include "types.h"

#define ARGS_PAGES	(CRTOS_ARGS_MAX / PAGE_SIZE + 1)

struct args {
	u32 bytes;
	u32 argc, envc;
	u64 page[ARGS_PAGES];		/* frames, allocated as needed */
};

void args_init(struct args *args);
void args_free(struct args *args);
/* One string with its NUL, or an array of them that ends with NULL. Or -EFAULT, -E2BIG, -ENOMEM. */
int args_string(struct args *args, u64 from);
int args_array(struct args *args, u64 array, u32 *count);
/* `bytes` bytes that hold 1 + argc + envc strings, no more and no less: else -EINVAL. */
int args_block(struct args *args, u64 from, u32 bytes, u32 argc, u32 envc);
/* What the RTOS itself says, and a part of other arguments. Or -E2BIG, -ENOMEM. */
int args_text(struct args *args, const char *text);
int args_part(struct args *args, const struct args *from, u32 start, u32 end);
char args_byte(const struct args *args, u32 at);
/* Where the string behind the one at `at` begins. */
u32 args_next(const struct args *args, u32 at);
/* Copies all of them to user memory. */
int args_out(const struct args *args, u64 to);

#endif
