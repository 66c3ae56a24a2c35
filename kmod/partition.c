// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition: a CPU and memory that Linux gives to the RTOS, and gets back.
 *
 * A start is a ladder of steps that each can be undone; a stop, and every failure, climbs down the
 * same ladder. The core is halted by INIT before anything it could use is given back, whatever
 * state it is in.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <asm/apic.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include <crtos/boot.h>
#include <crtos/uapi.h>

#include "compat.h"
#include "image.h"
#include "lent.h"
#include "log.h"
#include "mailbox.h"
#include "message.h"
#include "mirror.h"
#include "partition.h"
#include "partition_cpu.h"
#include "partition_mem.h"
#include "pinned.h"
#include "process.h"
#include "uintr_upid.h"

#define START_SECONDS	5	/* an emulator is slow */
#define STOP_SECONDS	5	/* for processes to go, and for the RTOS to answer */
#define POLL_MS		2

static struct {
	struct mutex lock;	/* one start, stop or panic at a time; outside the mailbox lock */
	enum crtos_partition_state state;	/* also under the mailbox lock */
	unsigned int cpu;
	u32 apic_id;
	u64 mem_phys;
	u64 mem_size;
	struct crtos_boot *boot;	/* the RTOS can write it: not to be read once the core runs */
	u64 free_phys;		/* first frame that the RTOS may show to shadows */
	bool core_on;		/* INIT is due if Linux goes down; read by notifiers */
	char build[16];
} partition = {
	.lock = __MUTEX_INITIALIZER(partition.lock),
};

static void set_state(enum crtos_partition_state state)
{
	mutex_lock(&crtos_mailbox.lock);
	partition.state = state;
	mutex_unlock(&crtos_mailbox.lock);
}

bool crtos_partition_x2apic(void)
{
	return x2apic_enabled();
}

void crtos_partition_open_mirror(struct crtos_mirror *mirror, struct crtos_proc *entry)
{
	crtos_mirror_open(mirror, entry, partition.free_phys,
			  partition.mem_phys + partition.mem_size);
}

/* --- memory and its contents ----------------------------------------------------------------- */

static void *donated(u64 offset)
{
	return phys_to_virt(partition.mem_phys + offset);
}

/* The memory map of boot.h. */
static void fill_boot(void)
{
	struct crtos_boot *boot = donated(CRTOS_BOOT_OFFSET);
	u64 base;

	rdmsrl(MSR_IA32_APICBASE, base);
	*boot = (struct crtos_boot){
		.magic = CRTOS_BOOT_MAGIC,
		.version = CRTOS_BOOT_VERSION,
		.size = sizeof(*boot),
		.mem_phys = partition.mem_phys,
		.mem_size = partition.mem_size,
		.log_size = PAGE_ALIGN(sizeof(struct crtos_log) + CRTOS_LOG_BYTES),
		.upid_phys = crtos_upid_phys(),
		.upid_count = crtos_upid_total(),
		.apic_id = partition.apic_id,
		.cpu = partition.cpu,
		.x2apic = x2apic_enabled(),
		.apic_phys = base & MSR_IA32_APICBASE_BASE,
		.tsc_khz = tsc_khz,
	};
	boot->control_offset = CRTOS_BOOT_OFFSET + PAGE_ALIGN(sizeof(*boot));
	boot->log_offset = boot->control_offset + PAGE_ALIGN(sizeof(struct crtos_control));
	boot->pinned_offset = boot->log_offset + boot->log_size;
	boot->free_offset = boot->pinned_offset +
			    PAGE_ALIGN(DIV_ROUND_UP(PHYS_PFN(partition.mem_size), BITS_PER_BYTE));

	local_irq_disable();
	boot->tsc = rdtsc_ordered();
	boot->monotonic_ns = ktime_get_ns();
	boot->realtime_ns = ktime_get_real_ns();
	local_irq_enable();
	partition.boot = boot;
	partition.free_phys = partition.mem_phys + boot->free_offset;
}

static int memory_get(const struct firmware *image, char *message)
{
	int ret = crtos_mem_alloc(partition.mem_size, &partition.mem_phys, message);

	if (ret)
		return ret;
	memcpy(donated(0), image->data, image->size);
	memcpy(partition.build, crtos_image_header(image)->build, sizeof(partition.build));
	fill_boot();
	ret = crtos_pinned_open(partition.mem_phys, partition.mem_size,
				donated(partition.boot->pinned_offset));
	if (ret) {
		crtos_message(message, "no memory");
		crtos_mem_free(partition.mem_phys, partition.mem_size);
		return ret;
	}
	crtos_log_open(donated(partition.boot->log_offset));
	return 0;
}

static void memory_put(void)
{
	crtos_log_close();
	crtos_pinned_close();
	crtos_mem_free(partition.mem_phys, partition.mem_size);
	partition.boot = NULL;
}

/* --- the core -------------------------------------------------------------------------------- */

static void core_halt(void)
{
	WRITE_ONCE(partition.core_on, false);
	crtos_cpu_halt(partition.apic_id);
}

/*
 * Sleep until the RTOS reports a state other than @old. Return: that state; or @old, and then
 * -EINTR or -ETIMEDOUT in *error. Without @error signals do not count.
 */
static u32 wait_rt_state(u32 old, unsigned int seconds, int *error)
{
	struct crtos_control *control = crtos_mailbox.control;
	unsigned long end = jiffies + seconds * HZ;
	bool last = false;
	u32 state;

	for (;;) {
		/* What the RTOS did before, such as its log, is visible then. */
		state = smp_load_acquire(&control->rt_state);
		if (state != old)
			return state;
		if (last)
			break;
		if (error && signal_pending(current)) {
			*error = -EINTR;
			return old;
		}
		msleep(POLL_MS);
		last = time_after(jiffies, end);
	}
	if (error)
		*error = -ETIMEDOUT;
	return old;
}

/* Start the core and wait for the RTOS. Return: 0; -ETIMEDOUT or -EINTR with the core halted. */
static int core_run(char *message)
{
	int ret = -ETIMEDOUT;
	u32 state;

	WRITE_ONCE(partition.core_on, true);
	crtos_cpu_start(partition.apic_id);
	state = wait_rt_state(CRTOS_RT_OFF, START_SECONDS, &ret);
	if (state == CRTOS_RT_RUNNING)
		return 0;
	core_halt();
	if (state != CRTOS_RT_OFF)
		crtos_message(message, "the RTOS panicked while it started; see crtos log");
	else if (ret == -EINTR)
		crtos_message(message, "interrupted");
	else
		crtos_message(message,
			      "the RTOS did not answer within %d s on CPU %u; see crtos log, or try another CPU",
			      START_SECONDS, partition.cpu);
	return ret;
}

/* The whole hand-over; the memory is filled. Undone on failure. */
static int core_get(u64 entry, char *message)
{
	int ret;

	ret = crtos_cpu_prepare(partition.mem_phys, CRTOS_LINK_BASE + CRTOS_BOOT_OFFSET, entry,
				message);
	if (ret)
		return ret;
	ret = crtos_cpu_take(partition.cpu, message);
	if (ret)
		goto no_cpu;
	ret = crtos_mailbox_open(donated(partition.boot->control_offset), partition.apic_id);
	if (ret) {
		crtos_message(message, "no interrupt vector left for the doorbell");
		goto no_mailbox;
	}
	ret = core_run(message);
	if (ret)
		goto no_core;
	crtos_cpu_unprepare();
	return 0;

no_core:
	crtos_mailbox_close();
no_mailbox:
	crtos_cpu_give_back(partition.cpu);
no_cpu:
	crtos_cpu_unprepare();
	return ret;
}

/* --- start ----------------------------------------------------------------------------------- */

static int start_check(const struct crtos_partition_start *start, char *message)
{
	if (start->flags || start->reserved[0] || start->reserved[1]) {
		crtos_message(message, "unknown flags");
		return -EINVAL;
	}
	if (partition.state != CRTOS_PARTITION_NONE) {
		crtos_message(message, "a partition exists already, on CPU %u; stop it first",
			      partition.cpu);
		return -EBUSY;
	}
	if (start->mem_size % CRTOS_MEM_ALIGN || start->mem_size < CRTOS_MEM_MIN ||
	    start->mem_size > CRTOS_MEM_MAX) {
		crtos_message(message,
			      "memory must be a multiple of 2 MiB between 16 MiB and 64 GiB");
		return -EINVAL;
	}
	return crtos_cpu_check(start->cpu, message);
}

static int start_locked(struct crtos_partition_start *start)
{
	char *message = start->message;
	const struct firmware *image;
	int ret;

	ret = start_check(start, message);
	if (ret)
		return ret;
	ret = crtos_image_load(&image, message);
	if (ret)
		return ret;

	set_state(CRTOS_PARTITION_CHANGING);
	partition.cpu = start->cpu;
	partition.apic_id = crtos_apic_id(start->cpu);
	partition.mem_size = start->mem_size;
	ret = memory_get(image, message);
	if (ret)
		goto no_memory;
	ret = core_get(crtos_image_header(image)->entry, message);
	if (ret)
		goto no_core;
	release_firmware(image);

	mutex_lock(&crtos_mailbox.lock);
	crtos_mailbox.running = true;
	crtos_mailbox.accepting = true;
	partition.state = CRTOS_PARTITION_RUNNING;
	mutex_unlock(&crtos_mailbox.lock);
	crtos_mailbox_look();
	__module_get(THIS_MODULE);
	pr_info("RTOS %s runs on CPU %u with %llu MiB\n", partition.build, partition.cpu,
		partition.mem_size >> 20);
	return 0;

no_core:
	memory_put();
no_memory:
	release_firmware(image);
	set_state(CRTOS_PARTITION_NONE);
	return ret;
}

/* CRTOS_IOC_PARTITION_START. May sleep, some seconds. */
int crtos_partition_start(struct crtos_partition_start *start)
{
	int ret;

	start->message[0] = '\0';
	if (mutex_lock_interruptible(&partition.lock)) {
		crtos_message(start->message, "interrupted");
		return -EINTR;
	}
	ret = start_locked(start);
	mutex_unlock(&partition.lock);
	return ret;
}

/* --- stop ------------------------------------------------------------------------------------ */

/* Return: 0, or -EBUSY with the names of those in the way. */
static int stop_processes(u32 flags, char *message)
{
	char names[CRTOS_MESSAGE_BYTES / 2];
	unsigned int alive;

	mutex_lock(&crtos_mailbox.lock);
	alive = crtos_table_alive(names, sizeof(names));
	if (alive && !(flags & CRTOS_STOP_KILL)) {
		mutex_unlock(&crtos_mailbox.lock);
		crtos_message(message,
			      "%u process%s on the partition: %s; end %s first, or kill with --kill",
			      alive, alive == 1 ? " runs" : "es run", names,
			      alive == 1 ? "it" : "them");
		return -EBUSY;
	}
	/* No process can be added from here on. */
	partition.state = CRTOS_PARTITION_CHANGING;
	crtos_mailbox.accepting = false;
	crtos_table_lost(true);
	mutex_unlock(&crtos_mailbox.lock);
	return 0;
}

static int stop_locked(struct crtos_partition_stop *stop)
{
	char *message = stop->message;
	bool panicked = partition.state == CRTOS_PARTITION_PANIC;
	int ret;

	if (partition.state == CRTOS_PARTITION_NONE) {
		crtos_message(message, "no partition exists");
		return -ENODEV;
	}
	/* After a panic nothing runs any more; the shadows have been told. */
	ret = stop_processes(panicked ? stop->flags | CRTOS_STOP_KILL : stop->flags, message);
	if (ret)
		return ret;

	/* After a panic the RTOS cannot confirm a death, but the sessions can close. */
	wait_event_timeout(crtos_mailbox.idle, !crtos_table_busy(panicked), STOP_SECONDS * HZ);
	if (!panicked) {
		mutex_lock(&crtos_mailbox.lock);
		crtos_mailbox_request(CRTOS_REQUEST_STOP);
		mutex_unlock(&crtos_mailbox.lock);
		if (wait_rt_state(CRTOS_RT_RUNNING, STOP_SECONDS, NULL) != CRTOS_RT_STOPPED)
			pr_warn("the RTOS did not stop by itself\n");
	}

	crtos_mailbox_quiesce();
	core_halt();
	crtos_mailbox_close();
	if (crtos_cpu_give_back(partition.cpu))
		crtos_message(message,
			      "the RTOS has stopped, but CPU %u does not come back; see dmesg",
			      partition.cpu);
	memory_put();
	set_state(CRTOS_PARTITION_NONE);
	pr_info("CPU %u and %llu MiB are back\n", partition.cpu, partition.mem_size >> 20);
	module_put(THIS_MODULE);
	return 0;
}

/* CRTOS_IOC_PARTITION_STOP. May sleep, some seconds. */
int crtos_partition_stop(struct crtos_partition_stop *stop)
{
	int ret;

	stop->message[0] = '\0';
	if (stop->flags & ~CRTOS_STOP_KILL || stop->reserved)
		return -EINVAL;
	if (mutex_lock_interruptible(&partition.lock)) {
		crtos_message(stop->message, "interrupted");
		return -EINTR;
	}
	ret = stop_locked(stop);
	mutex_unlock(&partition.lock);
	return ret;
}

/* --- panic ----------------------------------------------------------------------------------- */

/* See whether the RTOS still lives. Under the mailbox lock. */
void crtos_partition_look(void)
{
	/* The report of a panic is in the log before the state says so. */
	u32 state = smp_load_acquire(&crtos_mailbox.control->rt_state);

	if (partition.state != CRTOS_PARTITION_RUNNING || state == CRTOS_RT_RUNNING)
		return;
	pr_err("RTOS panic; see crtos log\n");
	partition.state = CRTOS_PARTITION_PANIC;
	crtos_mailbox.running = false;
	crtos_mailbox.accepting = false;
	crtos_table_mute();
	crtos_table_lost(false);
}

/* CRTOS_IOC_PARTITION_PANIC. May sleep. */
int crtos_partition_panic(void)
{
	int ret = -ENODEV;

	mutex_lock(&crtos_mailbox.lock);
	if (partition.state == CRTOS_PARTITION_RUNNING) {
		crtos_mailbox_request(CRTOS_REQUEST_PANIC);
		ret = 0;
	}
	mutex_unlock(&crtos_mailbox.lock);
	return ret;
}

/* --- status ---------------------------------------------------------------------------------- */

/* CRTOS_IOC_PARTITION_STATUS; @status is zeroed but for its fields. May sleep. */
void crtos_partition_status(struct crtos_partition_status *status)
{
	struct crtos_control *control;
	unsigned int i;

	mutex_lock(&crtos_mailbox.lock);
	control = crtos_mailbox.control;
	status->state = partition.state;
	if (!control)
		goto out;
	status->cpu = partition.cpu;
	status->apic_id = partition.apic_id;
	status->processes = crtos_table_count();
	status->mem_phys = capable(CAP_SYS_ADMIN) ? partition.mem_phys : 0;
	status->mem_size = partition.mem_size;
	status->frames_total = READ_ONCE(control->total_frames);
	status->frames_free = READ_ONCE(control->free_frames);
	status->notified = READ_ONCE(control->notified);
	status->woken = READ_ONCE(control->woken);
	status->reverse_interrupts = READ_ONCE(control->reverse_interrupts);
	status->foreign_interrupts = READ_ONCE(control->foreign_interrupts);
	status->heartbeat = READ_ONCE(control->heartbeat);
	status->wakes = crtos_table_wakes();
	status->frames_pinned = crtos_pinned_count();
	status->frames_lent = crtos_lent_count();
	status->longest_nonpreemptible_ns = READ_ONCE(control->longest_nonpreemptible_ns);
	status->timer_max_latency_ns = READ_ONCE(control->timer_max_latency_ns);
	memcpy(status->build, partition.build, sizeof(status->build));
	for (i = 0; i < CRTOS_SCF_COUNTED_CALLS; i++)
		status->calls[i] = READ_ONCE(control->calls[i]);
out:
	mutex_unlock(&crtos_mailbox.lock);
}

/* --- Linux goes down ------------------------------------------------------------------------- */

/*
 * A reboot or a kexec must not find the core running in its memory. A crash kernel is started before the
 * panic notifiers, unless Linux runs with crash_kexec_post_notifiers; its own memory is never donated.
 */
static int partition_down(struct notifier_block *block, unsigned long event, void *data)
{
	if (READ_ONCE(partition.core_on))
		crtos_cpu_halt(partition.apic_id);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = { .notifier_call = partition_down };
static struct notifier_block panic_block = { .notifier_call = partition_down };

/* The core would lose its state in a suspend. */
static int partition_suspend(struct notifier_block *block, unsigned long event, void *data)
{
	if (event != PM_SUSPEND_PREPARE && event != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	if (READ_ONCE(partition.state) == CRTOS_PARTITION_NONE)
		return NOTIFY_DONE;
	pr_notice("stop the partition before you suspend\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block suspend_block = { .notifier_call = partition_suspend };

int __init crtos_partition_init(void)
{
	int ret;

	ret = crtos_log_init();
	if (ret)
		return ret;
	ret = crtos_cpu_init();
	if (ret) {
		crtos_log_exit();
		return ret;
	}
	register_reboot_notifier(&reboot_block);
	register_pm_notifier(&suspend_block);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}

/* No partition exists: it holds the module. */
void crtos_partition_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	unregister_pm_notifier(&suspend_block);
	unregister_reboot_notifier(&reboot_block);
	crtos_cpu_exit();
	crtos_log_exit();
}
