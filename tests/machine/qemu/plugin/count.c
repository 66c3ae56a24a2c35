/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCG plugin which counts executed guest instructions and kernel entries, between marks set by
 * the guest:
 *
 *	qemu-system-x86_64 ... -plugin PATH/libcount.so,out=FILE
 *
 * Every instruction belongs to the half of the address space it was fetched from: "user" below,
 * "kernel" above (bit 63 of its address). A kernel entry is a step of a vCPU from the user half to
 * the kernel half, whatever made it: system call, interrupt, exception. User-interrupt delivery and
 * UIRET are none.
 *
 * The guest sets mark ID (0 to 255) by executing the 8-byte NOP
 *
 *	0F 1F 84 00 imm32		nopl imm32(%rax,%rax,1)		imm32 = 0x43520000 | ID
 *
 * at any privilege; it costs one instruction, and is counted as one. FILE gets one JSON object a
 * line, for each mark in the order of "seq", and a last one for the exit of QEMU with "mark" and
 * "vcpu" null:
 *
 *	{"mark":1,"vcpu":0,"seq":0,"ns":N,"cpus":[{"user":U,"kernel":K,"pause":[PU,PK],"entries":E,"lost":L,
 *	 "from":{"0xffffffff81e00000":[C,I],...}},...]}
 *
 * "ns" is the host's monotonic clock. "cpus" has one object per vCPU, in order of index. All
 * counters run from the start, so the difference of two lines is what happened between the marks.
 * "from" counts entries by the address of the first kernel instruction; the sum of it and "lost",
 * for entries beyond the ENTRIES_MAX addresses a vCPU can tell apart, is "entries".
 *
 * Exactness: the counts of the vCPU which executes the mark include everything up to the mark
 * itself. Those of other vCPUs are read while they run: they are as of the begin of some block near
 * that time. A block left early by an exception or an asynchronous exit to the main loop counts as
 * a whole, a string instruction with a REP prefix counts once per iteration or so. In firmware and
 * early boot, before the kernel runs in its half, everything is "user". Addresses are those of the
 * guest: boot it with "nokaslr" to find them in its System.map.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define ENTRIES_MAX	512	/* a power of two */
#define MARK_TAG	0x4352u
#define MARK_SIZE	8

struct entry {
	uint64_t addr;		/* 0: free */
	uint64_t count;
	uint64_t insns;		/* in the kernel half, until the user half was reached again */
};

/*
 * Written by its vCPU's thread only, read by all: relaxed atomics, so that no reader sees half a
 * value.
 */
struct vcpu {
	uint64_t insns[2];	/* by half: user, kernel */
	uint64_t pauses[2];
	uint64_t entries;
	uint64_t lost;
	bool in_user;
	struct entry *entered;	/* the last entry; NULL: none yet, or lost */
	struct entry from[ENTRIES_MAX];
} __attribute__((aligned(128)));

static struct vcpu *vcpus;
static int nr_vcpus;
static FILE *out;
static GMutex lock;		/* out and seq */
static uint64_t seq;

static uint64_t get(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void add(uint64_t *p, uint64_t n)
{
	__atomic_store_n(p, *p + n, __ATOMIC_RELAXED);
}

/*
 * What a callback needs to know of its block or mark, packed into the pointer it is handed.
 * Block:	46:0 address, 47 half, 63:48 number of instructions.
 * Mark:	7:0 id, 47 half, 63:48 number of instructions of the block behind it.
 */
#define PACK_HALF_SHIFT		47
#define PACK_COUNT_SHIFT	48
#define PACK_ADDR_MASK		((1ull << PACK_HALF_SHIFT) - 1)

static void *pack(uint64_t low, bool kernel, uint64_t count)
{
	return (void *)(uintptr_t)((low & PACK_ADDR_MASK) | (uint64_t)kernel << PACK_HALF_SHIFT |
				   count << PACK_COUNT_SHIFT);
}

static struct entry *count_entry(struct vcpu *v, uint64_t addr)
{
	unsigned int slot = (addr >> 4) * 0x9e3779b1u >> 16;
	unsigned int i;

	add(&v->entries, 1);
	for (i = 0; i < ENTRIES_MAX; i++, slot++) {
		struct entry *e = &v->from[slot % ENTRIES_MAX];

		if (!e->addr)
			__atomic_store_n(&e->addr, addr, __ATOMIC_RELAXED);
		if (e->addr == addr) {
			add(&e->count, 1);
			return e;
		}
	}
	add(&v->lost, 1);
	return NULL;
}

static void block_exec(unsigned int cpu, void *data)
{
	uint64_t packed = (uintptr_t)data;
	bool kernel = packed >> PACK_HALF_SHIFT & 1;
	struct vcpu *v = &vcpus[cpu];

	add(&v->insns[kernel], packed >> PACK_COUNT_SHIFT);
	if (kernel && v->in_user)
		v->entered = count_entry(v, packed | ~PACK_ADDR_MASK);
	if (kernel && v->entered)
		add(&v->entered->insns, packed >> PACK_COUNT_SHIFT);
	v->in_user = !kernel;
}

static void pause_exec(unsigned int cpu, void *data)
{
	add(&vcpus[cpu].pauses[(uintptr_t)data], 1);
}

/*
 * @behind: instructions of @cpu's present block, in half @kernel, which have been counted but not
 * executed.
 */
static void snapshot(const char *mark, int cpu, bool kernel, uint64_t behind)
{
	GString *s = g_string_new(NULL);
	struct timespec now;
	int i, j;

	clock_gettime(CLOCK_MONOTONIC, &now);
	g_mutex_lock(&lock);
	g_string_append_printf(s, "{\"mark\":%s,\"vcpu\":", mark);
	if (cpu < 0)
		g_string_append(s, "null");
	else
		g_string_append_printf(s, "%d", cpu);
	g_string_append_printf(s, ",\"seq\":%" PRIu64 ",\"ns\":%" PRId64 ",\"cpus\":[", seq++,
			       (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
	for (i = 0; i < nr_vcpus; i++) {
		struct vcpu *v = &vcpus[i];
		uint64_t n[2] = { get(&v->insns[0]), get(&v->insns[1]) };
		const char *comma = "";

		if (i == cpu)
			n[kernel] -= behind;
		g_string_append_printf(s,
				       "%s{\"user\":%" PRIu64 ",\"kernel\":%" PRIu64
				       ",\"pause\":[%" PRIu64 ",%" PRIu64 "],\"entries\":%" PRIu64
				       ",\"lost\":%" PRIu64 ",\"from\":{",
				       i ? "," : "", n[0], n[1], get(&v->pauses[0]),
				       get(&v->pauses[1]), get(&v->entries), get(&v->lost));
		for (j = 0; j < ENTRIES_MAX; j++) {
			uint64_t addr = get(&v->from[j].addr);

			if (!addr)
				continue;
			g_string_append_printf(s, "%s\"0x%" PRIx64 "\":[%" PRIu64 ",%" PRIu64 "]",
					       comma, addr, get(&v->from[j].count),
					       get(&v->from[j].insns));
			comma = ",";
		}
		g_string_append(s, "}}");
	}
	g_string_append(s, "]}\n");
	fwrite(s->str, 1, s->len, out);
	fflush(out);
	g_mutex_unlock(&lock);
	g_string_free(s, TRUE);
}

static void mark_exec(unsigned int cpu, void *data)
{
	uint64_t packed = (uintptr_t)data;
	char id[4];

	snprintf(id, sizeof(id), "%u", (unsigned int)(packed & 0xff));
	snapshot(id, cpu, packed >> PACK_HALF_SHIFT & 1, packed >> PACK_COUNT_SHIFT);
}

static bool is_mark(const struct qemu_plugin_insn *insn, uint8_t *id)
{
	static const uint8_t opcode[] = { 0x0f, 0x1f, 0x84, 0x00 };
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != MARK_SIZE || memcmp(code, opcode, sizeof(opcode)) ||
	    code[5] || code[6] != (MARK_TAG & 0xff) || code[7] != MARK_TAG >> 8)
		return false;
	*id = code[4];
	return true;
}

static bool is_pause(const struct qemu_plugin_insn *insn)
{
	static const uint8_t code[] = { 0xf3, 0x90 };

	return qemu_plugin_insn_size(insn) == sizeof(code) &&
	       !memcmp(qemu_plugin_insn_data(insn), code, sizeof(code));
}

static void block_trans(qemu_plugin_id_t plugin, struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool kernel = addr >> 63;
	size_t i;

	(void)plugin;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_exec, QEMU_PLUGIN_CB_NO_REGS,
					     pack(addr, kernel, n));
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t id;

		if (is_mark(insn, &id))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_exec,
							       QEMU_PLUGIN_CB_NO_REGS,
							       pack(id, kernel, n - i - 1));
		else if (is_pause(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, pause_exec,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)kernel);
	}
}

static void at_exit(qemu_plugin_id_t plugin, void *data)
{
	(void)plugin;
	(void)data;
	snapshot("null", -1, false, 0);
	fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t plugin, const qemu_info_t *info,
					   int argc, char **argv)
{
	const char *file = NULL;
	int i;

	for (i = 0; i < argc; i++) {
		if (g_str_has_prefix(argv[i], "out=")) {
			file = argv[i] + strlen("out=");
		} else {
			fprintf(stderr, "count: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	if (!file || !info->system_emulation) {
		fprintf(stderr, "count: wants out=FILE, and a system emulator\n");
		return -1;
	}
	out = fopen(file, "w");
	if (!out) {
		perror(file);
		return -1;
	}

	nr_vcpus = info->system.max_vcpus;
	vcpus = g_aligned_alloc0(nr_vcpus, sizeof(*vcpus), _Alignof(struct vcpu));
	qemu_plugin_register_vcpu_tb_trans_cb(plugin, block_trans);
	qemu_plugin_register_atexit_cb(plugin, at_exit, NULL);
	return 0;
}
