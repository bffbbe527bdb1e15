/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds the JSON report with jansson. Times are in microseconds unless the key names another unit. Sizes are in bytes.
 * A value that was not measured is null, and a list of values that were not measured is empty.
 *
 * The functions return new objects, or NULL if memory runs out. json_pack() returns NULL if an argument is NULL. The
 * program has one thread.
 */
#include "probe/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/escape.h"

/* Returns the text as a JSON string, or null if the text is not valid UTF-8, which JSON requires. */
static json_t *text_of(const char *path)
{
	json_t *text = json_string(path);

	return text != NULL ? text : json_null();
}

static json_t *us(uint64_t ns)
{
	return json_real((double)ns / 1000);
}

static json_t *transfer_of(const struct probe_transfer *transfer)
{
	return json_pack("{s:I, s:f}", "bytes", (json_int_t)transfer->bytes, "seconds",
			 (double)transfer->spent_ns / 1e9);
}

static json_t *filesystem_of(const struct probe_file *file)
{
	char device[32];

	snprintf(device, sizeof(device), "%u:%u", file->major, file->minor);
	return json_pack("{s:s, s:o, s:s}", "type", file->mount.type, "source", text_of(file->mount.source), "device",
			 device);
}

static json_t *direct_of(const struct probe_result *result)
{
	return json_pack("{s:s, s:o}", "kind", probe_verdict_direct(result->file.direct), "page_cache_share",
			 result->resident < 0 ? json_null() : json_real(result->resident));
}

static json_t *alignment_of(const struct probe_file *file)
{
	return json_pack("{s:i, s:i, s:b}", "offset", (int)file->offset_alignment, "memory",
			 (int)file->memory_alignment, "known", file->alignment_known);
}

static json_t *submits_of(const struct probe_result *result, const struct probe_verdict *verdict)
{
	const struct probe_submits *submits = &result->submits;

	if (!result->measured)
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:s}", "calls", (json_int_t)submits->count, "slow_calls",
			 (json_int_t)submits->slow_count, "p50_us", us(submits->p50_ns), "p99_us", us(submits->p99_ns),
			 "longest_us", us(submits->longest_ns), "read_p50_us", us(verdict->read_p50_ns), "blocks",
			 probe_verdict_blocking(verdict->blocking));
}

static json_t *nowait_of(const struct probe_result *result)
{
	const struct probe_nowait *nowait = &result->nowait;

	if (nowait->reads == 0)
		return json_null();
	return json_pack("{s:b, s:I, s:f}", "accepted", nowait->unsupported == 0, "reads", (json_int_t)nowait->reads,
			 "again_share", (double)nowait->eagain / (double)nowait->reads);
}

static json_t *cell_of(const struct probe_result *result, unsigned size, unsigned depth)
{
	const struct probe_cell *cell = &result->cells[size][depth];

	return json_pack("{s:i, s:i, s:I, s:I, s:o, s:o, s:o}", "depth", 1 << depth, "read_bytes",
			 (int)probe_size_bytes(size), "reads", (json_int_t)cell->reads, "bytes_per_s",
			 (json_int_t)cell->bytes_per_s, "p50_us", us(cell->p50_ns), "p99_us", us(cell->p99_ns),
			 "submit_p50_us", us(cell->submit_p50_ns));
}

static json_t *cells_of(const struct probe_result *result)
{
	json_t *list = json_array();

	for (unsigned size = 0; size < PROBE_SIZES; size++) {
		for (unsigned depth = 0; depth < PROBE_DEPTHS; depth++) {
			if (result->cells[size][depth].reads > 0)
				json_array_append_new(list, cell_of(result, size, depth));
		}
	}
	return list;
}

static json_t *recommended_of(const struct probe_result *result)
{
	const struct calibration *calibration = &result->calibration;

	if (!result->measured)
		return json_null();
	return json_pack("{s:i, s:I, s:I, s:I}", "disk_depth", (int)calibration->depth, "disk_inflight_bytes",
			 (json_int_t)calibration->depth_bytes, "reads_per_s", (json_int_t)calibration->iops,
			 "bytes_per_s", (json_int_t)calibration->bytes_per_s);
}

static json_t *limit(uint64_t value)
{
	return value == UINT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *limits_of(const struct probe_limits *limits)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "aio_max_nr", limit(limits->aio_max), "aio_nr",
			 limit(limits->aio_used), "files_soft", limit(limits->files_soft), "files_hard",
			 limit(limits->files_hard));
}

static json_t *lookup_of(const struct probe_lookup *lookup)
{
	if (lookup->warm_count == 0)
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:I, s:o, s:o}", "cold", (json_int_t)lookup->cold_count, "cold_p50_us",
			 us(lookup->cold_p50_ns), "cold_p99_us", us(lookup->cold_p99_ns), "warm",
			 (json_int_t)lookup->warm_count, "warm_p50_us", us(lookup->warm_p50_ns), "warm_p99_us",
			 us(lookup->warm_p99_ns));
}

static json_t *lookups_of(const struct probe_lookups *lookups)
{
	return json_pack("{s:b, s:i, s:o, s:o, s:o}", "network", lookups->network, "names", (int)lookups->names,
			 "present", lookup_of(&lookups->present), "absent", lookup_of(&lookups->absent), "open",
			 lookup_of(&lookups->open));
}

static json_t *warnings_of(const struct probe_verdict *verdict)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < verdict->warning_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", verdict->warnings[i].id, "text",
						      verdict->warnings[i].text));
	return list;
}

int probe_json_print(FILE *out, const struct probe_result *result, const struct probe_verdict *verdict)
{
	json_t *report = json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:f, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
		PACKAGE_VERSION, "folder", text_of(result->file.directory), "verdict",
		probe_verdict_suitability(verdict->suitability), "filesystem", filesystem_of(&result->file), "lookups",
		lookups_of(&result->lookups), "direct", direct_of(result), "alignment", alignment_of(&result->file),
		"write", transfer_of(&result->write), "fsync_seconds", (double)result->fsync_ns / 1e9, "read_back",
		transfer_of(&result->verify), "shortened", result->shortened, "io_submit", submits_of(result, verdict),
		"nowait", nowait_of(result), "measurements", cells_of(result), "recommended", recommended_of(result),
		"limits", limits_of(&verdict->limits), "warnings", warnings_of(verdict));
	char *text = report != NULL ? escape_json_document(json_dumps(report, JSON_INDENT(2) | JSON_REAL_PRECISION(6)))
				    : NULL;
	int error = 0;

	json_decref(report);
	if (text == NULL)
		return -ENOMEM;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out) != 0)
		error = -EIO;
	free(text);
	return error;
}
