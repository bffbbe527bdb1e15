/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each kind of lookup is made once for each name (cold), then in rounds (warm), until the time of the kind has passed.
 * Names that do not exist are made up from the number of the process. Cold lookups may still be answered from memory if
 * another program has looked the names up before.
 *
 * The program has one thread, which owns all objects.
 */
#include "probe/lookups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/times.h"
#include "store/filesystem.h"

#define NAMES_MAX 64
#define NAME_BYTES 256
#define ROUNDS_MAX 20
#define KIND_NS (600 * CLOCK_NS_PER_MS) /* time of one kind of lookup */

struct lookups {
	int fd;
	unsigned count;
	char names[NAMES_MAX][NAME_BYTES];
	struct probe_times cold, warm;
};

/* Looks a name up as ranged does. */
static void look_up(int directory, const char *name)
{
	struct statx st;
	int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st) < 0)
		st.stx_mask = 0;
	close(fd);
}

static void open_and_close(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

static void measure(struct lookups *lookups, void (*call)(int directory, const char *name), struct probe_lookup *result)
{
	const uint64_t end_ns = clock_now_ns() + KIND_NS;

	memset(&lookups->cold, 0, sizeof(lookups->cold));
	memset(&lookups->warm, 0, sizeof(lookups->warm));
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		for (unsigned i = 0; i < lookups->count && clock_now_ns() < end_ns; i++) {
			uint64_t start_ns = clock_now_ns();

			call(lookups->fd, lookups->names[i]);
			probe_times_add(round == 0 ? &lookups->cold : &lookups->warm, clock_now_ns() - start_ns);
		}
	}
	*result = (struct probe_lookup){
		.cold_count = lookups->cold.count,
		.cold_p50_ns = probe_times_quantile_ns(&lookups->cold, 50),
		.cold_p99_ns = probe_times_quantile_ns(&lookups->cold, 99),
		.warm_count = lookups->warm.count,
		.warm_p50_ns = probe_times_quantile_ns(&lookups->warm, 50),
		.warm_p99_ns = probe_times_quantile_ns(&lookups->warm, 99),
	};
}

/* Collects names of regular files, if the directory can be read. A filesystem may report no types of its files. */
static void find_names(struct lookups *lookups)
{
	int fd = openat(lookups->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (directory == NULL && fd >= 0)
		close(fd);
	if (directory == NULL)
		return;
	while (lookups->count < NAMES_MAX && (entry = readdir(directory)) != NULL)
		if ((entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) && entry->d_name[0] != '.')
			strcpy(lookups->names[lookups->count++], entry->d_name);
	closedir(directory);
}

static void invent_names(struct lookups *lookups)
{
	for (lookups->count = 0; lookups->count < NAMES_MAX; lookups->count++)
		snprintf(lookups->names[lookups->count], NAME_BYTES, "ranged-probe-%d-%u.gz", (int)getpid(),
			 lookups->count);
}

int probe_lookups_measure(const char *directory, const char *type, struct probe_lookups *result)
{
	struct lookups *lookups = calloc(1, sizeof(*lookups));
	int error;

	*result = (struct probe_lookups){ .network = !filesystem_type_is_local(type) };
	if (lookups == NULL)
		return -ENOMEM;
	lookups->fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = lookups->fd >= 0 ? 0 : -errno;
	if (error == 0) {
		find_names(lookups);
		result->names = lookups->count;
		measure(lookups, look_up, &result->present);
		measure(lookups, open_and_close, &result->open);
		invent_names(lookups);
		measure(lookups, look_up, &result->absent);
	}
	if (lookups->fd >= 0)
		close(lookups->fd);
	free(lookups);
	return error;
}
