/* SPDX-License-Identifier: MIT */
/* Judging an ELF file before anything is done with it. Pure: the bytes are the caller's copy. */
#ifndef RTOS_ELF_H
#define RTOS_ELF_H

#include <linux/elf.h>

#include "types.h"

#define ELF_SEGMENTS_MAX	16
/* Linux takes up to 64 KiB of program headers; here they fit one page. No linker makes more than 20. */
#define ELF_PHDRS_MAX		(PAGE_SIZE / sizeof(struct elf64_phdr))
#define ELF_INTERP_MAX		4096

struct elf_segment {
	u64 vaddr;			/* without bias */
	u64 filesz, memsz;
	u64 offset;
	u32 prot;			/* PROT_* */
};

struct elf_image {
	bool pie;			/* ET_DYN: vaddrs are relative */
	u64 entry;			/* without bias */
	u32 phnum;
	u64 phoff;
	u64 phdr;			/* address of the program headers in memory, or 0 */
	u64 interp_offset, interp_bytes;	/* path of the interpreter with its NUL; 0 bytes: none */
	u64 low, high;			/* page-aligned span of all segments */
	unsigned int segments;
	struct elf_segment segment[ELF_SEGMENTS_MAX];
};

/* 0, or -ENOEXEC. Fills what follows from the header: pie, entry, phnum, phoff. */
int elf_check_header(struct elf_image *image, const struct elf64_hdr *header, u64 bytes);
/*
 * The rest, from image->phnum program headers. -ENOEXEC for a file that is broken, -ENOMEM or -EINVAL for
 * addresses that a program cannot have, as Linux.
 */
int elf_check_segments(struct elf_image *image, const struct elf64_phdr *phdr);

#endif
