/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A forecast knows which parts of large files their readers will need within a few seconds, so that these parts are not
 * evicted just before a reader arrives there. Several readers of one file then read it from the disk only once, if the
 * cache has room for the distance between the first and the last of them.
 *
 * A file is divided into regions. Each reader expects the regions that it will reach within FORECAST_S at its current
 * rate, up to half of the cache. The forecast counts the readers of each region.
 *
 * The cache owns the forecast, and the transfer owns its reader. The functions that have a reader run on its thread.
 * All readers may change the counters at the same time, and any thread may read them.
 */
#ifndef STORE_FORECAST_H
#define STORE_FORECAST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/file_version.h"

#define FORECAST_S 8

struct forecast;

/* The sequential reader of one file. A struct that is all zero is a reader that expects nothing. */
struct forecast_reader {
	struct forecast *forecast; /* NULL: the reader expects nothing */
	struct file_version version;
	uint64_t end;			 /* offset after the last byte that the reader needs */
	uint64_t from_region;		 /* the region of the reader, if `placed` is set */
	uint64_t expected_end_region;	 /* number after the last expected region; the first one is from_region */
	bool placed;			 /* regions are expected */
	uint64_t since_ns, since_offset; /* start of the measurement of the rate; 0: none */
	uint64_t reach_bytes;		 /* bytes that the reader needs within FORECAST_S */
};

/* Creates a forecast for a cache of `bytes`. Returns 0 or -ENOMEM. */
int forecast_new(struct forecast **forecast, size_t bytes);
/* Frees the forecast, after all readers have ended. NULL is allowed. */
void forecast_free(struct forecast *forecast);

/* Begins a reader of the bytes of a version up to the offset `end`. The version is copied. */
void forecast_begin(struct forecast_reader *reader, struct forecast *forecast, const struct file_version *version,
		    uint64_t end);
/* Moves the reader to an offset, at the time now_ns. Costs nothing within one region. */
void forecast_move(struct forecast_reader *reader, uint64_t offset, uint64_t now_ns);
/* Expects nothing until the next forecast_move(), because the reader has stalled or has ended. */
void forecast_pause(struct forecast_reader *reader);

/*
 * Returns true if a reader will soon need the bytes at this offset. Different regions may share a counter, so the
 * result may be true for a region that no reader expects. Thread-safe.
 */
bool forecast_expects(const struct forecast *forecast, const struct file_version *version, uint64_t offset);

#endif
