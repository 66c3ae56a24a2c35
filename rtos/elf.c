// SPDX-License-Identifier: MIT
#include <crtos/scf.h>
#include <linux/errno.h>
#include <linux/mman.h>

#include "elf.h"

int elf_check_header(struct elf_image *image, const struct elf64_hdr *header, u64 bytes)
{
	const unsigned char *id = header->e_ident;

	if (bytes < sizeof(*header))
		return -ENOEXEC;
	if (id[EI_MAG0] != ELFMAG0 || id[EI_MAG1] != ELFMAG1 || id[EI_MAG2] != ELFMAG2 ||
	    id[EI_MAG3] != ELFMAG3 || id[EI_CLASS] != ELFCLASS64 || id[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	if (header->e_machine != EM_X86_64 ||
	    (header->e_type != ET_EXEC && header->e_type != ET_DYN))
		return -ENOEXEC;
	if (header->e_phentsize != sizeof(struct elf64_phdr) || !header->e_phnum ||
	    header->e_phnum > ELF_PHDRS_MAX)
		return -ENOEXEC;
	/* pread's offset is signed. */
	if (header->e_phoff > INT64_MAX - PAGE_SIZE)
		return -ENOEXEC;
	image->pie = header->e_type == ET_DYN;
	image->entry = header->e_entry;
	image->phnum = header->e_phnum;
	image->phoff = header->e_phoff;
	return 0;
}

static int add_segment(struct elf_image *image, const struct elf64_phdr *ph)
{
	struct elf_segment *s = &image->segment[image->segments];
	u64 end;

	if (image->segments == ELF_SEGMENTS_MAX)
		return -ENOEXEC;
	if (ph->p_filesz > ph->p_memsz || (ph->p_vaddr ^ ph->p_offset) & ~PAGE_MASK)
		return -EINVAL;
	if (ph->p_offset > INT64_MAX - ph->p_filesz || ph->p_filesz > INT64_MAX)
		return -ENOEXEC;
	/* Position-independent files start near 0; their bias puts them in range, see below. */
	if (ph->p_memsz > CRTOS_USER_END || ph->p_vaddr > CRTOS_USER_END - ph->p_memsz)
		return -ENOMEM;
	end = ph->p_vaddr + ph->p_memsz;
	if (image->segments) {
		/* In ascending order, as the ELF specification demands; pages may be shared. */
		if (ph->p_vaddr < s[-1].vaddr + s[-1].memsz)
			return -ENOEXEC;
	} else {
		image->low = ALIGN_DOWN(ph->p_vaddr, PAGE_SIZE);
	}
	image->high = ALIGN_UP(end, PAGE_SIZE);
	s->vaddr = ph->p_vaddr;
	s->filesz = ph->p_filesz;
	s->memsz = ph->p_memsz;
	s->offset = ph->p_offset;
	s->prot = (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
		  (ph->p_flags & PF_X ? PROT_EXEC : 0);
	/* The table of program headers lies in the segment that holds its place in the file. */
	if (image->phoff >= s->offset && image->phoff - s->offset < s->filesz && !image->phdr)
		image->phdr = image->phoff - s->offset + s->vaddr;
	image->segments++;
	return 0;
}

int elf_check_segments(struct elf_image *image, const struct elf64_phdr *phdr)
{
	unsigned int i;
	int ret;

	image->segments = 0;
	image->interp_bytes = 0;
	image->phdr = 0;
	for (i = 0; i < image->phnum; i++) {
		const struct elf64_phdr *ph = &phdr[i];

		if (ph->p_type == PT_INTERP && !image->interp_bytes) {
			if (ph->p_filesz < 2 || ph->p_filesz > ELF_INTERP_MAX ||
			    ph->p_offset > INT64_MAX - ph->p_filesz)
				return -ENOEXEC;
			image->interp_offset = ph->p_offset;
			image->interp_bytes = ph->p_filesz;
		}
		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		ret = add_segment(image, ph);
		if (ret)
			return ret;
	}
	if (!image->segments)
		return -ENOEXEC;
	if (!image->pie && image->low < CRTOS_USER_START)
		return -EPERM;		/* below vm.mmap_min_addr, on Linux */
	return 0;
}
