/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store/cache.c and store/shard.c. The random test runs beside a model that knows what it has pinned, what it reads and who waits:
 * so it knows what must be a hit, that nothing is read twice at a time, and that nobody is forgotten. Bytes are a function of the
 * version and the offset, written when a read ends and compared at each hit: memory that changes hands too early shows.
 */
#include "store/cache.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/align.h"
#include "suite.h"

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define ALIGNMENT 512
#define WANTS 40
#define VERSIONS 6

static const uint64_t sizes[VERSIONS] = { 1, 10000, 70000, 1048576, 3000000, 9000001 };

enum stage { IDLE, WAITS, READS, PINS };

struct want {
	struct cache_wait wait; /* first */
	struct player *player;
	enum stage stage;
	bool given_up; /* its answer is on its way */
	bool reads;    /* extent is its to read, whatever it waits for */
	struct cache_extent *extent;
};

/* One reactor and its wants. */
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

static void fill(struct cache_extent *extent)
{
	for (size_t i = 0; i < extent->length; i += 97) /* a sample is enough, and each block has some */
		extent->block[i] = byte_at(&extent->key.version, extent->offset + i);
}

static void check_bytes(const struct want *want)
{
	const struct cache_extent *extent = want->extent;

	ck_assert_uint_le(extent->offset, want->wait.span.offset);
	ck_assert_uint_ge(extent->offset + extent->length, want->wait.span.offset + want->wait.span.length);
	ck_assert(file_version_equal(&extent->key.version, want->wait.span.version));
	for (size_t i = 0; i < extent->length; i += 97)
		if (extent->block[i] != byte_at(want->wait.span.version, extent->offset + i))
			ck_abort_msg("other bytes at %llu", (unsigned long long)(extent->offset + i));
}

static void pinned(struct want *want)
{
	want->extent = want->wait.extent;
	want->stage = PINS;
	check_bytes(want);
}

static void ready(struct cache_wait *wait, int answer)
{
	struct want *want = (struct want *)wait;

	if (answer == CACHE_LOAD) {
		want->player->loads++;
		want->extent = wait->extent;
		want->reads = true;
		want->stage = READS;
		if (!want->given_up)
			cache_attend(cache, wait);
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
	span->fleeting = random_below(player, 16) == 0;
	span->sticky = random_below(player, 64) == 0;
}

static void ask(struct player *player, struct want *want)
{
	enum cache_answer answer;

	choose_span(player, &want->wait.span);
	want->player = player;
	want->wait.reactor = player->reactor;
	want->wait.ready = ready;
	answer = cache_want(cache, &want->wait, random_below(player, 8) != 0);
	switch (answer) {
	case CACHE_HIT:
		player->hits++;
		pinned(want);
		break;
	case CACHE_JOINED:
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
	struct cache_wait *wait, *next;

	if (error == 0)
		fill(extent);
	want->reads = false;
	if (want->stage == READS && want->given_up) { /* it only read for others */
		want->stage = IDLE;
		want->given_up = false;
	}
	for (wait = cache_loaded(cache, extent, error, player->reactor); wait != NULL; wait = next) {
		next = wait->next;
		cache_deliver(wait);
	}
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
		cache_forget(cache, &versions[random_below(player, VERSIONS)]);
	reactor_turn(player->reactor, 0);
}

/* What is pinned here can't be gone. */
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

/* Ends reads and gives back pins; whoever waits must then get an answer. */
static void wind_up(struct player *player)
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
	reactor_turn(player->reactor, 1);
}

static void setup(void)
{
	memset(players, 0, sizeof(players));
	for (unsigned i = 0; i < VERSIONS; i++)
		versions[i] = (struct file_version){ .device = 1, .inode = i + 1, .size = sizes[i], .mtime_ns = 7, .ctime_ns = 7 };
	for (unsigned i = 0; i < 4; i++) {
		players[i].random = 88172645463325252u + i * 7919;
		ck_assert_int_eq(reactor_new(&players[i].reactor), 0);
	}
}

static void teardown(void)
{
	cache_check(cache);
	ck_assert_uint_eq(cache_pinned_bytes(cache), 0);
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
	{ 1 * MIB, true, 4000 },   /* one large extent at a time */
	{ 4 * MIB, true, 8000 },
	{ 4 * MIB, false, 4000 },
	{ 8 * MIB, true, 8000 },
	{ 32 * MIB, true, 6000 }, /* nearly all fits */
};

START_TEST(random_wants_beside_a_model)
{
	ck_assert_int_eq(cache_new(&cache, games[_i].bytes, games[_i].retain), 0);
	for (unsigned i = 0; i < games[_i].steps; i++) {
		step(&players[i % 2]);
		cache_check(cache);
		check_pins(&players[0]);
	}
	for (unsigned i = 0; i < 10000 && !(is_over(&players[0]) && is_over(&players[1])); i++) {
		wind_up(&players[0]);
		wind_up(&players[1]);
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

	for (unsigned i = 0; i < 20000; i++)
		step(player);
	while (!is_over(player))
		wind_up(player);
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

/* --- what stays and what goes --- */

/* Wants it and reads it if need be. True: it was there. */
static bool use(const struct file_version *version, uint64_t offset, size_t length, bool sticky)
{
	struct want want = { .wait = { .reactor = players[0].reactor, .ready = ready } };
	bool hit;

	want.wait.span = (struct cache_span){
		.version = version, .alignment = ALIGNMENT, .offset = offset, .length = length, .sticky = sticky
	};
	hit = cache_want(cache, &want.wait, true) == CACHE_HIT;
	if (hit) {
		cache_unpin(cache, want.wait.extent);
		return true;
	}
	want.extent = want.wait.extent;
	fill(want.extent);
	cache_deliver(cache_loaded(cache, want.extent, 0, players[0].reactor));
	cache_unpin(cache, want.extent);
	return false;
}

static struct file_version version_of(uint64_t inode, uint64_t size)
{
	return (struct file_version){ .device = 2, .inode = inode, .size = size };
}

static unsigned use_all(unsigned count, uint64_t size, bool sticky)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < count; i++) {
		struct file_version version = version_of(i + 1, size);

		hits += use(&version, 0, (size_t)size, sticky);
	}
	return hits;
}

/* 20 MiB that were used twice stay through a scan of ten times the cache, in a file of 320 MiB. */
START_TEST(a_scan_leaves_what_is_hot)
{
	struct file_version huge = version_of(1000, 320 * MIB);

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	use_all(320, 64 * KIB, false);
	ck_assert_uint_eq(use_all(320, 64 * KIB, false), 320);
	for (uint64_t at = 0; at < 320 * MIB; at += SHARD_EXTENT_BYTES)
		ck_assert(!use(&huge, at, SHARD_EXTENT_BYTES, false));
	ck_assert_uint_eq(use_all(320, 64 * KIB, false), 320);
	cache_check(cache);
}
END_TEST

/* What comes back soon after it was evicted goes to the main queue at once. */
START_TEST(what_comes_back_is_remembered)
{
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	use_all(80, 64 * KIB, false);
	use_all(80, 64 * KIB, false);
	cache_stats(cache, &stats);
	ck_assert_uint_gt(stats.sums.ghost_hits, 10);
	ck_assert_uint_gt(stats.main_bytes, MIB);
}
END_TEST

START_TEST(what_is_sticky_stays_as_far_as_half_of_the_memory)
{
	struct file_version huge = version_of(1000, 320 * MIB);
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 8 * MIB, true), 0);
	use_all(100, 64 * KIB, true);
	for (uint64_t at = 0; at < 40 * MIB; at += SHARD_EXTENT_BYTES)
		use(&huge, at, SHARD_EXTENT_BYTES, false);
	cache_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.sticky_bytes, 4 * MIB);
	ck_assert_uint_ge(use_all(64, 64 * KIB, true), 64);
	cache_check(cache);
}
END_TEST

/* Sticky pages all over the memory: a large extent has room all the same. */
START_TEST(sticky_crumbs_do_not_block_large_extents)
{
	struct file_version large = version_of(5000, MIB);

	ck_assert_int_eq(cache_new(&cache, 4 * MIB, true), 0);
	for (unsigned i = 0; i < 1024; i++) {
		struct file_version version = version_of(i + 1, 4096);

		use(&version, 0, 4096, i % 3 == 0);
	}
	ck_assert(!use(&large, 0, MIB, false));
	ck_assert(use(&large, 0, MIB, false));
	cache_check(cache);
}
END_TEST

/* Keeps it pinned. */
static struct cache_extent *hold(const struct file_version *version)
{
	const struct cache_span span = { .version = version, .alignment = ALIGNMENT, .length = (size_t)version->size };
	struct cache_extent *extent;
	struct span missing;

	use(version, 0, (size_t)version->size, false);
	ck_assert_int_eq(cache_find(cache, &span, &extent, &missing), CACHE_HIT);
	return extent;
}

/* The new small ones all lie beside one that is pinned: what is larger and was used before goes, then. */
START_TEST(pinned_crumbs_do_not_block_large_extents)
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

/* The same with sticky ones, while somebody has something pinned. */
START_TEST(sticky_crumbs_beside_a_pin_do_not_block_either)
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
	cache_check(cache);
	cache_unpin(cache, held);
}
END_TEST

START_TEST(a_version_that_is_gone_takes_its_extents_along)
{
	struct file_version old = version_of(1, 5 * MIB), other = version_of(2, 100000), huge = version_of(3, 320 * MIB);
	struct cache_stats stats;

	ck_assert_int_eq(cache_new(&cache, 32 * MIB, true), 0);
	for (uint64_t at = 0; at < old.size; at += SHARD_EXTENT_BYTES)
		use(&old, at, SHARD_EXTENT_BYTES, false);
	use(&other, 0, 100000, false);
	cache_forget(cache, &old);
	cache_stats(cache, &stats);
	ck_assert_uint_eq(stats.sums.extents, 1);
	ck_assert(use(&other, 0, 100000, false));
	ck_assert(!use(&old, 0, 1000, false));
	use(&huge, 0, 1000, false); /* of more extents than the cache has */
	use(&huge, 300 * MIB, 1000, false);
	cache_forget(cache, &huge);
	cache_stats(cache, &stats);
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

START_TEST(sizes_that_are_none)
{
	ck_assert_int_eq(cache_new(&cache, 0, true), -EINVAL);
	ck_assert_int_eq(cache_new(&cache, MIB + 4096, true), -EINVAL);
	ck_assert_int_eq(cache_new(&cache, MIB, true), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tests = tcase_create("cache");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, random_wants_beside_a_model, 0, sizeof(games) / sizeof(games[0]));
	tcase_add_loop_test(tests, four_threads, 0, 2);
	tcase_add_test(tests, a_scan_leaves_what_is_hot);
	tcase_add_test(tests, what_comes_back_is_remembered);
	tcase_add_test(tests, what_is_sticky_stays_as_far_as_half_of_the_memory);
	tcase_add_test(tests, sticky_crumbs_do_not_block_large_extents);
	tcase_add_test(tests, pinned_crumbs_do_not_block_large_extents);
	tcase_add_test(tests, sticky_crumbs_beside_a_pin_do_not_block_either);
	tcase_add_test(tests, a_version_that_is_gone_takes_its_extents_along);
	tcase_add_test(tests, another_version_is_another_file);
	tcase_add_test(tests, sizes_that_are_none);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
