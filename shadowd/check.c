// SPDX-License-Identifier: MIT
/*
 * crtos check: what a real-time partition needs, what was found, and what to do. Once the module is loaded
 * it knows best; before that the same is read from the system as far as possible.
 */

#include <cpuid.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <crtos/boot.h>
#include <crtos/crtos.h>

#include "command.h"

#define CAPABILITY_SYS_ADMIN 21

/* What is known; `module` tells whether `features` come from it. */
struct machine {
	bool module;
	int error; /* of crtos_open(), if not */
	uint32_t features;
	uint32_t partition;
};

struct row {
	const char *what;
	bool good;
	bool needed; /* by `crtos start`; else it only makes things better */
	char found[64];
	const char *remedy;
};

/* The value behind "KEY:" in a file of lines, as text. */
static bool field(const char *file, const char *key, char *value, size_t size)
{
	FILE *f = fopen(file, "re");
	char line[4096];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');
		size_t length = strlen(key);

		if (!colon || strncmp(line, key, length) ||
		    (line[length] != ':' && line[length] != '\t'))
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

static bool first_line(const char *file, char *line, size_t size)
{
	FILE *f = fopen(file, "re");
	bool found = f && fgets(line, (int)size, f);

	if (f)
		fclose(f);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

static bool word_in(const char *words, const char *word)
{
	size_t length = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

/* The features as far as they show without the module. */
static uint32_t guess_features(void)
{
	unsigned int eax, ebx, ecx, edx;
	uint32_t features = CRTOS_FEATURE_LOW_PAGE;
	char text[4096];

	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & CRTOS_CPUID_7_0_EDX_UINTR))
		features |= CRTOS_FEATURE_UINTR;
	if (first_line("/sys/devices/system/cpu/vulnerabilities/meltdown", text, sizeof(text)) &&
	    strstr(text, "PTI"))
		features |= CRTOS_FEATURE_PTI;
	if (!access("/sys/devices/system/cpu/cpu1/online", F_OK))
		features |= CRTOS_FEATURE_HOTPLUG;
	if (field("/proc/cpuinfo", "flags", text, sizeof(text)) && word_in(text, "constant_tsc") &&
	    word_in(text, "nonstop_tsc"))
		features |= CRTOS_FEATURE_TSC;
	if (!access("/lib/firmware/crtos/rtos.bin", R_OK))
		features |= CRTOS_FEATURE_FIRMWARE;
	return features;
}

static void explore(struct machine *machine)
{
	struct crtos_partition_status status;
	struct crtos_check check;
	int dev = crtos_open();

	machine->partition = CRTOS_PARTITION_NONE;
	if (dev < 0) {
		machine->module = false;
		machine->error = dev;
		machine->features = guess_features();
		return;
	}
	machine->module = !(machine->error = crtos_check(dev, &check));
	machine->features = machine->module ? check.features : guess_features();
	if (!crtos_partition_status(dev, &status))
		machine->partition = status.state;
	crtos_close(dev);
}

/* Would `modprobe crtos` find it? */
static bool module_installed(void)
{
	char *argv[] = { "modprobe", "-n", "-q", "crtos", NULL };

	return run_program(argv);
}

static void check_module(const struct machine *m, struct row *row)
{
	row->what = "kernel module";
	row->needed = true;
	row->good = m->module;
	if (m->module) {
		snprintf(row->found, sizeof(row->found), "loaded, interface version %u",
			 CRTOS_UAPI_VERSION);
	} else if (m->error == -EPROTONOSUPPORT) {
		strcpy(row->found, "loaded, with another interface version");
		row->remedy = "install module and tools of one version";
	} else if (m->error != -ENOENT && m->error != -ENXIO) {
		snprintf(row->found, sizeof(row->found), "%s", strerror(-m->error));
		row->remedy = "see the permissions of " CRTOS_DEVICE;
	} else if (module_installed()) {
		row->good = true;
		strcpy(row->found, "not loaded");
		row->remedy = "nothing: `crtos start` loads it";
	} else {
		strcpy(row->found, "not loaded, not installed for this kernel");
		row->remedy = "build and install it, then: modprobe crtos";
	}
}

static void check_uintr(const struct machine *m, struct row *row)
{
	row->what = "user interrupts";
	if (m->features & CRTOS_FEATURE_UINTR_ENABLED) {
		row->good = true;
		strcpy(row->found, "in use");
	} else if (!(m->features & CRTOS_FEATURE_UINTR)) {
		strcpy(row->found, "not in this processor");
		row->remedy = "nothing: the ipi notifier is used";
	} else if (m->features & CRTOS_FEATURE_UINTR_KERNEL) {
		strcpy(row->found, "managed by the kernel itself");
		row->remedy = "a stock kernel; else the ipi notifier is used";
	} else {
		row->good = !m->module && !(m->features & CRTOS_FEATURE_PTI);
		strcpy(row->found, "in the processor");
		if (m->module)
			row->remedy = "see the kernel log for why they are not used";
	}
}

static void check_pti(const struct machine *m, struct row *row)
{
	row->what = "page-table isolation";
	row->good = !(m->features & CRTOS_FEATURE_PTI);
	strcpy(row->found, row->good ? "off" : "on: no user interrupts");
	row->remedy = "boot with pti=off, where that is acceptable";
}

static void check_hotplug(const struct machine *m, struct row *row)
{
	row->what = "processor hotplug";
	row->needed = true;
	row->good = m->features & CRTOS_FEATURE_HOTPLUG;
	strcpy(row->found, row->good ? "yes" : "no");
	row->remedy = "a kernel with CONFIG_HOTPLUG_CPU, and a second processor";
}

static void check_processors(const struct machine *m, struct row *row)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	row->what = "processors";
	row->needed = true;
	row->good = count > 1 || m->partition != CRTOS_PARTITION_NONE;
	snprintf(row->found, sizeof(row->found), "%ld online", count);
	row->remedy = "one for Linux and one for the partition";
}

static void check_tsc(const struct machine *m, struct row *row)
{
	row->what = "time-stamp counter";
	row->good = m->features & CRTOS_FEATURE_TSC;
	strcpy(row->found, row->good ? "constant" : "not known to be constant");
	row->remedy = "firmware or hypervisor settings; else clocks may drift";
}

static void check_low_page(const struct machine *m, struct row *row)
{
	row->what = "memory below 1 MiB";
	row->needed = true;
	row->good = m->features & CRTOS_FEATURE_LOW_PAGE;
	strcpy(row->found, !m->module ? "not known yet" :
			   row->good  ? "a free page" :
					"no free page");
	row->remedy = "firmware settings (legacy support)";
}

static void check_firmware(const struct machine *m, struct row *row)
{
	row->what = "real-time kernel";
	row->needed = true;
	row->good = m->features & CRTOS_FEATURE_FIRMWARE;
	strcpy(row->found, row->good ? "found" : "not found, or not valid");
	row->remedy = "install it as /lib/firmware/crtos/rtos.bin";
}

static void check_memory(const struct machine *m, struct row *row)
{
	uint64_t kib = 0;
	char text[64];

	if (field("/proc/meminfo", "MemAvailable", text, sizeof(text)))
		sscanf(text, "%" SCNu64, &kib);
	row->what = "available memory";
	row->needed = true;
	row->good = kib << 10 >= CRTOS_MEM_MIN || m->partition != CRTOS_PARTITION_NONE;
	snprintf(row->found, sizeof(row->found), "%" PRIu64 "M", kib >> 10);
	row->remedy = "at least 16M more";
}

static void check_privilege(const struct machine *m, struct row *row)
{
	uint64_t capabilities = 0;
	char text[64];

	(void)m;
	if (field("/proc/self/status", "CapEff", text, sizeof(text)))
		sscanf(text, "%" SCNx64, &capabilities);
	row->what = "privilege";
	row->needed = true;
	row->good = capabilities >> CAPABILITY_SYS_ADMIN & 1;
	strcpy(row->found, row->good ? "CAP_SYS_ADMIN" : "no CAP_SYS_ADMIN");
	row->remedy = "start and stop as root";
}

static void check_partition(const struct machine *m, struct row *row)
{
	row->what = "partition";
	row->good = m->partition != CRTOS_PARTITION_PANIC;
	strcpy(row->found, m->partition == CRTOS_PARTITION_NONE ? "none" :
			   row->good				? "running" :
								  "failed");
	row->remedy = "crtos log; then: crtos stop";
}

int command_check(int argc, char **argv)
{
	static void (*const checks[])(const struct machine *, struct row *) = {
		check_module,	  check_uintr,	   check_pti,	    check_hotplug,
		check_processors, check_tsc,	   check_low_page,  check_firmware,
		check_memory,	  check_privilege, check_partition,
	};
	struct machine machine;
	bool able = true;
	unsigned int i;

	(void)argv;
	if (argc > 1)
		return misuse("check", "too many arguments");
	explore(&machine);
	printf("%-22s %-9s %-42s %s\n", "REQUIREMENT", "", "FOUND", "WHAT TO DO");
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct row row = { 0 };
		const char *remedy;

		checks[i](&machine, &row);
		remedy = row.remedy && (!row.good || !strncmp(row.remedy, "nothing", 7)) ?
				 row.remedy :
				 "";
		if (row.needed && !row.good)
			able = false;
		printf("%-22s %-9s %-42s %s\n", row.what,
		       row.good	  ? "ok" :
		       row.needed ? "missing" :
				    "optional",
		       row.found, remedy);
	}
	printf("\n%s\n", able ? "A real-time partition can be started." :
				"A real-time partition cannot be started yet.");
	return able ? EXIT_OK : EXIT_FAILED;
}
