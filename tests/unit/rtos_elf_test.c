// SPDX-License-Identifier: MIT
/* sources: rtos/elf.c */
/* cflags: -Irtos -DUNIT_TEST */
/* What the loader makes of ELF headers, good and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <linux/errno.h>
#include <linux/mman.h>

#include <crtos/scf.h>

#include "../../rtos/elf.h"

static struct elf64_hdr header;
static struct elf64_phdr phdr[20];
static struct elf_image image;

static void load(unsigned int i, u64 vaddr, u64 offset, u64 filesz, u64 memsz, u32 flags)
{
	phdr[i] = (struct elf64_phdr){
		.p_type = PT_LOAD,
		.p_vaddr = vaddr,
		.p_offset = offset,
		.p_filesz = filesz,
		.p_memsz = memsz,
		.p_flags = flags,
	};
}

static int good(void **state)
{
	(void)state;
	memset(&header, 0, sizeof(header));
	memset(phdr, 0, sizeof(phdr));
	memset(&image, 0, sizeof(image));
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_type = ET_EXEC;
	header.e_machine = EM_X86_64;
	header.e_phentsize = sizeof(phdr[0]);
	header.e_phnum = 2;
	header.e_phoff = sizeof(header);
	header.e_entry = 0x401000;
	load(0, 0x400000, 0, 0x1234, 0x1234, PF_R | PF_X);
	load(1, 0x402800, 0x1800, 0x100, 0x3000, PF_R | PF_W);
	return 0;
}

static int check(void)
{
	int ret = elf_check_header(&image, &header, sizeof(header));

	return ret ? ret : elf_check_segments(&image, phdr);
}

static void takes_a_good_one(void **state)
{
	(void)state;
	assert_int_equal(check(), 0);
	assert_false(image.pie);
	assert_int_equal(image.segments, 2);
	assert_int_equal(image.low, 0x400000);
	assert_int_equal(image.high, 0x406000);
	assert_int_equal(image.phdr, 0x400040);
	assert_int_equal(image.segment[0].prot, PROT_READ | PROT_EXEC);
	assert_int_equal(image.segment[1].prot, PROT_READ | PROT_WRITE);
	assert_int_equal(image.interp_bytes, 0);
}

static void refuses_foreign_headers(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{ 0, 0 },
		{ 3, 'f' },
		{ EI_CLASS, ELFCLASS32 },
		{ EI_DATA, ELFDATA2MSB },
		{ offsetof(struct elf64_hdr, e_type), ET_REL },
		{ offsetof(struct elf64_hdr, e_type), 0 },
		{ offsetof(struct elf64_hdr, e_machine), EM_386 },
		{ offsetof(struct elf64_hdr, e_phentsize), 32 },
		{ offsetof(struct elf64_hdr, e_phnum), 0 },
		{ offsetof(struct elf64_hdr, e_phnum), ELF_PHDRS_MAX + 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		good(state);
		((uint8_t *)&header)[changes[i].at] = changes[i].value;
		if (check() != -ENOEXEC)
			fail_msg("byte %zu = %u was taken", changes[i].at, changes[i].value);
	}
	good(state);
	for (i = 0; i < sizeof(header); i++)
		assert_int_equal(elf_check_header(&image, &header, i), -ENOEXEC);
	header.e_phoff = INT64_MAX;
	assert_int_equal(check(), -ENOEXEC);
	header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(check(), -ENOEXEC);
}

static void refuses_bad_segments(void **state)
{
	static const struct {
		u64 vaddr, offset, filesz, memsz;
		int error;
	} cases[] = {
		{ 0x402800, 0x1800, 0x3001, 0x3000, -EINVAL },		/* file beyond memory */
		{ 0x402800, 0x1801, 0x100, 0x3000, -EINVAL },		/* not congruent */
		{ 0x402800, INT64_MAX - 0x7ff, 0x1000, 0x3000, -ENOEXEC },	/* offset overflows */
		{ 0x402800, 0x1800, 0x100, UINT64_MAX, -ENOMEM },
		{ 0x402800, 0x1800, 0x100, CRTOS_USER_END, -ENOMEM },
		{ CRTOS_USER_END - 0x1000, 0, 0x100, 0x1001, -ENOMEM },
		{ CRTOS_USER_END, 0, 0x100, 0x1000, -ENOMEM },
		{ UINT64_MAX - 0xfff, 0, 0x100, 0x1000, -ENOMEM },	/* wraps */
		{ 0x555555554000, 0, 0x100, 0x1000, -ENOMEM },		/* the shadow's memory */
		{ 0x401000, 0x1000, 0x100, 0x1000, -ENOEXEC },		/* overlaps the first */
		{ 0x100000, 0x1000, 0x100, 0x1000, -ENOEXEC },		/* not in order */
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret;

		good(state);
		load(1, cases[i].vaddr, cases[i].offset, cases[i].filesz, cases[i].memsz, PF_R);
		ret = check();
		if (ret != cases[i].error)
			fail_msg("case %zu: %d, expected %d", i, ret, cases[i].error);
	}
}

static void refuses_low_fixed_addresses(void **state)
{
	(void)state;
	load(0, 0x1000, 0, 0x1000, 0x1000, PF_R);
	assert_int_equal(check(), -EPERM);
	header.e_type = ET_DYN;
	assert_int_equal(check(), 0);
	assert_true(image.pie);
}

static void needs_a_segment(void **state)
{
	(void)state;
	phdr[0].p_type = phdr[1].p_type = PT_NOTE;
	assert_int_equal(check(), -ENOEXEC);
	load(0, 0x400000, 0, 0, 0, PF_R);
	assert_int_equal(check(), -ENOEXEC);
}

static void bounds_the_number_of_segments(void **state)
{
	unsigned int i;

	(void)state;
	header.e_phnum = ELF_SEGMENTS_MAX + 1;
	for (i = 0; i <= ELF_SEGMENTS_MAX; i++)
		load(i, 0x400000 + i * 0x1000, i * 0x1000, 0x1000, 0x1000, PF_R);
	assert_int_equal(check(), -ENOEXEC);
	header.e_phnum--;
	assert_int_equal(check(), 0);
}

static void judges_the_interpreter(void **state)
{
	static const struct {
		u64 offset, filesz;
		int error;
	} cases[] = {
		{ 0x300, 28, 0 },
		{ 0x300, 0, -ENOEXEC },
		{ 0x300, 1, -ENOEXEC },
		{ 0x300, ELF_INTERP_MAX + 1, -ENOEXEC },
		{ UINT64_MAX - 7, 8, -ENOEXEC },
		{ 0x300, UINT64_MAX, -ENOEXEC },
	};
	size_t i;

	header.e_phnum = 3;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		good(state);
		header.e_phnum = 3;
		phdr[2] = (struct elf64_phdr){
			.p_type = PT_INTERP,
			.p_offset = cases[i].offset,
			.p_filesz = cases[i].filesz,
		};
		assert_int_equal(check(), cases[i].error);
	}
}

/* Whatever is taken lies in the program's range, page for page. */
static void never_takes_what_lies_outside(void **state)
{
	unsigned int round, i, taken = 0;

	srandom(1);
	for (round = 0; round < 200000; round++) {
		good(state);
		for (i = 0; i < 2; i++) {
			__u64 *field[] = { &phdr[i].p_vaddr, &phdr[i].p_offset, &phdr[i].p_filesz,
					   &phdr[i].p_memsz };
			u64 value = (u64)random() << (random() % 34);

			*field[random() % 4] = random() % 2 ? value : -value;
		}
		if (check())
			continue;
		taken++;
		assert_true(image.low < image.high && image.high <= CRTOS_USER_END);
		for (i = 0; i < image.segments; i++) {
			const struct elf_segment *s = &image.segment[i];

			assert_true(s->filesz <= s->memsz && s->vaddr >= image.low);
			assert_true(s->vaddr + s->memsz <= image.high);
			assert_true((s64)(s->offset + s->filesz) >= 0);
		}
	}
	assert_true(taken > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(takes_a_good_one, good),
		cmocka_unit_test_setup(refuses_foreign_headers, good),
		cmocka_unit_test_setup(refuses_bad_segments, good),
		cmocka_unit_test_setup(refuses_low_fixed_addresses, good),
		cmocka_unit_test_setup(needs_a_segment, good),
		cmocka_unit_test_setup(bounds_the_number_of_segments, good),
		cmocka_unit_test_setup(judges_the_interpreter, good),
		cmocka_unit_test_setup(never_takes_what_lies_outside, good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
