/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of engine/arena.c. The random test runs beside a model that knows only which block each page belongs to. So the
 * model knows what is free, whether a length must fit, and which blocks are in the way of another one. The arena
 * chooses the place of a block.
 */
#include "engine/arena.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_FORKS
#include "../suite.h"
#include "base/align.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define PAGE_BYTES ARENA_BLOCK_MIN_BYTES
#define BLOCK_PAGES ((uint32_t)(ARENA_BLOCK_MAX_BYTES / PAGE_BYTES))
#define BLOCKS 3 /* In units of the largest block; not a power of two. */
#define PAGES (BLOCKS * BLOCK_PAGES)

static struct arena *arena;

static void setup(void)
{
	ck_assert_int_eq(arena_new(&arena, BLOCKS * MIB), 0);
}

/* Once all blocks are free, the arena must be in its initial state. */
static void teardown(void)
{
	void *blocks[BLOCKS];

	arena_check(arena);
	ck_assert_uint_eq(arena_free_bytes(arena), BLOCKS * MIB);
	for (unsigned i = 0; i < BLOCKS; i++)
		ck_assert_ptr_nonnull(blocks[i] = arena_alloc_block(arena, MIB));
	ck_assert(!arena_has_room(arena, 1));
	for (unsigned i = 0; i < BLOCKS; i++)
		arena_free_block(arena, blocks[i]);
	arena_free(arena);
}

static void *take(size_t length)
{
	void *block = arena_alloc_block(arena, length);

	ck_assert_ptr_nonnull(block);
	arena_check(arena);
	return block;
}

static void put(void *block)
{
	arena_free_block(arena, block);
	arena_check(arena);
}

/* The power of two that a block is taken from. */
static size_t buddy_bytes(size_t length)
{
	size_t bytes = PAGE_BYTES;

	while (bytes < length)
		bytes *= 2;
	return bytes;
}

/* For a block that is followed by free memory. */
static void check_poison(void *block, size_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
	ck_assert_ptr_null(__asan_region_is_poisoned(block, bytes));
	ck_assert_int_eq(__asan_address_is_poisoned((uint8_t *)block + bytes), 1);
#else
	(void)block, (void)bytes;
#endif
}

/* --- sizes --- */

static const struct {
	size_t length, block_bytes;
} lengths[] = {
	{ 0, 4 * KIB },
	{ 1, 4 * KIB },
	{ 4096, 4 * KIB },
	{ 4097, 8 * KIB },
	{ 8193, 12 * KIB },
	{ 10007, 12 * KIB },
	{ 65536, 64 * KIB },
	{ 65537, 68 * KIB },
	{ 72 * KIB, 72 * KIB },
	{ 128 * KIB - 1, 128 * KIB },
	{ 256 * KIB, 256 * KIB },
	{ 256 * KIB + 1, 260 * KIB },
	{ 340000, 336 * KIB },
	{ 512 * KIB + 1, 516 * KIB },
	{ MIB - 4096, MIB - 4 * KIB },
	{ MIB - 4095, MIB },
	{ MIB - 1, MIB },
	{ MIB, MIB },
};

START_TEST(blocks_are_of_whole_pages)
{
	size_t bytes = lengths[_i].block_bytes;
	void *first = take(1), *block = take(lengths[_i].length);
	uint32_t page = arena_page_of(arena, block);

	ck_assert_uint_eq(arena_block_bytes(lengths[_i].length), bytes);
	ck_assert_uint_eq(arena_used_bytes_at(arena, page), bytes);
	ck_assert_ptr_eq(arena_page_address(arena, page), block);
	ck_assert(align_is_aligned((uintptr_t)block, buddy_bytes(bytes)));
	ck_assert_uint_eq(arena_free_bytes(arena), BLOCKS * MIB - 4 * KIB - bytes);
	check_poison(block, bytes);
	memset(block, 0x5a, bytes);
	put(block);
	put(first);
	ck_assert_uint_eq(arena_free_bytes(arena), arena_bytes(arena));
}
END_TEST

/* Each is taken from a buddy of 32 KiB. The 12 KiB after it are available for others, down to the last page. */
START_TEST(tails_are_used_up)
{
	const unsigned large_count = BLOCKS * 32;
	static void *large[BLOCKS * 32], *small[BLOCKS * 32 * 3];

	for (unsigned i = 0; i < large_count; i++)
		large[i] = take(20 * KIB);
	ck_assert_ptr_null(arena_alloc_block(arena, 12 * KIB)); /* The free parts are not aligned. */
	for (unsigned i = 0; i < 3 * large_count; i++)
		small[i] = take(4 * KIB);
	ck_assert_uint_eq(arena_free_bytes(arena), 0);
	ck_assert_ptr_null(arena_alloc_block(arena, 1));
	for (unsigned i = 0; i < large_count; i++)
		put(large[i * 7 % large_count]);
	ck_assert_uint_eq(arena_free_bytes(arena), large_count * 20 * KIB);
	ck_assert_ptr_null(arena_alloc_block(arena, 20 * KIB));
	for (unsigned i = 0; i < 3 * large_count; i++)
		put(small[i * 11 % (3 * large_count)]);
}
END_TEST

START_TEST(fragments_are_blocks_that_are_too_small)
{
	void *a = take(MIB), *b = take(MIB), *c;

	ck_assert_uint_eq(arena_fragmented_bytes(arena, MIB), 0);
	c = take(KIB); /* Splits the last free MiB, which leaves blocks of 4, 8 ... 512 KiB. */
	ck_assert_uint_eq(arena_fragmented_bytes(arena, MIB), MIB - PAGE_BYTES);
	ck_assert_uint_eq(arena_fragmented_bytes(arena, 256 * KIB), 256 * KIB - PAGE_BYTES);
	/* A block of 129 KiB needs 256 KiB. */
	ck_assert_uint_eq(arena_fragmented_bytes(arena, 129 * KIB), 256 * KIB - PAGE_BYTES);
	ck_assert_uint_eq(arena_fragmented_bytes(arena, 1), 0);
	arena_free_block(arena, c);
	ck_assert_uint_eq(arena_fragmented_bytes(arena, MIB), 0);
	arena_free_block(arena, a);
	arena_free_block(arena, b);
}
END_TEST

START_TEST(new_reports_errors)
{
	struct arena *other = NULL;

	ck_assert_int_eq(arena_new(&other, 0), -EINVAL);
	ck_assert_int_eq(arena_new(&other, MIB + 4096), -EINVAL);
	ck_assert_int_eq(arena_new(&other, SIZE_MAX & ~(MIB - 1)), -EINVAL);
	ck_assert_int_eq(arena_new(&other, MIB), 0);
	ck_assert_uint_eq(arena_page_count(other), 256);
	arena_free(other);
	arena_free(NULL);
}
END_TEST

/* --- regions --- */

static void check_region(uint32_t page, size_t length, uint32_t first, uint32_t end)
{
	uint32_t from, to;

	arena_region(arena, page, length, &from, &to);
	ck_assert_uint_eq(from, first);
	ck_assert_uint_eq(to, end);
}

START_TEST(regions_are_buddies)
{
	check_region(0, 0, 0, 1);
	check_region(7, 4096, 7, 8);
	check_region(7, 4097, 6, 8);
	check_region(45, 64 * KIB, 32, 48);
	check_region(45, 68 * KIB, 32, 64);
	check_region(255, 512 * KIB + 1, 0, 256);
	check_region(256, MIB, 256, 512);
	check_region(PAGES - 1, 12 * KIB, PAGES - 4, PAGES);
}
END_TEST

/* One buddy of 32 pages: a block of 18, 2 free ones, a block of 4, 8 free ones. */
START_TEST(next_used_finds_blocks_that_begin_earlier)
{
	void *large = take(72 * KIB), *hole = take(8 * KIB), *small = take(16 * KIB);
	uint32_t first = arena_page_of(arena, large), next = arena_page_of(arena, small);

	ck_assert_uint_eq(arena_page_of(arena, hole), first + 18);
	ck_assert_uint_eq(next, first + 20);
	put(hole);
	for (uint32_t page = first; page < first + 18; page++)
		ck_assert_uint_eq(arena_next_used(arena, page, page + 1), first);
	ck_assert_uint_eq(arena_next_used(arena, first + 18, first + 20), UINT32_MAX);
	for (uint32_t page = first + 18; page < first + 24; page++)
		ck_assert_uint_eq(arena_next_used(arena, page, PAGES), next);
	ck_assert_uint_eq(arena_next_used(arena, first + 23, first + 23), UINT32_MAX);
	ck_assert_uint_eq(arena_next_used(arena, first + 24, PAGES), UINT32_MAX);
	ck_assert_uint_eq(arena_next_used(arena, PAGES, PAGES), UINT32_MAX);
	put(large);
	ck_assert_uint_eq(arena_next_used(arena, first + 17, PAGES), next);
	put(small);
	ck_assert_uint_eq(arena_next_used(arena, 0, PAGES), UINT32_MAX);
}
END_TEST

/* --- changing the size --- */

/* In KiB. */
static size_t resident_kib(const void *address, size_t bytes)
{
	unsigned char pages[2 * BLOCK_PAGES];
	size_t count = 0;

	ck_assert_uint_le(bytes, sizeof(pages) * PAGE_BYTES);
	if (mincore((void *)(uintptr_t)address, bytes, pages) != 0)
		return 0;
	for (size_t i = 0; i < bytes / PAGE_BYTES; i++)
		count += pages[i] & 1;
	return count * 4;
}

static void grow(struct arena *other, size_t bytes)
{
	ck_assert_int_eq(arena_prepare(other, bytes), 0);
	for (size_t offset = 0, length; (length = arena_find_uncommitted(other, bytes, &offset)) > 0; offset += length)
		ck_assert_int_eq(arena_commit(other, offset, length), 0);
	arena_set_bytes(other, bytes);
	arena_check(other);
}

/* Returns how much was returned to the kernel. */
static size_t decommit_free(struct arena *other)
{
	size_t offset = 0, length, sum = 0;

	for (; (length = arena_detach_free(other, &offset)) > 0; offset += length) {
		arena_decommit(other, offset, length);
		sum += length;
	}
	arena_trim(other);
	arena_check(other);
	return sum;
}

START_TEST(grows_and_shrinks)
{
	struct arena *other;
	uint8_t *blocks[6];

	ck_assert_int_eq(arena_new_growable(&other, 2 * MIB, 6 * MIB), 0);
	ck_assert_uint_eq(arena_max_bytes(other), 6 * MIB);
	grow(other, 6 * MIB);
	ck_assert_uint_eq(arena_free_bytes(other), 6 * MIB);
	for (unsigned i = 0; i < 6; i++) {
		uint8_t *block = arena_alloc_block(other, MIB - 4096);
		uint32_t place;

		ck_assert_ptr_nonnull(block);
		place = arena_page_of(other, block) / BLOCK_PAGES;
		ck_assert_uint_eq(resident_kib(block, MIB - 4096), 1020);
		memset(block, (int)place, MIB - 4096);
		blocks[place] = block;
	}
	arena_set_bytes(other, 2 * MIB);
	arena_check(other);
	ck_assert_uint_eq(arena_bytes(other), 2 * MIB);
	/* The free memory above the size does not count. */
	ck_assert_uint_eq(arena_free_bytes(other), 8 * KIB);
	ck_assert_uint_eq(decommit_free(other), 0);
	ck_assert(!arena_is_shrunk(other));
	arena_free_block(other, blocks[3]);
	ck_assert(!arena_has_room(other, 8 * KIB));
	ck_assert_uint_eq(decommit_free(other), MIB);
	ck_assert_uint_eq(resident_kib(blocks[3], MIB - 4096), 0);
	ck_assert_uint_eq(resident_kib(blocks[4], MIB - 4096), 1020);
	arena_free_block(other, blocks[5]);
	ck_assert_uint_eq(decommit_free(other), MIB);
	ck_assert_uint_eq(arena_page_count(other), 5 * BLOCK_PAGES);
	grow(other, 5 * MIB); /* One hole, and two units that are still committed. */
	ck_assert(arena_is_shrunk(other));
	ck_assert_uint_eq(arena_free_bytes(other), MIB + 16 * KIB);
	ck_assert_uint_eq(resident_kib(blocks[3], MIB - 4096), 1020);
	for (unsigned i = 0; i < 5; i++)
		if (i != 3) {
			ck_assert_uint_eq(blocks[i][MIB - 4097], i);
			arena_free_block(other, blocks[i]);
		}
	arena_set_bytes(other, MIB);
	ck_assert_uint_eq(decommit_free(other), 4 * MIB);
	ck_assert(arena_is_shrunk(other));
	arena_free(other);
}
END_TEST

START_TEST(grows_as_far_as_it_has_addresses)
{
	struct arena *other;
	size_t offset = 0, length;

	ck_assert_int_eq(arena_new_growable(&other, 2 * MIB, MIB), -EINVAL);
	ck_assert_int_eq(arena_new_growable(&other, 2 * MIB, 4 * MIB), 0);
	ck_assert_int_eq(arena_prepare(other, 5 * MIB), -E2BIG);
	ck_assert_int_eq(arena_prepare(other, 4 * MIB), 0);
	length = arena_find_uncommitted(other, 4 * MIB, &offset);
	ck_assert_uint_eq(offset, 2 * MIB);
	ck_assert_uint_eq(length, 2 * MIB);
	ck_assert_int_eq(arena_commit(other, offset, length), 0);
	arena_decommit(other, offset, length); /* The memory is not used. */
	arena_trim(other);
	ck_assert_uint_eq(arena_find_uncommitted(other, 4 * MIB, &offset), 2 * MIB);
	arena_check(other);
	arena_free(other);
	/* An arena starts even if the addresses to grow are not available. */
	ck_assert_int_eq(arena_new_growable(&other, MIB, (size_t)1 << 43), 0);
	ck_assert_int_eq(arena_prepare(other, 2 * MIB), arena_max_bytes(other) > MIB ? 0 : -E2BIG);
	arena_free(other);
}
END_TEST

/* --- tests that abort --- */

#ifdef POOL_CANARY
static bool forks(void)
{
	const char *fork = getenv("CK_FORK");

	return fork == NULL || strcmp(fork, "no") != 0;
}

/* Writes past a block through the kernel, like a read that is longer than its block. Sanitizers do not see it. */
START_TEST(a_kernel_write_behind_a_block_is_detected)
{
	uint8_t *block = take(20 * KIB);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(syscall(SYS_read, zero, block, 20 * KIB), 20 * KIB);
	arena_check(arena);
	ck_assert_int_eq(syscall(SYS_read, zero, block + 20 * KIB, 512), 512);
	arena_check(arena); /* Aborts. */
}
END_TEST

START_TEST(freeing_twice_is_detected)
{
	void *block = take(20 * KIB);

	put(block);
	put(block); /* Aborts. */
}
END_TEST

START_TEST(freeing_an_inner_page_is_detected)
{
	uint8_t *block = take(20 * KIB);

	put(block + 16 * KIB); /* Aborts. */
}
END_TEST

static void add_deadly_tests(TCase *tcase)
{
	if (!forks())
		return;
	tcase_add_test_raise_signal(tcase, a_kernel_write_behind_a_block_is_detected, SIGABRT);
	tcase_add_test_raise_signal(tcase, freeing_twice_is_detected, SIGABRT);
	tcase_add_test_raise_signal(tcase, freeing_an_inner_page_is_detected, SIGABRT);
}
#endif

/* --- against a model --- */

#define STEPS 10000
#define NOBODY UINT32_MAX

static struct model {
	uint64_t random;
	/* The first page of the block that each page belongs to, or NOBODY. */
	uint32_t owner[PAGES];
	size_t used_pages;
} model;

static uint32_t random_below(uint32_t limit)
{
	model.random ^= model.random << 13;
	model.random ^= model.random >> 7;
	model.random ^= model.random << 17;
	return (uint32_t)(model.random >> 32) % limit;
}

/* Small lengths are more likely than large ones. */
static size_t random_length(void)
{
	return random_below((uint32_t)(PAGE_BYTES << random_below(9)) + 1);
}

static size_t model_block_bytes(uint32_t first)
{
	uint32_t page = first;

	while (page < PAGES && model.owner[page] == first)
		page++;
	return (page - first) * PAGE_BYTES;
}

static uint32_t model_next_used(uint32_t page, uint32_t end)
{
	while (page < end && model.owner[page] == NOBODY)
		page++;
	return page < end ? model.owner[page] : UINT32_MAX;
}

static bool model_fits(size_t length)
{
	uint32_t pages = (uint32_t)(buddy_bytes(length) / PAGE_BYTES);

	for (uint32_t at = 0; at < PAGES; at += pages)
		if (model_next_used(at, at + pages) == UINT32_MAX)
			return true;
	return false;
}

/* Each word of a block has a value of its own, so that an overlap is detected. */
static void write_pattern(uint64_t *words, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		words[i] = (uintptr_t)&words[i] * UINT64_C(0x9e3779b97f4a7c15);
}

static void check_pattern(const uint64_t *words, size_t bytes)
{
	size_t wrong_words = 0;

	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		wrong_words += words[i] != (uintptr_t)&words[i] * UINT64_C(0x9e3779b97f4a7c15);
	ck_assert_uint_eq(wrong_words, 0);
}

static void model_take(void *block, size_t length)
{
	size_t bytes = arena_block_bytes(length), overlapping_pages = 0;
	uint32_t first = arena_page_of(arena, block), end = first + (uint32_t)(bytes / PAGE_BYTES);

	ck_assert(align_is_aligned((uintptr_t)block, buddy_bytes(bytes)));
	ck_assert_uint_le(end, PAGES);
	for (uint32_t page = first; page < end; page++) {
		overlapping_pages += model.owner[page] != NOBODY;
		model.owner[page] = first;
	}
	ck_assert_uint_eq(overlapping_pages, 0);
	model.used_pages += end - first;
	if (end < PAGES && model.owner[end] == NOBODY)
		check_poison(block, bytes);
	write_pattern(block, bytes);
}

static void step_take(void)
{
	size_t length = random_length();
	bool fits = model_fits(length);
	void *block;

	ck_assert_int_eq(arena_has_room(arena, length), fits);
	block = arena_alloc_block(arena, length);
	ck_assert_int_eq(block != NULL, fits);
	if (block != NULL)
		model_take(block, length);
}

/* Returns the first page after it. */
static uint32_t put_block(uint32_t first)
{
	size_t bytes = model_block_bytes(first);
	uint32_t end = first + (uint32_t)(bytes / PAGE_BYTES);
	void *block = arena_page_address(arena, first);

	ck_assert_uint_eq(arena_used_bytes_at(arena, first), bytes);
	check_pattern(block, bytes);
	for (uint32_t page = first; page < end; page++)
		model.owner[page] = NOBODY;
	model.used_pages -= end - first;
	arena_free_block(arena, block);
	return end;
}

static void step_put(void)
{
	uint32_t first = model_next_used(random_below(PAGES), PAGES);

	if (first != UINT32_MAX)
		put_block(first);
}

/* Frees all blocks in the region of one large block, and no others, as the cache does to make room for it. */
static void step_make_room(void)
{
	size_t length = random_length();
	uint32_t page = random_below(PAGES), first, end, at, expected;

	arena_region(arena, page, length, &first, &end);
	ck_assert(first <= page && page < end && end <= PAGES);
	ck_assert_uint_eq((end - first) * PAGE_BYTES, buddy_bytes(length));
	ck_assert(align_is_aligned(first, end - first));
	for (at = first; at < end; at = put_block(at)) {
		expected = model_next_used(at, end);
		at = arena_next_used(arena, at, end);
		ck_assert_uint_eq(at, expected);
		if (at == UINT32_MAX)
			break;
	}
	ck_assert_uint_eq(arena_next_used(arena, first, end), UINT32_MAX);
	ck_assert(arena_has_room(arena, length));
}

/* One ck_assert per block would be slow, because Check writes each one that passes to its file. */
static void check_walk(void)
{
	uint32_t page = 0, first, wrong_blocks = 0;

	while ((first = arena_next_used(arena, page, PAGES)) != UINT32_MAX && wrong_blocks == 0) {
		size_t bytes = arena_used_bytes_at(arena, first);

		wrong_blocks += first != model_next_used(page, PAGES) || bytes != model_block_bytes(first);
		page = first + (uint32_t)(bytes / PAGE_BYTES);
	}
	ck_assert_uint_eq(wrong_blocks, 0);
	ck_assert_uint_eq(model_next_used(page, PAGES), UINT32_MAX);
}

static void check_model(void)
{
	uint32_t page = random_below(PAGES), end = page + random_below(PAGES - page + 1);

	ck_assert_uint_eq(arena_free_bytes(arena), (PAGES - model.used_pages) * PAGE_BYTES);
	ck_assert_uint_eq(arena_next_used(arena, page, end), model_next_used(page, end));
	check_walk();
	arena_check(arena);
}

START_TEST(random_steps_against_a_model)
{
	static void (*const steps[])(
		void) = { step_take, step_take, step_take, step_take, step_put, step_put, step_put };

	model = (struct model){ .random = 0x2545f4914f6cdd1d + (uint64_t)_i };
	memset(model.owner, 0xff, sizeof(model.owner));
	for (unsigned step = 0; step < STEPS; step++) {
		if (random_below(32) == 0)
			step_make_room();
		else
			steps[random_below(sizeof(steps) / sizeof(*steps))]();
		check_model();
	}
	while (model.used_pages > 0) {
		step_put();
		check_model();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tcase = tcase_create("arena");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, blocks_are_of_whole_pages, 0, sizeof(lengths) / sizeof(*lengths));
	tcase_add_test(tcase, tails_are_used_up);
	tcase_add_test(tcase, fragments_are_blocks_that_are_too_small);
	tcase_add_test(tcase, new_reports_errors);
	tcase_add_test(tcase, regions_are_buddies);
	tcase_add_test(tcase, next_used_finds_blocks_that_begin_earlier);
	tcase_add_test(tcase, grows_and_shrinks);
	tcase_add_test(tcase, grows_as_far_as_it_has_addresses);
	tcase_add_loop_test(tcase, random_steps_against_a_model, 0, 3);
#ifdef POOL_CANARY
	add_deadly_tests(tcase);
#endif
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
