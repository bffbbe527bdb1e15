/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules for the verdict, with one function for each possible problem:
 * - The verdict is "poorly" if O_DIRECT is not supported, because ranged then reads through the page cache with its
 *   offload threads.
 * - The verdict is also "poorly" if the files are in memory.
 * - Any other problem makes the verdict "with-care", because ranged has a fallback or the operator can change a limit.
 *
 * The caller owns the result and the verdict. The program has one thread.
 */
#include "probe/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "daemon/sizing.h"
#include "daemon/system_limits.h"

#define SLOW_SUBMITS_MAX 3 /* maximum number of slow calls in SUBMITS calls, as in ranged */
#define SUBMITS 1000
#define SLOW_LOOKUP_NS (2 * CLOCK_NS_PER_MS)

static void __attribute__((format(printf, 3, 4)))
warn(struct probe_verdict *verdict, const char *id, const char *format, ...)
{
	struct probe_warning *warning = &verdict->warnings[verdict->warning_count];
	va_list arguments;

	if (verdict->warning_count == PROBE_WARNINGS_MAX)
		return;
	verdict->warning_count++;
	warning->id = id;
	va_start(arguments, format);
	vsnprintf(warning->text, sizeof(warning->text), format, arguments);
	va_end(arguments);
}

static void judge_direct(const struct probe_result *result, struct probe_verdict *verdict)
{
	switch (result->file.direct) {
	case PROBE_DIRECT_REAL:
		break;
	case PROBE_DIRECT_BUFFERED:
		warn(verdict, "page-cache",
		     "%.0f %% of the file is in the page cache after reading. The filesystem accepts O_DIRECT, but "
		     "does "
		     "not bypass the page cache. ranged works, but it displaces pages of other programs.",
		     100 * result->resident);
		break;
	case PROBE_DIRECT_MEMORY:
		warn(verdict, "memory",
		     "%s keeps its files in memory. O_DIRECT has no effect, and there is no disk to measure. ranged "
		     "serves such files with ordinary reads.",
		     result->file.mount.type);
		break;
	case PROBE_DIRECT_NONE:
		warn(verdict, "no-direct",
		     "%s does not support O_DIRECT for this file. ranged reads such files through the page cache, "
		     "with its offload threads (offload_threads).",
		     result->file.mount.type);
	}
}

static enum probe_blocking blocking_of(const struct probe_result *result, uint64_t read_p50_ns)
{
	const struct probe_submits *submits = &result->submits;

	if (result->cells[PROBE_SIZE_64K][0].submit_p50_ns > read_p50_ns / 2)
		return PROBE_BLOCKS_ALWAYS;
	if (submits->slow_count >= SLOW_SUBMITS_MAX * (submits->count / SUBMITS + 1) ||
	    (submits->p99_ns > CLOCK_NS_PER_MS && submits->p99_ns > read_p50_ns))
		return PROBE_BLOCKS_SOMETIMES;
	return PROBE_BLOCKS_NEVER;
}

static void judge_submits(const struct probe_result *result, struct probe_verdict *verdict)
{
	verdict->read_p50_ns = result->cells[PROBE_SIZE_64K][0].p50_ns;
	verdict->blocking = blocking_of(result, verdict->read_p50_ns);
	if (verdict->blocking == PROBE_BLOCKS_ALWAYS)
		warn(verdict, "io-submit-synchronous",
		     "io_submit returns only after the data have been read, so reads are not asynchronous. ranged "
		     "uses its offload threads here; set offload_threads to the number of reads that should "
		     "run in parallel.");
	else if (verdict->blocking == PROBE_BLOCKS_SOMETIMES)
		warn(verdict, "io-submit-blocks",
		     "io_submit blocked for up to %.1f ms. If that continues while ranged runs, ranged uses its "
		     "offload "
		     "threads instead.",
		     (double)result->submits.longest_ns / (double)CLOCK_NS_PER_MS);
}

static void judge_aio(struct probe_verdict *verdict)
{
	const struct probe_limits *limits = &verdict->limits;

	if (limits->aio_max != 0 && limits->aio_used + limits->aio_needed > limits->aio_max)
		warn(verdict, "aio-max-nr",
		     "fs.aio-max-nr is %" PRIu64 ", of which %" PRIu64 " are in use, and ranged needs %" PRIu64 " more"
		     ". Raise the limit: sysctl -w fs.aio-max-nr=%" PRIu64,
		     limits->aio_max, limits->aio_used, limits->aio_needed, limits->aio_used + limits->aio_needed);
}

static void judge_files(struct probe_verdict *verdict)
{
	const struct probe_limits *limits = &verdict->limits;

	if (limits->files_hard < limits->files_needed)
		warn(verdict, "open-files",
		     "The limit of open files is %" PRIu64
		     " (ulimit -Hn), but ranged with its default settings can need %" PRIu64
		     ". Raise LimitNOFILE=; otherwise ranged lowers open_file_cache, then max_connections.",
		     limits->files_hard, limits->files_needed);
}

/* Names the keys that matter if a server answers lookups. */
static void judge_lookups(const struct probe_result *result, struct probe_verdict *verdict)
{
	const struct probe_lookups *lookups = &result->lookups;
	const char *type = result->file.mount.type;

	if (!lookups->network)
		return;
	warn(verdict, "lookups",
	     "A lookup of a missing name takes %.2f ms (p99 %.2f ms). Set revalidate to the age that changed files may "
	     "be served for (1s by default, up to 1d), and siblings = false where no file has a .gz, .zst, .br, "
	     ".sha256 or .etag beside it.",
	     (double)lookups->absent.warm_p50_ns / (double)CLOCK_NS_PER_MS,
	     (double)lookups->absent.warm_p99_ns / (double)CLOCK_NS_PER_MS);
	warn(verdict, "server",
	     "The server can be slow or lost. Set stale, so that cached files are served meanwhile, and require, so "
	     "that a missing mount is not served as an empty directory. After disk_queue_timeout without a response, "
	     "requests are answered with 503.");
	if (lookups->absent.warm_p50_ns > SLOW_LOOKUP_NS || lookups->present.warm_p50_ns > SLOW_LOOKUP_NS)
		warn(verdict, "offload-threads",
		     "Lookups are slow. Raise offload_threads (4 by default), so that more are made at the same "
		     "time.");
	if (strcmp(type, "fuse.rclone") == 0)
		warn(verdict, "rclone",
		     "rclone answers from its own cache of directories for 5 min. Mount it with --dir-cache-time 0s "
		     "--attr-timeout 0s, or never overwrite files; otherwise a response may mix two versions.");
	if (strcmp(type, "fuse.sshfs") == 0)
		warn(verdict, "sshfs",
		     "sshfs answers from its own cache of attributes. Mount it with -o cache=no, or never overwrite "
		     "files; otherwise a response may mix two versions.");
	if (strcmp(type, "fuse.glusterfs") == 0)
		warn(verdict, "glusterfs",
		     "Missing names are cheap for all clients if the volume has a cache for them: gluster volume set "
		     "VOLUME performance.nl-cache on.");
}

static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t number = 0;

	if (file != NULL && fscanf(file, "%" SCNu64, &number) != 1)
		number = 0;
	if (file != NULL)
		fclose(file);
	return number;
}

static int find_limits(const struct probe_result *result, struct probe_limits *limits)
{
	struct rlimit files = { RLIM_INFINITY, RLIM_INFINITY };
	struct config config;
	unsigned workers;

	if (config_init(&config) != 0)
		return -ENOMEM;
	sizing_apply(&config);
	workers = config_workers(&config);
	limits->files_needed = system_limits_descriptors_needed(&config, workers);
	config_fini(&config);
	limits->aio_needed = (uint64_t)workers * result->calibration.depth;
	limits->aio_max = read_number("/proc/sys/fs/aio-max-nr");
	limits->aio_used = read_number("/proc/sys/fs/aio-nr");
	getrlimit(RLIMIT_NOFILE, &files);
	limits->files_soft = files.rlim_cur == RLIM_INFINITY ? UINT64_MAX : files.rlim_cur;
	limits->files_hard = files.rlim_max == RLIM_INFINITY ? UINT64_MAX : files.rlim_max;
	return 0;
}

int probe_verdict_reach(const struct probe_result *result, struct probe_verdict *verdict)
{
	int error;

	*verdict = (struct probe_verdict){ 0 };
	error = find_limits(result, &verdict->limits);
	if (error != 0)
		return error;
	judge_direct(result, verdict);
	if (result->measured)
		judge_submits(result, verdict);
	judge_lookups(result, verdict);
	judge_aio(verdict);
	judge_files(verdict);
	if (!result->measured)
		verdict->suitability = PROBE_POORLY;
	else
		verdict->suitability = verdict->warning_count > 0 ? PROBE_WITH_CARE : PROBE_WELL;
	return 0;
}

const char *probe_verdict_suitability(enum probe_suitability suitability)
{
	static const char *const words[] = { "well", "with-care", "poorly" };

	return words[suitability];
}

const char *probe_verdict_blocking(enum probe_blocking blocking)
{
	static const char *const words[] = { "never", "sometimes", "always" };

	return words[blocking];
}

const char *probe_verdict_direct(enum probe_direct direct)
{
	static const char *const words[] = { "real", "buffered", "memory", "none" };

	return words[direct];
}
