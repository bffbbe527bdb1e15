/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of engine/stalls.c: when a device counts as stalled, and when it responds again. The calls of a probe hang
 * while a test holds a lock.
 */
#include "engine/stalls.h"

#include <fcntl.h>
#include <libaio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#include "../suite.h"

#define LATENCY_MS 200

static struct devices *devices;
static struct device *device;
static struct offload *offload;
static struct stalls *stalls;
static char directory[] = "stalls.XXXXXX";
static int directory_fd, file_fd;
static atomic_uint stalled_count, responded_count;

/* --- calls of the probe that hang while a gate is locked --- */

static pthread_mutex_t stat_gate = PTHREAD_MUTEX_INITIALIZER, read_gate = PTHREAD_MUTEX_INITIALIZER;

int __real_statx(int fd, const char *path, int flags, unsigned mask, struct statx *st);
int __real_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);
int __wrap_statx(int fd, const char *path, int flags, unsigned mask, struct statx *st);
int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);

int __wrap_statx(int fd, const char *path, int flags, unsigned mask, struct statx *st)
{
	if ((flags & AT_STATX_FORCE_SYNC) != 0) {
		pthread_mutex_lock(&stat_gate);
		pthread_mutex_unlock(&stat_gate);
	}
	return __real_statx(fd, path, flags, mask, st);
}

int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout)
{
	pthread_mutex_lock(&read_gate);
	pthread_mutex_unlock(&read_gate);
	return __real_io_getevents(context, min, count, events, timeout);
}

/* --- the device --- */

static void changed(const struct device *which, enum device_state state, uint64_t stalled_ms)
{
	ck_assert_ptr_eq(which, device);
	if (state != DEVICE_RESPONDS) {
		atomic_fetch_add(&stalled_count, 1);
		return;
	}
	ck_assert_uint_lt(stalled_ms, 60000);
	atomic_fetch_add(&responded_count, 1);
}

static void setup(void)
{
	char path[64];
	struct stat st;

	stalled_count = responded_count = 0;
	strcpy(directory, "stalls.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	file_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(file_fd, "x", 1), 1);
	close(file_fd);
	file_fd = open(path, O_RDONLY | O_CLOEXEC);
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(fstat(file_fd, &st), 0);
	ck_assert_int_eq(devices_new(&devices, &(struct devices_options){ .depth = 1, .latency_ms = LATENCY_MS }), 0);
	device = devices_get(devices, st.st_dev, DEVICE_ASYNC);
	ck_assert_int_eq(offload_new(&offload, 1), 0);
	ck_assert_int_eq(stalls_new(&stalls, &(struct stalls_options){ .devices = devices,
								       .offload = offload,
								       .latency_ms = LATENCY_MS,
								       .changed = changed }),
			 0);
}

static void teardown(void)
{
	stalls_free(stalls);
	offload_free(offload);
	devices_free(devices);
	close(directory_fd);
	close(file_fd);
	remove_directory(directory);
}

/* Begins a read or a job that does not end. */
static void begin(atomic_uint *in_progress, _Atomic uint64_t *progress_ns)
{
	*progress_ns = clock_now_ns();
	atomic_fetch_add(in_progress, 1);
}

static void await_state(enum device_state state)
{
	while (atomic_load(&device->state) != (int)state)
		usleep(1000);
}

/* Waits for three times the latency. */
static void wait_long(void)
{
	usleep(LATENCY_MS * 3000);
}

START_TEST(an_idle_device_responds)
{
	pthread_mutex_lock(&stat_gate);
	pthread_mutex_lock(&read_gate);
	wait_long();
	ck_assert_int_eq(device->state, DEVICE_RESPONDS);
	pthread_mutex_unlock(&read_gate);
	pthread_mutex_unlock(&stat_gate);
}
END_TEST

START_TEST(an_operation_may_hang_if_a_probe_does_not)
{
	begin(&device->jobs, &device->job_progress_ns);
	begin(&device->in_flight_count, &device->read_progress_ns);
	wait_long();
	ck_assert_uint_eq(device->stalls, 0);
	device->jobs = device->in_flight_count = 0;
}
END_TEST

START_TEST(lookups_that_hang_stall_the_device)
{
	pthread_mutex_lock(&stat_gate);
	begin(&device->jobs, &device->job_progress_ns);
	await_state(DEVICE_STALLED);
	ck_assert(devices_reject_lookups(devices, device, clock_now_ns()));
	ck_assert(devices_reject_reads(device));
	pthread_mutex_unlock(&stat_gate);
	await_state(DEVICE_RESPONDS);
	ck_assert(!devices_reject_lookups(devices, device, clock_now_ns()));
	ck_assert_uint_eq(device->stalls, 1);
	device->jobs = 0;
}
END_TEST

START_TEST(reads_that_hang_reject_only_reads)
{
	pthread_mutex_lock(&read_gate);
	begin(&device->in_flight_count, &device->read_progress_ns);
	await_state(DEVICE_READS_STALLED);
	ck_assert(!devices_reject_lookups(devices, device, clock_now_ns()));
	ck_assert(devices_reject_reads(device));
	pthread_mutex_unlock(&read_gate);
	await_state(DEVICE_RESPONDS);
	device->in_flight_count = 0;
}
END_TEST

START_TEST(progress_ends_a_stall)
{
	pthread_mutex_lock(&read_gate);
	begin(&device->in_flight_count, &device->read_progress_ns);
	await_state(DEVICE_READS_STALLED);
	device->in_flight_count = 0;
	await_state(DEVICE_RESPONDS);
	while (responded_count == 0)
		usleep(1000);
	ck_assert_uint_eq(stalled_count, 1);
	/* A stall soon after another one is counted, but not reported. */
	begin(&device->in_flight_count, &device->read_progress_ns);
	await_state(DEVICE_READS_STALLED);
	device->in_flight_count = 0;
	await_state(DEVICE_RESPONDS);
	ck_assert_uint_eq(device->stalls, 2);
	ck_assert_uint_eq(stalled_count, 1);
	ck_assert_uint_eq(responded_count, 1);
	pthread_mutex_unlock(&read_gate);
}
END_TEST

START_TEST(a_probe_that_hangs_may_outlive_the_stalls)
{
	pthread_mutex_lock(&stat_gate);
	begin(&device->jobs, &device->job_progress_ns);
	await_state(DEVICE_STALLED);
	stalls_free(stalls);
	stalls = NULL;
	pthread_mutex_unlock(&stat_gate);
}
END_TEST

START_TEST(an_old_job_rejects_lookups)
{
	const uint64_t now_ns = clock_now_ns();

	device->job_oldest_ns = now_ns - LATENCY_MS * CLOCK_NS_PER_MS;
	ck_assert(!devices_reject_lookups(devices, device, now_ns));
	ck_assert(devices_reject_lookups(devices, device, now_ns + 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stalls");
	TCase *tcase = tcase_create("stalls");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_idle_device_responds);
	tcase_add_test(tcase, an_operation_may_hang_if_a_probe_does_not);
	tcase_add_test(tcase, lookups_that_hang_stall_the_device);
	tcase_add_test(tcase, reads_that_hang_reject_only_reads);
	tcase_add_test(tcase, progress_ends_a_stall);
	tcase_add_test(tcase, a_probe_that_hangs_may_outlive_the_stalls);
	tcase_add_test(tcase, an_old_job_rejects_lookups);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
