// SPDX-License-Identifier: MIT
/* sources: libcrtos/device.c libcrtos/uintr.c libcrtos/partition.c libcrtos/process.c libcrtos/scf_shadow.c */
/* cflags: -Ilibcrtos */
/* What libcrtos does without a device: errors are returned, errno is left alone, ranges are checked. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crtos.h"

static void test_no_device(void **state)
{
	(void)state;
	if (!access(CRTOS_DEVICE, F_OK))
		skip();
	errno = EXFULL;
	assert_int_equal(crtos_open(), -ENOENT);
	assert_int_equal(errno, EXFULL);
}

static void test_errors_are_returned(void **state)
{
	struct crtos_partition_status status;
	struct crtos_proc_status proc = { 0 };
	struct crtos_check check;
	uint64_t value = 7;
	unsigned int index = 7;
	char byte;

	(void)state;
	errno = EXFULL;
	assert_int_equal(crtos_close(-1), -EBADF);
	assert_int_equal(crtos_check(-1, &check), -EBADF);
	assert_int_equal(crtos_uintr_register_handler(-1, &byte, 0), -EBADF);
	assert_int_equal(crtos_uintr_unregister_handler(-1, 0), -EBADF);
	assert_int_equal(crtos_uintr_vector_fd(-1, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_register_sender(-1, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_register_sender_raw(-1, 64, 0), -EBADF);
	assert_int_equal(crtos_uintr_unregister_sender(-1, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_wait(-1, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_register_self(-1, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_alt_stack(-1, NULL, 0, 0), -EBADF);
	assert_int_equal(crtos_uintr_upid_address(-1, &value), -EBADF);
	assert_int_equal(crtos_partition_status(-1, &status), -EBADF);
	assert_int_equal(crtos_partition_panic(-1), -EBADF);
	assert_int_equal(crtos_proc_status(-1, &proc), -EBADF);
	assert_int_equal(crtos_log_read(-1, &value, &byte, 1), -EBADF);
	assert_int_equal(crtos_proc_start(-1), -EBADF);
	assert_int_equal(crtos_thread_attach(-1, 0, NULL, &index), -EBADF);
	assert_int_equal(crtos_thread_detach(-1), -EBADF);
	assert_int_equal(crtos_thread_wait(-1), -EBADF);
	assert_int_equal(crtos_zap(-1), -EBADF);
	assert_int_equal(crtos_lend(-1), -EBADF);
	assert_int_equal(crtos_kick(-1), -EBADF);
	assert_int_equal(errno, EXFULL);
	/* Results are not touched. */
	assert_int_equal(value, 7);
	assert_int_equal(index, 7);
}

static void test_message_is_terminated(void **state)
{
	struct crtos_partition_start start;
	struct crtos_partition_stop stop;

	(void)state;
	memset(&start, 'x', sizeof(start));
	memset(&stop, 'x', sizeof(stop));
	assert_int_equal(crtos_partition_start(-1, &start), -EBADF);
	assert_int_equal(strlen(start.message), 0);
	assert_int_equal(crtos_partition_stop(-1, &stop), -EBADF);
	assert_int_equal(strlen(stop.message), 0);
}

static void test_sender_is_never_raw_by_flag(void **state)
{
	(void)state;
	assert_int_equal(crtos_uintr_register_sender(-1, 0, CRTOS_SENDER_RAW), -EINVAL);
	assert_int_equal(crtos_uintr_register_sender(-1, -1, 0), -EBADF);
}

static void test_mirror_range(void **state)
{
	(void)state;
	assert_int_equal(crtos_mirror_map(-1, 0, CRTOS_USER_END), -EINVAL);
	assert_int_equal(crtos_mirror_map(-1, CRTOS_USER_START, CRTOS_USER_END + 4096), -EINVAL);
	assert_int_equal(crtos_mirror_map(-1, CRTOS_USER_END, CRTOS_USER_START), -EINVAL);
	assert_int_equal(crtos_mirror_unmap(0, 4096), -EINVAL);
	assert_int_equal(crtos_mirror_map(-1, CRTOS_USER_START, CRTOS_USER_START + 4096), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_device),
		cmocka_unit_test(test_errors_are_returned),
		cmocka_unit_test(test_message_is_terminated),
		cmocka_unit_test(test_sender_is_never_raw_by_flag),
		cmocka_unit_test(test_mirror_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
