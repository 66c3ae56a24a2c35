/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCG plugin which counts executed guest instructions and kernel entries, between marks set by
 * the guest:
 *
 *	qemu-system-x86_64 ... -plugin PATH/libcount.so,out=FILE[,watch=CPU,text=FROM-TO,interrupts=FROM-TO,timer=ADDR]
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
 * With "watch" a kernel is looked at that runs on this vCPU, its code from FROM to TO (all addresses
 * hexadecimal) and in it the first instructions of its interrupt handlers. It has interrupts off but
 * between an STI and the CLI behind it. A closed section is what it executes from an entry, or such
 * a CLI, until an STI, a user instruction or the next interrupt; the boot is none. Each line then has
 *
 *	"longest":[[N,S,BEGIN,END,{"0xffffffff80001234":I,...}],...],"arrivals":{"1":[C,SUM,MAX,WAIT],...}
 *
 * The longest closed sections, N instructions of which S were further iterations of string instructions,
 * with their first and last block, and how many instructions were executed in which blocks; sections
 * that were mostly in the same block are one. Those of less than SECTION_MIN are not there. An arrival is the NOP above with 0x43530000 | ID (0 to 15): C of them
 * came first after the interrupt whose handler begins at ADDR; of the instructions from there to the
 * arrival, SUM is the sum and MAX the maximum. WAIT is the maximum with the section at whose end the
 * interrupt came.
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
#define ARRIVAL_TAG	0x4353u
#define MARK_SIZE	8
#define ARRIVALS	16
#define SECTION_MIN	500
#define SECTIONS	32
#define SECTION_BLOCKS	256	/* a power of two; what a section does beyond is in none */
#define BLOCKS_TOLD	8

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

struct section {
	uint64_t length;	/* 0: none */
	uint64_t strings;
	uint64_t begin;
	uint64_t end;
	struct block {
		uint64_t addr;
		uint64_t insns;
	} blocks[BLOCKS_TOLD];	/* by instructions, the most first */
};

/* Of the kernel with closed sections: written by its vCPU's thread under the lock, but "now". */
static struct {
	int vcpu;		/* -1: none */
	uint64_t from, to;
	uint64_t timer;
	uint64_t stubs_from, stubs_to;
	struct {
		bool booted;
		bool closed;
		bool shadow;		/* behind an STI: interrupts are not on yet */
		uint64_t length, strings, begin, last;
		uint64_t before;	/* length of the last section, if nothing has run since */
		bool path;		/* since the timer's interrupt, with "before" as of then */
		uint64_t path_insns, path_before;
		struct block blocks[SECTION_BLOCKS];
	} now;
	struct section longest[SECTIONS];
	struct {
		uint64_t count, sum, max, wait;
	} arrivals[ARRIVALS];
} watched = { .vcpu = -1 };

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
 * Block:	46:0 address, 47 half, 59:48 number of instructions, and of a kernel that is watched
 *		60 begins with CLI, 61 ends with STI, 62 begins with HLT, 63 is one string
 *		instruction.
 * Mark:	7:0 id, 47 half, 59:48 number of instructions of the block behind it.
 */
#define PACK_HALF_SHIFT		47
#define PACK_COUNT_SHIFT	48
#define PACK_CLI		(1ull << 60)
#define PACK_STI		(1ull << 61)
#define PACK_HLT		(1ull << 62)
#define PACK_STRING		(1ull << 63)
#define PACK_FLAGS		(15ull << 60)
#define PACK_ADDR_MASK		((1ull << PACK_HALF_SHIFT) - 1)

static void *pack(uint64_t low, bool kernel, uint64_t count)
{
	return (void *)(uintptr_t)((low & PACK_ADDR_MASK) | (uint64_t)kernel << PACK_HALF_SHIFT |
				   count << PACK_COUNT_SHIFT);
}

static uint64_t packed_count(uint64_t packed)
{
	return (packed & ~PACK_FLAGS) >> PACK_COUNT_SHIFT;
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

/* --- closed sections ---------------------------------------------------------------------------- */

static void section_begin(uint64_t addr)
{
	watched.now.closed = true;
	watched.now.begin = addr;
	watched.now.length = watched.now.strings = 0;
	memset(watched.now.blocks, 0, sizeof(watched.now.blocks));
}

static void section_count(uint64_t addr, uint64_t n)
{
	unsigned int slot = addr * 0x9e3779b1u >> 16;
	unsigned int i;

	watched.now.length += n;
	watched.now.last = addr;
	for (i = 0; i < SECTION_BLOCKS; i++, slot++) {
		struct block *b = &watched.now.blocks[slot % SECTION_BLOCKS];

		if (b->addr && b->addr != addr)
			continue;
		b->addr = addr;
		b->insns += n;
		break;
	}
}

/* Those blocks of the section that ends in which most was executed. */
static void section_blocks(struct block told[BLOCKS_TOLD])
{
	unsigned int i, j;

	memset(told, 0, sizeof(*told) * BLOCKS_TOLD);
	for (i = 0; i < SECTION_BLOCKS; i++) {
		struct block b = watched.now.blocks[i];

		for (j = 0; j < BLOCKS_TOLD; j++) {
			if (b.insns > told[j].insns) {
				struct block less = told[j];

				told[j] = b;
				b = less;
			}
		}
	}
}

static bool between(uint64_t addr, uint64_t from, uint64_t to)
{
	return addr >= from && addr < to;
}

/* It takes the place of a shorter one that was mostly in the same block, or of the shortest. */
static void section_end(void)
{
	struct section s = {
		.length = watched.now.length,
		.strings = watched.now.strings,
		.begin = watched.now.begin,
		.end = watched.now.last,
	};
	struct section *place = &watched.longest[0];
	unsigned int i;

	watched.now.closed = false;
	watched.now.before = s.length;
	if (!watched.now.booted || s.length < SECTION_MIN) {
		watched.now.booted = true;
		return;
	}
	section_blocks(s.blocks);
	for (i = 0; i < SECTIONS; i++) {
		struct section *old = &watched.longest[i];

		if (old->length && old->blocks[0].addr == s.blocks[0].addr) {
			place = old;
			break;
		}
		if (old->length < place->length)
			place = old;
	}
	if (s.length <= place->length)
		return;
	g_mutex_lock(&lock);
	*place = s;
	g_mutex_unlock(&lock);
}

static void watch_kernel(uint64_t addr, uint64_t packed)
{
	bool shadow = watched.now.shadow;

	watched.now.shadow = false;
	if (!between(addr, watched.from, watched.to)) {
		watched.now.booted = watched.now.closed = watched.now.path = false;
		return;
	}
	if (shadow) {
		if (packed & PACK_HLT)
			watched.now.before = 0;
		return;
	}
	if (watched.now.closed &&
	    ((packed & PACK_CLI) || between(addr, watched.stubs_from, watched.stubs_to)))
		section_end();
	if (addr == watched.timer) {
		watched.now.path = true;
		watched.now.path_insns = 0;
		watched.now.path_before = watched.now.before;
	}
	if (!watched.now.closed)
		section_begin(addr);
	section_count(addr, packed_count(packed));
	if (packed & PACK_STRING)
		watched.now.strings++;
	if (packed & PACK_STI) {
		section_end();
		watched.now.shadow = true;
	}
}

static void watch(uint64_t addr, bool kernel, uint64_t packed)
{
	if (kernel) {
		watch_kernel(addr, packed);
	} else {
		if (watched.now.closed)
			section_end();
		watched.now.before = 0;
	}
	watched.now.path_insns += packed_count(packed);
}

static void arrival_exec(unsigned int cpu, void *data)
{
	uint64_t packed = (uintptr_t)data, insns, wait;
	unsigned int id = packed & 0xff;

	if ((int)cpu != watched.vcpu || !watched.now.path || id >= ARRIVALS)
		return;
	watched.now.path = false;
	insns = watched.now.path_insns - packed_count(packed);
	wait = insns + watched.now.path_before;
	g_mutex_lock(&lock);
	watched.arrivals[id].count++;
	watched.arrivals[id].sum += insns;
	watched.arrivals[id].max = MAX(watched.arrivals[id].max, insns);
	watched.arrivals[id].wait = MAX(watched.arrivals[id].wait, wait);
	g_mutex_unlock(&lock);
}

/* Under the lock. */
static void told(GString *s)
{
	const char *comma = "";
	unsigned int i, j;

	g_string_append(s, ",\"longest\":[");
	for (i = 0; i < SECTIONS; i++) {
		const struct section *t = &watched.longest[i];

		if (!t->length)
			continue;
		g_string_append_printf(s, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",{",
				       comma, t->length, t->strings, t->begin, t->end);
		for (j = 0; j < BLOCKS_TOLD && t->blocks[j].insns; j++)
			g_string_append_printf(s, "%s\"0x%" PRIx64 "\":%" PRIu64, j ? "," : "",
					       t->blocks[j].addr, t->blocks[j].insns);
		g_string_append(s, "}]");
		comma = ",";
	}
	g_string_append(s, "],\"arrivals\":{");
	comma = "";
	for (i = 0; i < ARRIVALS; i++) {
		if (!watched.arrivals[i].count)
			continue;
		g_string_append_printf(s,
				       "%s\"%u\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
				       comma, i, watched.arrivals[i].count, watched.arrivals[i].sum,
				       watched.arrivals[i].max, watched.arrivals[i].wait);
		comma = ",";
	}
	g_string_append(s, "}");
}

/* --- counting ------------------------------------------------------------------------------------ */

static void block_exec(unsigned int cpu, void *data)
{
	uint64_t packed = (uintptr_t)data;
	bool kernel = packed >> PACK_HALF_SHIFT & 1;
	struct vcpu *v = &vcpus[cpu];

	add(&v->insns[kernel], packed_count(packed));
	if (kernel && v->in_user)
		v->entered = count_entry(v, packed | ~PACK_ADDR_MASK);
	if (kernel && v->entered)
		add(&v->entered->insns, packed_count(packed));
	v->in_user = !kernel;
	if ((int)cpu == watched.vcpu)
		watch(kernel ? packed | ~PACK_ADDR_MASK : packed & PACK_ADDR_MASK, kernel, packed);
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
	g_string_append(s, "]");
	if (watched.vcpu >= 0)
		told(s);
	g_string_append(s, "}\n");
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
	snapshot(id, cpu, packed >> PACK_HALF_SHIFT & 1, packed_count(packed));
}

static bool is_mark(const struct qemu_plugin_insn *insn, unsigned int tag, uint8_t *id)
{
	static const uint8_t opcode[] = { 0x0f, 0x1f, 0x84, 0x00 };
	const uint8_t *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != MARK_SIZE || memcmp(code, opcode, sizeof(opcode)) ||
	    code[5] || code[6] != (tag & 0xff) || code[7] != tag >> 8)
		return false;
	*id = code[4];
	return true;
}

static bool is_byte(const struct qemu_plugin_insn *insn, uint8_t code)
{
	return qemu_plugin_insn_size(insn) == 1 &&
	       *(const uint8_t *)qemu_plugin_insn_data(insn) == code;
}

/* With REP, maybe with a REX prefix: each iteration but the first is a block of its own. */
static bool is_string(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t n = qemu_plugin_insn_size(insn);
	uint8_t opcode = code[n - 1];

	return (n == 2 || (n == 3 && (code[1] & 0xf0) == 0x40)) &&
	       (code[0] == 0xf2 || code[0] == 0xf3) &&
	       ((opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf));
}

/* Interrupts come between blocks, and blocks end with an STI and behind its shadow. */
static uint64_t block_flags(const struct qemu_plugin_tb *tb, size_t n)
{
	const struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);

	return (is_byte(first, 0xfa) ? PACK_CLI : 0) | (is_byte(last, 0xfb) ? PACK_STI : 0) |
	       (is_byte(first, 0xf4) ? PACK_HLT : 0) |
	       (n == 1 && is_string(first) ? PACK_STRING : 0);
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
	uint64_t flags = between(addr, watched.from, watched.to) ? block_flags(tb, n) : 0;
	size_t i;

	(void)plugin;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_exec, QEMU_PLUGIN_CB_NO_REGS,
					     pack(addr, kernel, n | flags >> PACK_COUNT_SHIFT));
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint8_t id;

		if (is_mark(insn, MARK_TAG, &id))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_exec,
							       QEMU_PLUGIN_CB_NO_REGS,
							       pack(id, kernel, n - i - 1));
		else if (is_mark(insn, ARRIVAL_TAG, &id))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, arrival_exec,
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
		} else if (sscanf(argv[i], "watch=%d", &watched.vcpu) != 1 &&
			   sscanf(argv[i], "text=%" SCNx64 "-%" SCNx64, &watched.from,
				  &watched.to) != 2 &&
			   sscanf(argv[i], "interrupts=%" SCNx64 "-%" SCNx64, &watched.stubs_from,
				  &watched.stubs_to) != 2 &&
			   sscanf(argv[i], "timer=%" SCNx64, &watched.timer) != 1) {
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
