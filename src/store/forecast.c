/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The counters are a hash table without keys, so that lookups need no lock. If two regions share a counter, an extent
 * may be spared that no reader expects, which does no harm. A reader expects only what it will read within FORECAST_S.
 * The rate at which the server sends therefore limits the regions of all readers together, and few regions share one.
 *
 * The size of a region depends on the size of the cache, so that a reader never expects more than REGIONS_MAX regions.
 * The work of a call is therefore bounded.
 *
 * The memory order is relaxed, because the counters publish no other data, and an old value only spares or evicts an
 * extent.
 */
#include "store/forecast.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/keyed_hash.h"

#define SLOTS 65536u /* a power of two */
#define REGION_MIN_BYTES ((uint64_t)1 << 20)
#define REGIONS_MAX 64
#define FIRST_REACH_BYTES ((uint64_t)32 << 20) /* before the rate is known */
#define RATE_MIN_NS (100 * CLOCK_NS_PER_MS)    /* shortest time over which a rate is measured */

struct forecast {
	uint64_t region_bytes, reach_max_bytes;
	_Atomic uint64_t expected; /* sum of all counters */
	_Atomic uint32_t readers[SLOTS];
};

/* Keys are hashed as bytes, so the struct has no padding. */
struct region_key {
	struct file_version version;
	uint64_t number;
};

_Static_assert(sizeof(struct region_key) == 6 * sizeof(uint64_t), "keys are hashed as bytes");

int forecast_new(struct forecast **forecast, size_t bytes)
{
	struct forecast *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->reach_max_bytes = bytes / 2;
	made->region_bytes = REGION_MIN_BYTES;
	while (made->region_bytes * REGIONS_MAX < made->reach_max_bytes)
		made->region_bytes *= 2;
	*forecast = made;
	return 0;
}

void forecast_free(struct forecast *forecast)
{
	free(forecast);
}

static unsigned slot_of(const struct file_version *version, uint64_t region)
{
	const struct region_key key = { .version = *version, .number = region };

	return (unsigned)keyed_hash(&key, sizeof(key)) & (SLOTS - 1);
}

/* Adds `count`, which is 1 or -1, to the counters of the regions [first, end). */
static void count(struct forecast_reader *reader, uint64_t first, uint64_t end, int count)
{
	struct forecast *forecast = reader->forecast;

	for (uint64_t region = first; region < end; region++)
		atomic_fetch_add_explicit(&forecast->readers[slot_of(&reader->version, region)], (uint32_t)count,
					  memory_order_relaxed);
	if (first < end)
		atomic_fetch_add_explicit(&forecast->expected, (end - first) * (uint64_t)count, memory_order_relaxed);
}

void forecast_begin(struct forecast_reader *reader, struct forecast *forecast, const struct file_version *version,
		    uint64_t end)
{
	const uint64_t max_bytes = forecast->reach_max_bytes;

	*reader = (struct forecast_reader){ .forecast = forecast, .version = *version, .end = end };
	reader->reach_bytes = FIRST_REACH_BYTES < max_bytes ? FIRST_REACH_BYTES : max_bytes;
}

/* Measures the rate, and sets reach_bytes. A reader that jumps back starts a new measurement. */
static void measure(struct forecast_reader *reader, uint64_t offset, uint64_t now_ns)
{
	const uint64_t max_bytes = reader->forecast->reach_max_bytes, spent_ns = now_ns - reader->since_ns;
	double bytes;

	if (reader->since_ns != 0 && spent_ns < RATE_MIN_NS && offset >= reader->since_offset)
		return;
	if (reader->since_ns != 0 && offset >= reader->since_offset) {
		bytes = (double)(offset - reader->since_offset) / (double)spent_ns * FORECAST_S *
			(double)CLOCK_NS_PER_S;
		reader->reach_bytes = bytes < (double)max_bytes ? (uint64_t)bytes : max_bytes;
	}
	reader->since_ns = now_ns;
	reader->since_offset = offset;
}

static void withdraw(struct forecast_reader *reader)
{
	if (reader->placed)
		count(reader, reader->from_region, reader->expected_end_region, -1);
	reader->placed = false;
}

/* Expects the regions [first, end) instead of those that were expected before. */
static void expect(struct forecast_reader *reader, uint64_t first, uint64_t end)
{
	const uint64_t before = reader->from_region, before_end = reader->expected_end_region;

	if (!reader->placed || first < before || first >= before_end) {
		withdraw(reader);
		count(reader, first, end, 1);
	} else {
		count(reader, before, first, -1);
		count(reader, before_end, end, 1);
		count(reader, end, before_end, -1);
	}
	reader->placed = true;
	reader->from_region = first;
	reader->expected_end_region = end;
}

void forecast_move(struct forecast_reader *reader, uint64_t offset, uint64_t now_ns)
{
	uint64_t region_bytes, region, end, last;

	if (reader->forecast == NULL)
		return;
	region_bytes = reader->forecast->region_bytes;
	region = offset / region_bytes;
	if (reader->placed && region == reader->from_region)
		return;
	measure(reader, offset, now_ns);
	end = (offset + reader->reach_bytes) / region_bytes + 1;
	last = (reader->end + region_bytes - 1) / region_bytes;
	end = end < last ? end : last;
	expect(reader, region, end > region ? end : region);
}

void forecast_pause(struct forecast_reader *reader)
{
	withdraw(reader);
	reader->since_ns = 0;
}

bool forecast_expects(const struct forecast *forecast, const struct file_version *version, uint64_t offset)
{
	if (atomic_load_explicit(&forecast->expected, memory_order_relaxed) == 0)
		return false;
	return atomic_load_explicit(&forecast->readers[slot_of(version, offset / forecast->region_bytes)],
				    memory_order_relaxed) > 0;
}
