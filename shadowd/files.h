/* SPDX-License-Identifier: MIT */
/* The files that parts of the program's memory are copies of: CRTOS_OP_FILE. */
#ifndef SHADOWD_FILES_H
#define SHADOWD_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FILES_MAX 1024u

struct program_file {
	dev_t dev;
	ino_t ino;
	char path[];
};

/* The number of what `fd` is open on; 0: there are too many, or it cannot be told. */
long files_number(int fd);
/* NULL: no such number. Stays valid. */
const struct program_file *files_get(uint32_t number);
/* The same file again, if it is still there by that name: a descriptor for reading, its size; or -1. */
int files_open(uint32_t number, uint64_t *bytes);

#endif
