/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine/pool.c and engine/arena.c. The random test runs beside a model that knows only which pages are taken and who waits, and so
 * says for each want whether it must get a block now; the pool says which one.
 */
#include "engine/pool.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/align.h"
#include "suite.h"

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)

static struct pool *pool;
static struct reactor *reactor;

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32) % limit;
}

/* Small ones are likelier than large ones. */
static size_t random_length(uint64_t *state)
{
	return 1 + random_below(state, (uint32_t)(POOL_BLOCK_MIN_BYTES << random_below(state, 9)));
}

static void setup(void)
{
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(pool_new(&pool, 2 * MIB), 0);
}

static void teardown(void)
{
	pool_check(pool);
	pool_free(pool);
	reactor_free(reactor);
}

static struct pool_stats stats(void)
{
	struct pool_stats now;

	pool_stats(pool, &now);
	return now;
}

/* The power of two that a block is cut from. */
static size_t buddy_bytes(size_t length)
{
	size_t bytes = POOL_BLOCK_MIN_BYTES;

	while (bytes < length)
		bytes *= 2;
	return bytes;
}

/* --- blocks --- */

static const struct {
	size_t length, block_bytes;
} lengths[] = {
	{ 0, 4 * KIB },		     { 1, 4 * KIB },	     { 4096, 4 * KIB },	     { 4097, 8 * KIB },
	{ 10007, 12 * KIB },	     { 65536, 64 * KIB },    { 65537, 68 * KIB },    { 256 * KIB, 256 * KIB },
	{ 512 * KIB + 1, 516 * KIB }, { MIB - 1, MIB },	     { MIB, MIB },
};

START_TEST(block_sizes_and_alignment)
{
	size_t bytes = lengths[_i].block_bytes;
	void *first = pool_get(pool, 1), *block = pool_get(pool, lengths[_i].length);

	ck_assert_uint_eq(pool_block_bytes(lengths[_i].length), bytes);
	ck_assert_ptr_nonnull(block);
	ck_assert(align_is_aligned((uintptr_t)block, buddy_bytes(bytes)));
	ck_assert_uint_eq(stats().free_bytes, 2 * MIB - 4 * KIB - bytes);
	memset(block, 0x5a, bytes);
	pool_put(pool, block);
	pool_put(pool, first);
	ck_assert_uint_eq(stats().free_bytes, stats().arena_bytes);
}
END_TEST

START_TEST(merges_again)
{
	void *blocks[512];

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 512; i++)
			ck_assert_ptr_nonnull(blocks[i] = pool_get(pool, 4 * KIB));
		ck_assert_ptr_null(pool_get(pool, 1));
		for (unsigned i = 0; i < 512; i++)
			pool_put(pool, blocks[(i * 7) % 512]);
		pool_check(pool);
	}
	ck_assert_ptr_nonnull(blocks[0] = pool_get(pool, MIB));
	ck_assert_ptr_nonnull(blocks[1] = pool_get(pool, MIB));
	ck_assert_ptr_ne(blocks[0], blocks[1]);
	pool_put(pool, blocks[0]);
	pool_put(pool, blocks[1]);
}
END_TEST

START_TEST(new_says_what_is_wrong)
{
	struct pool *other = NULL;

	ck_assert_int_eq(pool_new(&other, 0), -EINVAL);
	ck_assert_int_eq(pool_new(&other, MIB + 4096), -EINVAL);
	ck_assert_int_eq(pool_new(&other, SIZE_MAX & ~(MIB - 1)), -EINVAL);
	ck_assert_int_eq(pool_new(&other, MIB), 0);
	pool_free(other);
	pool_free(NULL);
}
END_TEST

#ifdef POOL_CANARY
/* The tests below die. */
static bool forks(void)
{
	const char *fork = getenv("CK_FORK");

	return fork == NULL || strcmp(fork, "no") != 0;
}

/* As a read would that was in flight when its buffer was freed: through the kernel, past all sanitizers. */
START_TEST(kernel_writing_into_a_freed_block_is_seen)
{
	void *block = pool_get(pool, 64 * KIB);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	pool_put(pool, block);
	pool_check(pool);
	ck_assert_int_eq(syscall(SYS_read, zero, block, 512), 512);
	pool_check(pool); /* aborts */
}
END_TEST

START_TEST(putting_twice_is_seen)
{
	void *block = pool_get(pool, 64 * KIB);

	pool_put(pool, block);
	pool_put(pool, block); /* aborts */
}
END_TEST
#endif

/* --- wants --- */

#define WANTS 32

static struct pool_want wants[WANTS];
static unsigned granted_order[WANTS], granted_count;

static void note_granted(struct pool_want *want, void *block)
{
	ck_assert_ptr_eq(want->block, block);
	granted_order[granted_count++] = (unsigned)(want - wants);
}

static void *want_block(unsigned i, size_t length)
{
	wants[i].reactor = reactor;
	wants[i].granted = note_granted;
	wants[i].length = length;
	return pool_wait(pool, &wants[i]);
}

static void turn_grants(unsigned expected)
{
	granted_count = 0;
	ck_assert_int_eq(reactor_turn(reactor, 0), (int)expected);
	ck_assert_uint_eq(granted_count, expected);
	pool_check(pool);
}

START_TEST(wants_are_granted_in_order)
{
	void *halves[2] = { pool_get(pool, MIB), pool_get(pool, MIB) };

	for (unsigned i = 0; i < 8; i++)
		ck_assert_ptr_null(want_block(i, 256 * KIB));
	ck_assert_uint_eq(stats().waiting, 8);
	pool_put(pool, halves[0]);
	turn_grants(4);
	pool_put(pool, halves[1]);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(granted_order[i], i);
	turn_grants(4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(granted_order[i], 4 + i);
	ck_assert_uint_eq(stats().waiting, 0);
	for (unsigned i = 0; i < 8; i++)
		pool_put(pool, wants[i].block);
}
END_TEST

/* Who comes later waits behind the large one, though there is room for him. */
START_TEST(small_ones_do_not_overtake_a_large_one)
{
	void *small[2] = { pool_get(pool, MIB), pool_get(pool, 4 * KIB) };

	ck_assert_ptr_null(want_block(0, MIB));
	ck_assert_ptr_null(want_block(1, 4 * KIB));
	ck_assert_ptr_null(pool_get(pool, 4 * KIB));
	turn_grants(0);
	pool_put(pool, small[1]);
	turn_grants(1);
	ck_assert_uint_eq(granted_order[0], 0);
	pool_put(pool, small[0]);
	turn_grants(1);
	ck_assert_uint_eq(granted_order[0], 1);
	pool_put(pool, wants[0].block);
	pool_put(pool, wants[1].block);
}
END_TEST

START_TEST(no_waiting_while_there_is_room)
{
	void *block = want_block(0, MIB);

	ck_assert_ptr_nonnull(block);
	turn_grants(0);
	pool_put(pool, block);
}
END_TEST

START_TEST(cancelling_the_head_lets_the_others_through)
{
	void *blocks[2] = { pool_get(pool, MIB), pool_get(pool, 4 * KIB) };

	ck_assert_ptr_null(want_block(0, MIB));
	ck_assert_ptr_null(want_block(1, 8 * KIB));
	ck_assert_ptr_null(want_block(2, 8 * KIB));
	ck_assert(pool_cancel(pool, &wants[0]));
	turn_grants(2);
	ck_assert_uint_eq(granted_order[0], 1);
	ck_assert_uint_eq(granted_order[1], 2);
	for (unsigned i = 0; i < 2; i++) {
		pool_put(pool, blocks[i]);
		pool_put(pool, wants[1 + i].block);
	}
	turn_grants(0); /* the cancelled one never hears of it */
}
END_TEST

START_TEST(cancelling_in_the_middle_and_at_the_end)
{
	void *blocks[2] = { pool_get(pool, MIB), pool_get(pool, MIB) };

	for (unsigned i = 0; i < 4; i++)
		ck_assert_ptr_null(want_block(i, 4 * KIB));
	ck_assert(pool_cancel(pool, &wants[3]));
	ck_assert(pool_cancel(pool, &wants[1]));
	pool_check(pool);
	ck_assert_ptr_null(want_block(4, 4 * KIB)); /* the queue's end is in order */
	pool_put(pool, blocks[0]);
	turn_grants(3);
	ck_assert_uint_eq(granted_order[0], 0);
	ck_assert_uint_eq(granted_order[1], 2);
	ck_assert_uint_eq(granted_order[2], 4);
	pool_put(pool, blocks[1]);
	for (unsigned i = 0; i < 3; i++)
		pool_put(pool, wants[granted_order[i]].block);
}
END_TEST

START_TEST(too_late_to_cancel)
{
	void *blocks[2] = { pool_get(pool, MIB), pool_get(pool, MIB) };

	ck_assert_ptr_null(want_block(0, MIB));
	pool_put(pool, blocks[0]);
	ck_assert(!pool_cancel(pool, &wants[0])); /* posted, not delivered */
	turn_grants(1);
	pool_put(pool, wants[0].block);
	pool_put(pool, blocks[1]);
}
END_TEST

/* --- against a model --- */

#define PAGES (2 * MIB / POOL_BLOCK_MIN_BYTES)
#define STEPS 25000

static struct model {
	uint64_t random;
	uint8_t *base;		     /* of the arena, as found out */
	bool taken[PAGES];
	void *blocks[PAGES];	     /* held; sizes beside */
	size_t sizes[PAGES];
	unsigned block_count;
	struct pool_want *queue[WANTS]; /* in order */
	unsigned queue_count;
} model;

static bool model_fits(size_t length)
{
	size_t pages = buddy_bytes(length) / POOL_BLOCK_MIN_BYTES;

	for (size_t at = 0; at < PAGES; at += pages) {
		size_t free_pages = 0;

		while (free_pages < pages && !model.taken[at + free_pages])
			free_pages++;
		if (free_pages == pages)
			return true;
	}
	return false;
}

/* Each page of a block bears a number of its own, so that an overlap shows. */
static void stamp(void *block, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += POOL_BLOCK_MIN_BYTES)
		*(uintptr_t *)(void *)((uint8_t *)block + at) = (uintptr_t)block + at;
}

/* A ck_assert a page would be slow: each one that passes is written to Check's file. */
static void check_stamp(void *block, size_t bytes)
{
	size_t wrong_pages = 0;

	for (size_t at = 0; at < bytes; at += POOL_BLOCK_MIN_BYTES)
		wrong_pages += *(uintptr_t *)(void *)((uint8_t *)block + at) != (uintptr_t)block + at;
	ck_assert_uint_eq(wrong_pages, 0);
}

static void model_hold(void *block, size_t length)
{
	size_t bytes = pool_block_bytes(length), first = (size_t)((uint8_t *)block - model.base) / POOL_BLOCK_MIN_BYTES;
	size_t overlapping_pages = 0;

	ck_assert(align_is_aligned((uintptr_t)block, buddy_bytes(bytes)));
	ck_assert_uint_le(first + bytes / POOL_BLOCK_MIN_BYTES, PAGES);
	for (size_t page = first; page < first + bytes / POOL_BLOCK_MIN_BYTES; page++) {
		overlapping_pages += model.taken[page];
		model.taken[page] = true;
	}
	ck_assert_uint_eq(overlapping_pages, 0);
	stamp(block, bytes);
	model.blocks[model.block_count] = block;
	model.sizes[model.block_count++] = bytes;
}

static void model_put(unsigned i)
{
	void *block = model.blocks[i];
	size_t bytes = model.sizes[i], first = (size_t)((uint8_t *)block - model.base) / POOL_BLOCK_MIN_BYTES;

	check_stamp(block, bytes);
	memset(&model.taken[first], 0, bytes / POOL_BLOCK_MIN_BYTES);
	model.blocks[i] = model.blocks[--model.block_count];
	model.sizes[i] = model.sizes[model.block_count];
	pool_put(pool, block);
}

static void model_unqueue(unsigned i)
{
	model.queue_count--;
	memmove(&model.queue[i], &model.queue[i + 1], (model.queue_count - i) * sizeof *model.queue);
}

static void model_granted(struct pool_want *want, void *block)
{
	ck_assert_uint_gt(model.queue_count, 0);
	ck_assert_ptr_eq(model.queue[0], want);
	model_unqueue(0);
	model_hold(block, want->length);
	want->block = NULL; /* idle again */
}

static struct pool_want *idle_want(void)
{
	for (unsigned i = 0; i < WANTS; i++) {
		bool queued = false;

		for (unsigned at = 0; at < model.queue_count; at++)
			queued |= model.queue[at] == &wants[i];
		if (!queued)
			return &wants[i];
	}
	return NULL;
}

static void step_get(void)
{
	size_t length = random_length(&model.random);
	void *block = pool_get(pool, length);

	ck_assert_int_eq(block != NULL, model.queue_count == 0 && model_fits(length));
	if (block != NULL)
		model_hold(block, length);
}

static void step_wait(void)
{
	struct pool_want *want = idle_want();
	void *block;

	if (want == NULL)
		return;
	*want = (struct pool_want){ .reactor = reactor, .granted = model_granted, .length = random_length(&model.random) };
	block = pool_wait(pool, want);
	ck_assert_int_eq(block != NULL, model.queue_count == 0 && model_fits(want->length));
	if (block != NULL)
		model_hold(block, want->length);
	else
		model.queue[model.queue_count++] = want;
}

static void step_put(void)
{
	if (model.block_count > 0)
		model_put(random_below(&model.random, model.block_count));
}

static void step_cancel(void)
{
	unsigned i;

	if (model.queue_count == 0)
		return;
	i = random_below(&model.random, model.queue_count);
	ck_assert(pool_cancel(pool, model.queue[i]));
	model_unqueue(i);
}

static void check_model(void)
{
	struct pool_stats now = stats();
	size_t free_pages = 0;

	for (size_t page = 0; page < PAGES; page++)
		free_pages += !model.taken[page];
	ck_assert_uint_eq(now.free_bytes, free_pages * POOL_BLOCK_MIN_BYTES);
	ck_assert_uint_eq(now.waiting, model.queue_count);
	ck_assert(model.queue_count == 0 || !model_fits(model.queue[0]->length)); /* whoever fits has been granted */
	pool_check(pool);
}

static void find_base(void)
{
	void *blocks[2] = { pool_get(pool, MIB), pool_get(pool, MIB) };

	model.base = blocks[0] < blocks[1] ? blocks[0] : blocks[1];
	pool_put(pool, blocks[0]);
	pool_put(pool, blocks[1]);
}

START_TEST(random_steps_against_a_model)
{
	static void (*const steps[])(void) = { step_get, step_wait, step_wait, step_put, step_put, step_put, step_cancel };

	model = (struct model){ .random = 0x2545f4914f6cdd1d + (uint64_t)_i };
	find_base();
	for (unsigned step = 0; step < STEPS; step++) {
		steps[random_below(&model.random, sizeof steps / sizeof *steps)]();
		ck_assert_int_ge(reactor_turn(reactor, 0), 0);
		check_model();
	}
	while (model.queue_count > 0)
		step_cancel(), reactor_turn(reactor, 0);
	while (model.block_count > 0)
		model_put(0);
}
END_TEST

/* --- four threads --- */

#define HOLDERS 4
#define HELD 6

struct holder {
	struct pool_want want; /* first */
	uint64_t random;
	bool waiting;
	void *blocks[HELD];
	size_t sizes[HELD];
	unsigned count;
};

static void hold(struct holder *holder, void *block, size_t length)
{
	stamp(block, pool_block_bytes(length));
	holder->blocks[holder->count] = block;
	holder->sizes[holder->count++] = pool_block_bytes(length);
	holder->waiting = false;
}

static void put_last(struct holder *holder)
{
	holder->count--;
	check_stamp(holder->blocks[holder->count], holder->sizes[holder->count]);
	pool_put(pool, holder->blocks[holder->count]);
}

static void holder_granted(struct pool_want *want, void *block)
{
	hold((struct holder *)want, block, want->length);
}

static void holder_wait(struct holder *holder)
{
	void *block;

	holder->want.length = random_length(&holder->random);
	holder->waiting = true;
	block = pool_wait(pool, &holder->want);
	if (block != NULL)
		hold(holder, block, holder->want.length);
}

/* Whoever waits gives back what he holds, so that nobody waits for ever. */
static void holder_step(struct holder *holder)
{
	if (holder->waiting && holder->count > 0)
		put_last(holder);
	else if (holder->waiting && random_below(&holder->random, 8) == 0)
		holder->waiting = !pool_cancel(pool, &holder->want);
	else if (!holder->waiting && (holder->count == 0 || (holder->count < HELD && random_below(&holder->random, 2) == 0)))
		holder_wait(holder);
	else if (!holder->waiting)
		put_last(holder);
	reactor_turn(holder->want.reactor, holder->waiting && holder->count == 0 ? 1 : 0);
}

static void *run_holder(void *context)
{
	struct holder *holder = context;

	ck_assert_int_eq(reactor_new(&holder->want.reactor), 0);
	holder->want.granted = holder_granted;
	for (unsigned step = 0; step < 2500; step++)
		holder_step(holder);
	while (holder->waiting || holder->count > 0)
		if (holder->count > 0)
			put_last(holder);
		else
			reactor_turn(holder->want.reactor, 10);
	return NULL;
}

START_TEST(four_threads)
{
	static struct holder holders[HOLDERS];
	pthread_t threads[HOLDERS];

	for (unsigned i = 0; i < HOLDERS; i++) {
		holders[i] = (struct holder){ .random = 88172645463325252 + i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_holder, &holders[i]), 0);
	}
	for (unsigned i = 0; i < 50; i++) {
		pool_check(pool);
		usleep(2000);
	}
	for (unsigned i = 0; i < HOLDERS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < HOLDERS; i++) /* another thread may have been posting to it until it ended */
		reactor_free(holders[i].want.reactor);
	ck_assert_uint_eq(stats().free_bytes, stats().arena_bytes);
	ck_assert_uint_eq(stats().waiting, 0);
}
END_TEST

static void add_want_tests(TCase *tcase)
{
	tcase_add_test(tcase, wants_are_granted_in_order);
	tcase_add_test(tcase, small_ones_do_not_overtake_a_large_one);
	tcase_add_test(tcase, no_waiting_while_there_is_room);
	tcase_add_test(tcase, cancelling_the_head_lets_the_others_through);
	tcase_add_test(tcase, cancelling_in_the_middle_and_at_the_end);
	tcase_add_test(tcase, too_late_to_cancel);
	tcase_add_loop_test(tcase, random_steps_against_a_model, 0, 2);
	tcase_add_test(tcase, four_threads);
}

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tcase = tcase_create("pool");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, block_sizes_and_alignment, 0, sizeof lengths / sizeof *lengths);
	tcase_add_test(tcase, merges_again);
	tcase_add_test(tcase, new_says_what_is_wrong);
	add_want_tests(tcase);
#ifdef POOL_CANARY
	if (forks()) {
		tcase_add_test_raise_signal(tcase, kernel_writing_into_a_freed_block_is_seen, SIGABRT);
		tcase_add_test_raise_signal(tcase, putting_twice_is_seen, SIGABRT);
	}
#endif
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
