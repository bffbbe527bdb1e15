/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of store/cache.c, shard.c, evict.c and resize.c. The random test runs beside a model that knows which extents
 * it has pinned, which it reads and which wants wait. So the model knows which lookups must be hits, that no extent is
 * read twice at a time, and that no want is forgotten. The bytes are a function of the version and the offset. They are
 * written when a read ends and compared at each hit, so memory that is reused too early is detected.
 */
#include "store/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../suite.h"
#include "base/align.h"
#include "base/clock.h"
#include "store/cache_content.h"
#include "store/resize.h"

#ifndef POOL_CANARY
#define POOL_CANARY 0
#endif

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define ALIGNMENT 512
#define WANTS 40
#define VERSIONS 6

static const uint64_t sizes[VERSIONS] = { 1, 10000, 70000, 1048576, 3000000, 9000001 };

enum stage { IDLE, WAITS, READS, PINS };

struct want {
	struct cache_wait wait;
	struct player *player;
	enum stage stage;
	bool given_up; /* The want was cancelled, but its answer has been posted. */
	bool reads;    /* The want reads its extent, even after it was cancelled. */
	struct cache_extent *extent;
};

/* A reactor and its wants. */
struct player {
	struct reactor *reactor;
	struct want wants[WANTS];
	uint64_t random;
	unsigned hits, joins, loads, queued, failures;
};

static struct cache *cache;
static struct file_version versions[VERSIONS];
static struct player players[4];

static uint32_t random_below(struct player *player, uint32_t limit)
{
	player->random ^= player->random << 13;
	player->random ^= player->random >> 7;
	player->random ^= player->random << 17;
	return (uint32_t)(player->random >> 32) % limit;
}

static uint8_t byte_at(const struct file_version *version, uint64_t offset)
{
	return (uint8_t)((offset * 2654435761u >> 11) + version->inode * 31);
}

/* Each page has several bytes of the sample. */
#define SAMPLE_BYTES 1021

static void fill(struct cache_extent *extent)
{
	for (size_t i = 0; i < extent->length; i += SAMPLE_BYTES)
		cache_block_of(cache, extent)[i] = byte_at(&extent->version, extent->offset + i);
}

static void check_bytes(const struct want *want)
{
	const struct cache_extent *extent = want->extent;

	ck_assert_uint_le(extent->offset, want->wait.span.offset);
	ck_assert_uint_ge(extent->offset + extent->length, want->wait.span.offset + want->wait.span.length);
	ck_assert(file_version_equal(&extent->version, want->wait.span.version));
	for (size_t i = 0; i < extent->length; i += SAMPLE_BYTES)
		if (cache_block_of(cache, extent)[i] != byte_at(want->wait.span.version, extent->offset + i))
			ck_abort_msg("other bytes at %llu", (unsigned long long)(extent->offset + i));
}

static void pinned(struct want *want)
{
	want->extent = want->wait.extent;
	want->stage = PINS;
	check_bytes(want);
}

static void on_answer(struct cache_wait *wait, int answer)
{
	struct want *want = (struct want *)wait;

	if (answer == CACHE_LOAD) {
		want->player->loads++;
		want->extent = wait->extent;
		want->reads = true;
		want->stage = READS;
		if (!want->given_up)
			cache_wait_for_read(cache, wait);
		else if (cache_abandon(cache, wait->extent)) {
			want->reads = want->given_up = false;
			want->stage = IDLE;
		}
		return;
	}
	if (answer < 0)
		want->player->failures++;
	if (want->given_up) {
		want->given_up = false;
		if (answer == CACHE_HIT)
			cache_unpin(cache, wait->extent);
		want->stage = want->reads ? READS : IDLE;
	} else if (answer == CACHE_HIT) {
		pinned(want);
	} else {
		want->stage = IDLE;
	}
}

static void choose_span(struct player *player, struct cache_span *span)
{
	unsigned number = random_below(player, VERSIONS);
	uint64_t size = sizes[number];
	size_t most = CACHE_SPAN_MAX_BYTES, length = 1 + random_below(player, 1u << random_below(player, 21));

	*span = (struct cache_span){ .version = &versions[number], .alignment = ALIGNMENT };
	span->offset = random_below(player, (uint32_t)size);
	span->length = length < most ? length : most;
	if (span->length > size - span->offset)
		span->length = (size_t)(size - span->offset);
	span->reach = (enum cache_reach)random_below(player, 3);
	span->transient = random_below(player, 16) == 0;
	span->pinned = random_below(player, 64) == 0;
}

static void ask(struct player *player, struct want *want)
{
	enum cache_answer answer;

	choose_span(player, &want->wait.span);
	want->player = player;
	want->wait.reactor = player->reactor;
	want->wait.on_answer = on_answer;
	answer = cache_want(cache, &want->wait, random_below(player, 8) != 0);
	switch (answer) {
	case CACHE_HIT:
		player->hits++;
		pinned(want);
		break;
	case CACHE_COALESCED:
		player->joins++;
		want->stage = WAITS;
		break;
	case CACHE_QUEUED:
		player->queued++;
		want->stage = WAITS;
		break;
	case CACHE_LOAD:
		player->loads++;
		want->extent = want->wait.extent;
		want->reads = true;
		want->stage = READS;
		break;
	case CACHE_MISS:
		break;
	}
}

static void end_read(struct player *player, struct want *want)
{
	int error = random_below(player, 20) == 0 ? -EIO : 0;
	struct cache_extent *extent = want->extent;

	if (error == 0)
		fill(extent);
	want->reads = false;
	if (want->stage == READS && want->given_up) { /* Only other wants needed the read. */
		want->stage = IDLE;
		want->given_up = false;
	}
	cache_loaded(cache, extent, error, player->reactor);
}

static void give_up(struct want *want)
{
	if (want->given_up)
		return;
	if (!cache_cancel(cache, &want->wait)) {
		want->given_up = true;
		return;
	}
	if (!want->reads)
		want->stage = IDLE;
	else if (cache_abandon(cache, want->extent)) {
		want->reads = false;
		want->stage = IDLE;
	} else {
		want->given_up = true;
	}
}

static void step(struct player *player)
{
	struct want *want = &player->wants[random_below(player, WANTS)];

	switch (want->stage) {
	case IDLE:
		ask(player, want);
		break;
	case WAITS:
		if (random_below(player, 4) == 0)
			give_up(want);
		break;
	case READS:
		if (random_below(player, 8) == 0)
			give_up(want);
		else if (want->reads)
			end_read(player, want);
		break;
	case PINS:
		check_bytes(want);
		cache_unpin(cache, want->extent);
		want->stage = IDLE;
		break;
	}
	if (random_below(player, 1000) == 0)
		cache_content_invalidate(cache, &versions[random_below(player, VERSIONS)]);
	reactor_iterate(player->reactor, 0);
}

/* A pinned extent must be found. */
static void check_pins(const struct player *player)
{
	for (unsigned i = 0; i < WANTS; i++)
		if (player->wants[i].stage == PINS)
			check_bytes(&player->wants[i]);
}

static bool is_over(const struct player *player)
{
	for (unsigned i = 0; i < WANTS; i++)
		if (player->wants[i].stage != IDLE || player->wants[i].given_up)
			return false;
	return true;
}

/* Ends all reads and unpins all extents. All waits must then be answered. */
static void end_all(struct player *player)
{
	for (unsigned i = 0; i < WANTS; i++) {
		struct want *want = &player->wants[i];

		if (want->reads)
			end_read(player, want);
		if (want->stage == PINS) {
			cache_unpin(cache, want->extent);
			want->stage = IDLE;
		}
	}
	reactor_iterate(player->reactor, 1);
}

static void setup(void)
{
	memset(players, 0, sizeof(players));
	for (unsigned i = 0; i < VERSIONS; i++)
		versions[i] = (struct file_version){
			.device = 1, .inode = i + 1, .size = sizes[i], .mtime_ns = 7, .ctime_ns = 7
		};
	for (unsigned i = 0; i < 4; i++) {
		players[i].random = 88172645463325252u + i * 7919;
		ck_assert_int_eq(reactor_new(&players[i].reactor), 0);
	}
}

static void teardown(void)
{
	cache_content_check(cache);
	ck_assert_uint_eq(cache_in_use_bytes(cache), 0);
	ck_assert_uint_eq(cache_waiting(cache), 0);
	for (unsigned i = 0; i < 4; i++)
		reactor_free(players[i].reactor);
	cache_free(cache);
	cache = NULL;
}

static const struct {
	size_t bytes;
	bool retain;
	unsigned steps;
} games[] = {
	{ 1 * MIB, true, 2000 }, /* One large extent at a time. */
	{ 4 * MIB, true, 4000 }, { 4 * MIB, false, 2000 },
	{ 8 * MIB, true, 4000 }, { 32 * MIB, true, 3000 }, /* Nearly everything fits. */
};

START_TEST(random_wants_beside_a_model)
{
	ck_assert_int_eq(cache_new(&cache, games[_i].bytes, games[_i].retain), 0);
	for (unsigned i = 0; i < games[_i].steps; i++) {
		step(&players[i % 2]);
		cache_content_check(cache);
		check_pins(&players[0]);
	}
	for (unsigned i = 0; i < 10000 && !(is_over(&players[0]) && is_over(&players[1])); i++) {
		end_all(&players[0]);
		end_all(&players[1]);
	}
	ck_assert(is_over(&players[0]) && is_over(&players[1]));
	ck_assert_uint_gt(players[0].loads, 10);
	ck_assert_uint_gt(players[0].joins, 0);
	ck_assert_uint_gt(players[0].failures, 0);
	ck_assert(games[_i].bytes > 8 * MIB || players[0].queued > 0);
	ck_assert(!games[_i].retain || players[0].hits > 10);
}
END_TEST

static pthread_barrier_t all_played;

static void *play(void *context)
{
	struct player *player = context;

	for (unsigned i = 0; i < 10000; i++)
		step(player);
	while (!is_over(player))
		end_all(player);
	pthread_barrier_wait(&all_played);
	return NULL;
}

START_TEST(four_threads)
{
	pthread_t threads[4];

	ck_assert_int_eq(cache_new(&cache, _i == 0 ? 8 * MIB : 256 * MIB, true), 0);
	pthread_barrier_init(&all_played, NULL, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, play, &players[i]), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&all_played);
}
END_TEST

/* --- eviction --- */

/* Looks a span up and loads it on a miss. Returns true on a hit. */
static bool use(const struct file_version *version, uint64_t offset, size_t length, bool pinned)
{
	struct want want = { .wait = { .reactor = players[0].reactor, .on_answer = on_answer } };
	bool hit;

	want.wait.span = (struct cache_span){
		.version = version, .alignment = ALIGNMENT, .offset = offset, .length = length, .pinned = pinned
	};
	hit = cache_want(cache, &want.wait, true) == CACHE_HIT;
	if (hit) {
		cache_unpin(cache, want.wait.extent);
		return true;
	}
	want.extent = want.wait.extent;
	fill(want.extent);
	cache_loaded(cache, want.extent, 0, players[0].reactor);
	cache_unpin(cache, want.extent);
	return false;
}

static struct file_version version_of(uint64_t inode, uint64_t size)
{
	return (struct file_version){ .device = 2, .inode = inode, .size = size };
}

static unsigned use_all(unsigned count, uint64_t size, bool pinned)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < count; i++) {
		struct file_version version = version_of(i + 1, size);

		hits += use(&version, 0, (size_t)size, pinned);
	}
	return hits;
}

/* 20 MiB that were used twice stay in the cache during a scan of ten times the cache, in a file of 320 MiB. */
START_TEST(a_scan_does_not_evict_hot_extents)
{
	struct file_version huge = version_of(1000, 320 * MIB);

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	use_all(320, 64 * KIB, false);
	ck_assert_uint_eq(use_all(320, 64 * KIB, false), 320);
	for (uint64_t at = 0; at < 320 * MIB; at += SHARD_EXTENT_BYTES)
		ck_assert(!use(&huge, at, SHARD_EXTENT_BYTES, false));
	ck_assert_uint_eq(use_all(320, 64 * KIB, false), 320);
	cache_content_check(cache);
}
END_TEST

/*
 * Reads a file of 320 MiB twice through a cache of 32 MiB, the second reader 14 MiB behind the first one, at 100 MiB/s.
 * Returns the number of hits of the second reader. If `forecasts` is false, the cache does not know the readers. Uses
 * 20 hot files of 256 KiB every 4 MiB, and sets *hot_hits to the number of hits.
 */
static unsigned follow(bool forecasts, unsigned *hot_hits)
{
	const uint64_t distance = 14 * MIB, step_ns = CLOCK_NS_PER_S / 400;
	struct file_version huge = version_of(1000, 320 * MIB);
	struct forecast_reader readers[2] = { { 0 }, { 0 } };
	unsigned hits = 0;

	*hot_hits = 0;
	for (unsigned i = 0; i < 2 && forecasts; i++)
		forecast_begin(&readers[i], cache_forecast(cache), &huge, 320 * MIB);
	for (uint64_t at = 0, now_ns = CLOCK_NS_PER_S; at < 320 * MIB; at += SHARD_EXTENT_BYTES, now_ns += step_ns) {
		if (at % (4 * MIB) == 0)
			*hot_hits += use_all(20, 256 * KIB, false);
		forecast_move(&readers[0], at, now_ns);
		use(&huge, at, SHARD_EXTENT_BYTES, false);
		if (at < distance)
			continue;
		forecast_move(&readers[1], at - distance, now_ns);
		hits += use(&huge, at - distance, SHARD_EXTENT_BYTES, false);
	}
	forecast_pause(&readers[0]);
	forecast_pause(&readers[1]);
	return hits;
}

/* Without the forecast, extents are evicted just before the second reader needs them. Hot extents stay in any case. */
START_TEST(a_reader_that_follows_another_finds_its_extents)
{
	const unsigned all = (320 - 14) * MIB / SHARD_EXTENT_BYTES, all_hot = 320 / 4 * 20;
	unsigned hot_hits;

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	ck_assert_uint_lt(follow(false, &hot_hits), all / 2);
	ck_assert_uint_ge(hot_hits, all_hot * 9 / 10);
	ck_assert_uint_ge(follow(true, &hot_hits), all * 9 / 10);
	ck_assert_uint_ge(hot_hits, all_hot * 9 / 10);
	cache_content_check(cache);
}
END_TEST

/* Everything is expected, and there is still room. */
START_TEST(expected_extents_are_evicted_if_there_are_no_others)
{
	struct file_version huge = version_of(1000, 320 * MIB);
	struct forecast_reader readers[20];

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	for (unsigned i = 0; i < 20; i++) {
		forecast_begin(&readers[i], cache_forecast(cache), &huge, 320 * MIB);
		for (unsigned step = 0; step < 10; step++)
			forecast_move(&readers[i], (i * 16 + step / 5) * MIB, (1 + step) * CLOCK_NS_PER_S / 5);
	}
	for (uint64_t at = 0; at < 320 * MIB; at += SHARD_EXTENT_BYTES)
		ck_assert(!use(&huge, at, SHARD_EXTENT_BYTES, false));
	for (unsigned i = 0; i < 20; i++)
		forecast_pause(&readers[i]);
	cache_content_check(cache);
}
END_TEST

/* A small file takes 4 KiB. If the files take 97 % of the cache, all of them fit, although hashes select the shards. */
START_TEST(small_files_fill_the_cache)
{
	const unsigned count = 100000;
	const size_t bytes = align_up(count * ARENA_BLOCK_MIN_BYTES / 97 * 100, CACHE_UNIT_BYTES);
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, bytes, true), 0);
	ck_assert_uint_eq(use_all(count, KIB, false), 0);
	ck_assert_uint_eq(use_all(count, KIB, false), count);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.extents, count);
	ck_assert_uint_eq(stats.sums.evictions, 0);
	ck_assert_uint_eq(stats.bytes - stats.free_bytes, count * ARENA_BLOCK_MIN_BYTES);
	ck_assert_uint_gt(stats.shards, 1);
}
END_TEST

/* An extent that is requested again soon after its eviction enters the main queue. */
START_TEST(an_extent_that_returns_soon_enters_the_main_queue)
{
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	use_all(80, 64 * KIB, false);
	use_all(80, 64 * KIB, false);
	cache_content_stats(cache, &stats);
	ck_assert_uint_gt(stats.sums.ghost_hits, 10);
	ck_assert_uint_gt(stats.main_bytes, MIB);
}
END_TEST

START_TEST(pinned_extents_stay_up_to_half_of_the_memory)
{
	struct file_version huge = version_of(1000, 320 * MIB);
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	use_all(100, 64 * KIB, true);
	for (uint64_t at = 0; at < 40 * MIB; at += SHARD_EXTENT_BYTES)
		use(&huge, at, SHARD_EXTENT_BYTES, false);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.pinned_bytes, 4 * MIB);
	ck_assert_uint_ge(use_all(64, 64 * KIB, true), 64);
	cache_content_check(cache);
}
END_TEST

/* Pinned pages are distributed over the memory; a large extent still finds room. */
START_TEST(pinned_pages_do_not_block_large_extents)
{
	struct file_version large = version_of(5000, MIB);

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	for (unsigned i = 0; i < 1024; i++) {
		struct file_version version = version_of(i + 1, 4096);

		use(&version, 0, 4096, i % 3 == 0);
	}
	ck_assert(!use(&large, 0, MIB, false));
	ck_assert(use(&large, 0, MIB, false));
	cache_content_check(cache);
}
END_TEST

/* Keeps the extent in use. */
static struct cache_extent *hold(const struct file_version *version)
{
	const struct cache_span span = { .version = version, .alignment = ALIGNMENT, .length = (size_t)version->size };
	struct cache_extent *extent;
	struct span missing;

	use(version, 0, (size_t)version->size, false);
	ck_assert_int_eq(cache_find(cache, &span, &extent, &missing), CACHE_HIT);
	return extent;
}

/* All new small extents are beside one that is in use, so larger extents that were used before are evicted. */
START_TEST(pages_in_use_do_not_block_large_extents)
{
	struct file_version large = version_of(5000, MIB);
	struct cache_extent *held[8];

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	use_all(6, MIB, false);
	use_all(6, MIB, false);
	for (unsigned i = 0; i < 512; i++) {
		struct file_version version = version_of(100 + i, 4096);

		if (i % 64 == 0)
			held[i / 64] = hold(&version);
		else
			use(&version, 0, 4096, false);
	}
	ck_assert(!use(&large, 0, MIB, false));
	ck_assert(use(&large, 0, MIB, false));
	for (unsigned i = 0; i < 8; i++)
		cache_unpin(cache, held[i]);
}
END_TEST

/* Pinned pages are distributed over the memory while another extent is in use; a large extent still finds room. */
START_TEST(pinned_pages_beside_one_in_use_do_not_block)
{
	struct file_version large = version_of(5000, MIB), small = version_of(6000, 4096);
	struct cache_extent *held;

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	held = hold(&small);
	for (unsigned i = 0; i < 2047; i++) {
		struct file_version version = version_of(i + 1, 4096);

		use(&version, 0, 4096, i % 100 == 0);
	}
	ck_assert(!use(&large, 0, MIB, false));
	cache_content_check(cache);
	cache_unpin(cache, held);
}
END_TEST

START_TEST(invalidating_a_version_removes_its_extents)
{
	struct file_version old = version_of(1, 5 * MIB), other = version_of(2, 100000),
			    huge = version_of(3, 320 * MIB);
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	for (uint64_t at = 0; at < old.size; at += SHARD_EXTENT_BYTES)
		use(&old, at, SHARD_EXTENT_BYTES, false);
	use(&other, 0, 100000, false);
	cache_content_invalidate(cache, &old);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.extents, 1);
	ck_assert(use(&other, 0, 100000, false));
	ck_assert(!use(&old, 0, 1000, false));
	use(&huge, 0, 1000, false); /* A file with more extents than the cache has. */
	use(&huge, 300 * MIB, 1000, false);
	cache_content_invalidate(cache, &huge);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.extents, 2);
}
END_TEST

START_TEST(another_version_is_another_file)
{
	struct file_version version = version_of(1, 100000);

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	use(&version, 0, 100000, false);
	version.ctime_ns++;
	ck_assert(!use(&version, 0, 100000, false));
}
END_TEST

/* --- changing the size --- */

static size_t resident_bytes(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	unsigned long size, resident;

	ck_assert_ptr_nonnull(statm);
	ck_assert_int_eq(fscanf(statm, "%lu %lu", &size, &resident), 2);
	fclose(statm);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void resize(size_t bytes, bool retain)
{
	ck_assert_int_eq(resize_start(cache, bytes, retain), 0);
	cache_content_check(cache);
	ck_assert_uint_eq(cache_bytes(cache), bytes);
}

/* Loads 64 MiB of files, and returns how many are in the cache then. */
static unsigned fill_up(void)
{
	return use_all(1024, 64 * KIB, false);
}

START_TEST(the_size_can_be_changed)
{
	struct cache_stats stats;
	size_t before;

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	before = resident_bytes();
	for (unsigned i = 0; i < 3; i++) {
		resize(128 * MIB, true);
		ck_assert_uint_ge(resident_bytes(), before + 118 * MIB);
		fill_up();
		ck_assert_uint_eq(fill_up(), 1024);
		resize(8 * MIB, true);
		cache_content_stats(cache, &stats);
		ck_assert_uint_le(stats.main_bytes + stats.small_bytes, 8 * MIB);
		ck_assert(resize_finish(cache));
		cache_content_check(cache);
#if !POOL_CANARY /* Sanitizers use shadow memory. */
		ck_assert_uint_le(resident_bytes(), before + 6 * MIB);
#endif
		ck_assert_uint_le(fill_up(), 8 * 16);
	}
}
END_TEST

/* Extents in the part that remains stay in the cache. */
START_TEST(growing_keeps_all_extents_and_shrinking_some)
{
	unsigned hits;

	ck_assert_int_eq(cache_new(&cache, 256 * MIB, true), 0); /* 4 shards. */
	fill_up();
	ck_assert_uint_eq(fill_up(), 1024);
	resize(400 * MIB, true);
	ck_assert_uint_eq(fill_up(), 1024);
	resize(80 * MIB, true);
	hits = fill_up();
	ck_assert_uint_gt(hits, 200);
	resize(6 * MIB, true);
	resize(256 * MIB, true); /* Not all memory had been returned. */
	fill_up();
	ck_assert_uint_eq(fill_up(), 1024);
	ck_assert(resize_finish(cache));
	cache_content_check(cache);
}
END_TEST

/* Each shard has at least one unit. */
START_TEST(sizes_to_change_to)
{
	ck_assert_int_eq(cache_new(&cache, 256 * MIB, true), 0);
	ck_assert_int_eq(resize_start(cache, 0, true), -EINVAL);
	ck_assert_int_eq(resize_start(cache, MIB + 4096, true), -EINVAL);
	ck_assert_int_eq(resize_start(cache, (size_t)1 << 45, true), -E2BIG);
	cache_content_check(cache);
	ck_assert_uint_eq(cache_bytes(cache), 256 * MIB);
	ck_assert_int_eq(resize_start(cache, 2 * MIB, true), 0);
	ck_assert_uint_eq(cache_bytes(cache), 4 * MIB);
	ck_assert(resize_finish(cache));
}
END_TEST

#if !POOL_CANARY
/* A size that exceeds the available memory: the cache keeps its size and its memory. */
START_TEST(growing_without_memory_changes_nothing)
{
	struct rlimit limit;
	size_t before;

	ck_assert_int_eq(cache_new(&cache, 16 * MIB, true), 0);
	use_all(100, 64 * KIB, false);
	ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
	before = resident_bytes();
	ck_assert_int_eq(setrlimit(RLIMIT_DATA, &(struct rlimit){ 64 * MIB, limit.rlim_max }), 0);
	ck_assert_int_eq(resize_start(cache, 512 * MIB, true), -ENOMEM);
	setrlimit(RLIMIT_DATA, &limit);
	ck_assert_uint_le(resident_bytes(), before + 4 * MIB);
	cache_content_check(cache);
	ck_assert_uint_eq(use_all(100, 64 * KIB, false), 100);
	resize(64 * MIB, true);
}
END_TEST
#endif

START_TEST(extents_in_use_delay_shrinking)
{
	struct file_version versions_held[64];
	struct cache_extent *held[64];
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 64 * MIB, true), 0);
	for (unsigned i = 0; i < 64; i++) {
		versions_held[i] = version_of(10000 + i, MIB);
		held[i] = hold(&versions_held[i]);
	}
	resize(4 * MIB, true);
	ck_assert(!resize_finish(cache));
	cache_content_check(cache);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.in_use_bytes, 64 * MIB);
	/* The lookup finds the extent, which is still evicted with its last user. */
	ck_assert(use(&versions_held[60], 0, 1000, true));
	for (unsigned i = 0; i < 64; i++)
		ck_assert_uint_eq(cache_block_of(cache, held[i])[SAMPLE_BYTES],
				  byte_at(&versions_held[i], SAMPLE_BYTES));
	for (unsigned i = 8; i < 64; i++)
		cache_unpin(cache, held[i]);
	ck_assert(!resize_finish(cache)); /* From here on, lookups do not find these extents. */
	ck_assert(use(&versions_held[0], 0, 1000, false));
	cache_unpin(cache, held[0]);
	ck_assert(!use(&versions_held[7], 0, 1000, false));
	cache_content_check(cache);
	for (unsigned i = 1; i < 8; i++)
		cache_unpin(cache, held[i]);
	ck_assert(resize_finish(cache));
	cache_content_check(cache);
}
END_TEST

/* A read in flight ends where it began, and the wants that wait for it get its bytes. */
START_TEST(a_read_in_flight_ends_during_a_resize)
{
	static struct want first, second;
	struct file_version version = version_of(77, 70 * KIB);
	struct file_version filler = version_of(78, 32 * MIB);

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	for (uint64_t at = 0; at < 31 * MIB; at += SHARD_EXTENT_BYTES)
		use(&filler, at, SHARD_EXTENT_BYTES, false);
	first = second = (struct want){ .player = &players[0],
					.wait = { .reactor = players[0].reactor, .on_answer = on_answer } };
	first.wait.span = second.wait.span =
		(struct cache_span){ .version = &version, .alignment = ALIGNMENT, .length = 70 * KIB };
	ck_assert_int_eq(cache_want(cache, &first.wait, true), CACHE_LOAD);
	first.extent = first.wait.extent;
	resize(4 * MIB, true);
	resize_finish(cache);
	resize_finish(cache);
	ck_assert_int_eq(cache_want(cache, &second.wait, true), CACHE_COALESCED);
	end_read(&players[0], &first);
	ck_assert_int_eq(first.stage, PINS);
	ck_assert_int_eq(second.stage, PINS);
	cache_unpin(cache, first.extent);
	cache_unpin(cache, second.extent);
	ck_assert(resize_finish(cache));
	ck_assert(!use(&version, 0, 100, false));
}
END_TEST

/*
 * All memory is in use and one want waits: for new memory, or with less memory for the first unpin in the part that
 * remains.
 */
START_TEST(wants_that_wait_are_served_during_a_resize)
{
	static struct want waits;
	struct file_version others[4], version = version_of(99, MIB);
	struct cache_extent *held[4];

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	for (unsigned i = 0; i < 4; i++) {
		others[i] = version_of(200 + i, MIB);
		held[i] = hold(&others[i]);
	}
	waits = (struct want){ .player = &players[0],
			       .wait = { .reactor = players[0].reactor, .on_answer = on_answer } };
	waits.wait.span = (struct cache_span){ .version = &version, .alignment = ALIGNMENT, .length = MIB };
	ck_assert_int_eq(cache_want(cache, &waits.wait, true), CACHE_QUEUED);
	if (_i == 0)
		resize(8 * MIB, true);
	else
		resize(MIB, true);
	reactor_iterate(players[0].reactor, 0);
	ck_assert_int_eq(waits.reads, _i == 0);
	for (unsigned i = 4; i-- > 0;) {
		cache_unpin(cache, held[i]);
		cache_content_check(cache);
		resize_finish(cache);
	}
	reactor_iterate(players[0].reactor, 0);
	ck_assert(waits.reads);
	end_read(&players[0], &waits);
	cache_unpin(cache, waits.extent);
	ck_assert(resize_finish(cache));
}
END_TEST

START_TEST(pinned_extents_follow_the_size)
{
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	use_all(256, 64 * KIB, true);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.pinned_bytes, 16 * MIB);
	resize(8 * MIB, true);
	cache_content_stats(cache, &stats);
	ck_assert_uint_le(stats.sums.pinned_bytes, 4 * MIB);
	ck_assert_uint_ge(stats.sums.pinned_bytes, 3 * MIB);
	resize(32 * MIB, true);
	use_all(1000, 64 * KIB, true);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.pinned_bytes, 16 * MIB);
	cache_content_check(cache);
}
END_TEST

START_TEST(retaining_can_be_switched)
{
	struct file_version version = version_of(500, 100000);
	struct cache_extent *held;
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 64 * MIB, true), 0);
	use_all(100, 64 * KIB, false);
	use_all(10, 4096, true);
	held = hold(&version);
	resize(16 * MIB, false);
	cache_content_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.extents, 1);
	ck_assert(use(&version, 0, 100, false)); /* While it is in use. */
	cache_unpin(cache, held);
	ck_assert(!use(&version, 0, 100, false));
	ck_assert(!use(&version, 0, 100, false));
	resize(64 * MIB, true);
	ck_assert(!use(&version, 0, 100, false));
	ck_assert(use(&version, 0, 100, false));
	ck_assert(resize_finish(cache));
}
END_TEST

static atomic_bool game_over;

static void *resize_at_random(void *context)
{
	static const size_t steps[] = { 4, 8, 9, 16, 48, 128, 200, 300 };
	struct player *player = context;

	while (!atomic_load(&game_over)) {
		ck_assert_int_eq(
			resize_start(cache, steps[random_below(player, 8)] * MIB, random_below(player, 4) != 0), 0);
		for (unsigned i = random_below(player, 4); i > 0; i--)
			resize_finish(cache);
	}
	return NULL;
}

/* Three threads run the random test; the fourth one resizes the cache all the time. */
START_TEST(three_threads_and_one_that_resizes)
{
	static struct player resizer;
	pthread_t threads[3], other;

	ck_assert_int_eq(cache_new(&cache, _i == 0 ? 8 * MIB : 256 * MIB, true), 0);
	resizer.random = 7046029254386353131u;
	atomic_store(&game_over, false);
	pthread_barrier_init(&all_played, NULL, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, play, &players[i]), 0);
	ck_assert_int_eq(pthread_create(&other, NULL, resize_at_random, &resizer), 0);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&game_over, true);
	pthread_join(other, NULL);
	pthread_barrier_destroy(&all_played);
	ck_assert(resize_finish(cache));
}
END_TEST

/* The random test beside the model, with changes of size and of `retain` from time to time. */
START_TEST(random_wants_and_sizes)
{
	struct player dice = { .random = 2862933555777941757u + (uint64_t)_i };

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	for (unsigned i = 0; i < 2000; i++) {
		step(&players[i % 2]);
		if (random_below(&dice, 50) == 0)
			ck_assert_int_eq(
				resize_start(cache, (1 + random_below(&dice, 24)) * MIB, random_below(&dice, 4) != 0),
				0);
		if (random_below(&dice, 30) == 0)
			resize_finish(cache);
		cache_content_check(cache);
		check_pins(&players[0]);
	}
	for (unsigned i = 0; i < 10000 && !(is_over(&players[0]) && is_over(&players[1])); i++) {
		end_all(&players[0]);
		end_all(&players[1]);
	}
	ck_assert(is_over(&players[0]) && is_over(&players[1]));
	ck_assert_uint_gt(players[0].hits, 10);
	ck_assert(resize_finish(cache));
}
END_TEST

START_TEST(invalid_sizes_are_rejected)
{
	ck_assert_int_eq(cache_new(&cache, 0, true), -EINVAL);
	ck_assert_int_eq(cache_new(&cache, MIB + 4096, true), -EINVAL);
	ck_assert_int_eq(cache_new(&cache, MIB, true), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tests = tcase_create("cache"), *resizes = tcase_create("resize");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, random_wants_beside_a_model, 0, sizeof(games) / sizeof(games[0]));
	tcase_add_loop_test(tests, four_threads, 0, 2);
	tcase_add_test(tests, a_scan_does_not_evict_hot_extents);
	tcase_add_test(tests, a_reader_that_follows_another_finds_its_extents);
	tcase_add_test(tests, expected_extents_are_evicted_if_there_are_no_others);
	tcase_add_test(tests, small_files_fill_the_cache);
	tcase_add_test(tests, an_extent_that_returns_soon_enters_the_main_queue);
	tcase_add_test(tests, pinned_extents_stay_up_to_half_of_the_memory);
	tcase_add_test(tests, pinned_pages_do_not_block_large_extents);
	tcase_add_test(tests, pages_in_use_do_not_block_large_extents);
	tcase_add_test(tests, pinned_pages_beside_one_in_use_do_not_block);
	tcase_add_test(tests, invalidating_a_version_removes_its_extents);
	tcase_add_test(tests, another_version_is_another_file);
	tcase_add_test(tests, invalid_sizes_are_rejected);
	tcase_set_timeout(resizes, 300);
	tcase_add_checked_fixture(resizes, setup, teardown);
	tcase_add_test(resizes, the_size_can_be_changed);
	tcase_add_test(resizes, growing_keeps_all_extents_and_shrinking_some);
	tcase_add_test(resizes, sizes_to_change_to);
#if !POOL_CANARY /* Sanitizers do not support this limit. */
	tcase_add_test(resizes, growing_without_memory_changes_nothing);
#endif
	tcase_add_test(resizes, extents_in_use_delay_shrinking);
	tcase_add_test(resizes, a_read_in_flight_ends_during_a_resize);
	tcase_add_loop_test(resizes, wants_that_wait_are_served_during_a_resize, 0, 2);
	tcase_add_test(resizes, pinned_extents_follow_the_size);
	tcase_add_test(resizes, retaining_can_be_switched);
	tcase_add_loop_test(resizes, three_threads_and_one_that_resizes, 0, 2);
	tcase_add_loop_test(resizes, random_wants_and_sizes, 0, 4);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, resizes);
	return suite_run(suite);
}
