// SPDX-License-Identifier: MIT
/* Receivers over a suspend of the machine to memory, which one of them asks for. Prints TAP. */
#define _GNU_SOURCE
#include "sleeps.h"

#define ASLEEP 6 /* seconds until the clock wakes the machine; getting there takes some of them */

static struct thread spinning = { .vector = 1, .spin = 1 };
static volatile int sleeper_fd = -1;
static struct receiver sleepers;
static volatile long sleepers_return;

static void write_to(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	REQUIRE(fd >= 0);
	EXPECT(strlen(text), write(fd, text, strlen(text)));
	close(fd);
}

/* A suspend that is asked for after this fails if what shall end it has come before. */
static void expect_wakeup(void)
{
	char count[32];
	int fd = open("/sys/power/wakeup_count", O_RDWR);
	ssize_t bytes;

	REQUIRE(fd >= 0);
	bytes = read(fd, count, sizeof(count));
	REQUIRE(bytes > 0);
	EXPECT(bytes, write(fd, count, bytes));
	close(fd);
}

static double on_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Blocked in one call from before the suspend until after it. */
static void *sleep_through(void *unused)
{
	struct crtos_uintr_handler arg = { (uint64_t)count_and_guard, FLAGS, 0 };
	struct call call = pause_forever();

	receiver = &sleepers;
	EXPECT(0, device_call(CRTOS_IOC_UINTR_REGISTER, &arg));
	sleeper_fd = uintr_vector_fd(2);
	stui();
	sleeper = gettid();
	sleepers_return = guarded_call(&call, &sleepers.total, 0);
	return unused;
}

static void over_suspend(void)
{
	double before, lost;
	char alarm_text[8];

	become_receiver();
	EXPECT(0, uintr_self(1));
	thread_start(&spinning);
	EXPECT(1, uintr_sender(spinning.fd));
	start_helper(sleep_through);
	wait_for_state('S');
	EXPECT(2, uintr_sender(sleeper_fd));
	senduipi(1);
	REQUIRE(reaches(&spinning.r.total, 1, SECONDS));

	snprintf(alarm_text, sizeof(alarm_text), "+%d", ASLEEP);
	write_to("/sys/class/rtc/rtc0/wakealarm", "0");
	write_to("/sys/class/rtc/rtc0/wakealarm", alarm_text);
	expect_wakeup();
	before = on_clock(CLOCK_BOOTTIME) - on_clock(CLOCK_MONOTONIC);
	write_to("/sys/power/state", "mem");
	lost = on_clock(CLOCK_BOOTTIME) - on_clock(CLOCK_MONOTONIC) - before;
	printf("# %.1f s asleep\n", lost);
	fflush(stdout);
	REQUIRE(lost > 0.1);

	EXPECT(1, testui());
	senduipi(0);
	REQUIRE(reaches(&mine.got[1], 1, SECONDS));
	senduipi(1);
	REQUIRE(reaches(&spinning.r.total, 2, SECONDS));
	EXPECT(0, sleepers_return);
	wait_for_state('S');
	senduipi(2);
	EXPECT(0, pthread_join(helper, NULL));
	EXPECT(-EINTR, sleepers_return);
	EXPECT(1, sleepers.got[2]);
	thread_stop(&spinning);
}

static const struct test tests[] = {
	{ "receivers over a suspend to memory", over_suspend },
};

int main(void)
{
	device = open(CRTOS_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(CRTOS_DEVICE);
		return 2;
	}
	return RUN_TESTS(tests);
}
