/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of `ranged-ctl top`, and its history, for given answers of /status. */
#include "ctl/view.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/summary.h"

#include "../suite.h"

static struct ctl_history history;

/* Returns an answer of /status: `round` seconds after the start, with this number of fast and slow reads. */
static json_t *sample(unsigned pid, unsigned round, unsigned fast, unsigned slow)
{
	char text[4096];
	json_t *json;

	snprintf(
		text, sizeof(text),
		"{\"version\": \"0.1.0\", \"state\": \"serving\", \"ready\": true, \"pid\": %u, \"started\": \"x\", "
		"\"uptime_ms\": %u,"
		"\"now_ms\": %u, \"connections\": {\"now\": 3, \"max\": 9, \"idle\": 1}, \"requests\": {\"total\": %u},"
		"\"bytes\": {\"cache\": %u, \"coalesced\": 0, \"disk\": %u, \"other\": 1}, \"cache_lookups\": "
		"{\"hit\": %u, \"coalesced\": 0, \"miss\": %u},"
		"\"rejected\": {\"access\": %u}, \"latency\": {\"disk\": {\"buckets\": [[128, %u], [65536, %u]]}, "
		"\"first_byte\": {\"buckets\": [[256, %u]]}},"
		"\"cache\": {\"bytes\": 1073741824, \"free_bytes\": 536870912, \"pinned_bytes\": 0},"
		"\"devices\": [{\"device\": \"8:0\", \"mode\": \"async\", \"depth\": 32, \"in_flight\": 5, "
		"\"queued\": 2, \"reads\": %u, \"read_bytes\": %u,"
		"\"latency\": {\"buckets\": [[128, %u], [65536, %u]]}, \"wait\": {\"buckets\": []},"
		"\"state\": \"%s\", \"stalled_ms\": 65000, \"jobs\": 17, \"stalls\": 1, \"lookups\": {\"inline\": %u, "
		"\"eagain\": 0, \"offload\": 0, \"rejected\": 4321, \"stale\": 765, "
		"\"latency\": {\"buckets\": [[512, %u]]}}}],"
		"\"workers\": [{\"index\": 0, \"last_iteration_ms_ago\": %u, \"stalls\": {\"http\": %u}, "
		"\"longest_us\": {\"http\": 12000}}],"
		"\"top\": {\"files\": [{\"path\": \"/a\", \"site\": \"\", \"bytes\": %u, \"requests\": 7}], "
		"\"clients\": [{\"address\": \"192.0.2.1\", \"bytes\": %u, \"connections\": 2}]}}",
		pid, 1000 * round, 1000 * round + 5, 100 * round, round << 20, round << 19, 3 * round, round,
		round > 5 ? 1 : 0, fast, slow, fast, fast + slow, round << 19, fast, slow,
		round > 8 ? "stalled" : "responds", 250 * round, round, round > 8 ? 11000 : 1, round > 6, round << 18,
		round << 18);
	json = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

static void fill(unsigned rounds)
{
	memset(&history, 0, sizeof(history));
	setlocale(LC_CTYPE, "C.UTF-8");
	for (unsigned round = 1; round <= rounds; round++)
		ctl_history_add(&history, sample(1, round, 1000 * round, round));
}

static char *draw_view(const struct ctl_view *view, unsigned width, unsigned height, bool unicode)
{
	struct ctl_canvas canvas;
	size_t bytes;
	char *text;

	ck_assert_int_eq(ctl_canvas_init(&canvas, width, height, unicode), 0);
	ctl_view_draw(&canvas, view);
	text = ctl_canvas_render(&canvas, CTL_NO_CODES, false, &bytes);
	ctl_canvas_fini(&canvas);
	ck_assert_ptr_nonnull(text);
	return text;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in:\n%s", part, text);
}

START_TEST(frame)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000 };
	char *text;

	fill(4);
	text = draw_view(&view, 70, 20, true);
	has(text, " ranged 0.1.0  serving  up 4 s");
	has(text, " sent          1.5 MiB/s ");
	has(text, "  cache        1.0 MiB/s ");
	has(text, "  coalesced        0 B/s\n");
	has(text, "▅▅▅\n");
	has(text, " requests   100/s  hits 75.0 %  of bytes 66.7 %\n");
	has(text, " 1st byte   p50 256 µs  p99 256 µs  cache 512.0 MiB of 1.0 GiB");
	has(text, " clients    3 of 9  idle 1  head 0  work 0  send 0  new 0/s\n");
	has(text, " longest 12 ms in http\n");
	has(text, "p50 128 µs  p99 128 µs\n");
	has(text, "8:0");
	has(text, "5 of 32");
	has(text, "256.0 KiB/s");
	free(text);
	ctl_history_fini(&history);
}
END_TEST

START_TEST(lookups_are_shown)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000 };
	char *text;

	fill(4);
	text = draw_view(&view, 100, 30, true);
	has(text, "ok ");
	has(text, " lookups");
	has(text, " 250 ");
	has(text, "512 µs");
	has(text, "17");
	has(text, "4.32k");
	has(text, "765");
	free(text);
	text = draw_view(&view, 100, 29, true);
	has_not(text, "lookups");
	free(text);
	ctl_history_fini(&history);
}
END_TEST

/* At any size, no line is longer than the window, and there are not more lines than rows. */
START_TEST(frame_fits_every_size)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000 };

	fill(12);
	for (unsigned width = 0; width <= 130; width += width < 12 ? 1 : 7)
		for (unsigned height = 0; height <= 60; height += height < 12 ? 1 : 7) {
			char *text = draw_view(&view, width, height, false), *line = text;
			unsigned lines = 0;

			for (; *line != '\0'; line += strcspn(line, "\n") + 1, lines++)
				ck_assert_uint_le(strcspn(line, "\n"), width);
			ck_assert_uint_le(lines, height);
			free(text);
		}
	ctl_history_fini(&history);
}
END_TEST

START_TEST(failed_request_is_shown)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000, .trouble = "it has gone", .trouble_s = 65 };
	char *text;

	fill(4);
	text = draw_view(&view, 80, 24, true);
	has(text, " no answer for 1 min 5 s, trying again");
	has(text, "\n it has gone\n");
	has(text, "8:0");
	free(text);
	ctl_history_fini(&history);
	memset(&history, 0, sizeof(history));
	text = draw_view(&view, 80, 24, true);
	has(text, "it has gone");
	free(text);
}
END_TEST

START_TEST(problems_are_shown)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000 };
	char *text;

	fill(9);
	text = draw_view(&view, 100, 24, true);
	has(text, "worker 0 has been stuck for 11 s");
	has(text, "rejected 1");
	has(text, "http 1");
	has(text, " stalled 65 s ");
	free(text);
	ctl_history_fini(&history);
}
END_TEST

START_TEST(single_frame_shows_totals)
{
	struct ctl_view view = { .history = &history, .interval_ms = 1000, .still = true };
	char *text;

	fill(2);
	text = draw_view(&view, 80, 40, true);
	has_not(text, "q quits");
	has(text, "reads since the start");
	has(text, "128 µs ██████");
	has(text, " 2.00k\n");
	has(text, "66 ms ▏");
	free(text);
	ctl_history_fini(&history);
}
END_TEST

START_TEST(restart_removes_older_samples)
{
	fill(4);
	ck_assert_uint_eq(history.tick_count, 3);
	ck_assert(ctl_history_tick(&history, 0)->known);
	ctl_history_add(&history, sample(2, 9, 5, 5));
	ck_assert_uint_eq(history.tick_count, 4);
	ck_assert(!ctl_history_tick(&history, 0)->known);
	ck_assert(ctl_history_tick(&history, 1)->known);
	ck_assert_ptr_null(ctl_history_before(&history));
	ck_assert_ptr_null(ctl_history_oldest(&history));
	ctl_history_add(&history, sample(2, 10, 7, 5));
	ck_assert_double_eq_tol(ctl_history_tick(&history, 0)->bytes_per_s[CTL_CACHE], 1 << 20, 1);
	ck_assert_uint_eq(ctl_latency_count(&ctl_history_tick(&history, 0)->disk), 2);
	ctl_history_fini(&history);
}
END_TEST

/* A missing answer leaves a gap; the next answer covers the whole time since the last one. */
START_TEST(missing_answer_leaves_a_gap)
{
	fill(2);
	ctl_history_add(&history, NULL);
	ck_assert(!ctl_history_tick(&history, 0)->known);
	ctl_history_add(&history, sample(1, 4, 4000, 4));
	ck_assert_double_eq_tol(ctl_history_tick(&history, 0)->bytes_per_s[CTL_CACHE], 1 << 20, 1);
	ck_assert_ptr_null(ctl_history_tick(&history, 3));
	ctl_history_fini(&history);
}
END_TEST

START_TEST(oldest_sample_is_ten_intervals_old)
{
	fill(CTL_HISTORY_TICKS + 20);
	ck_assert_uint_eq(history.tick_count, CTL_HISTORY_TICKS);
	ck_assert_double_eq_tol(ctl_history_seconds(history.samples[0], ctl_history_oldest(&history)), 10, 0.001);
	ck_assert_double_eq_tol(ctl_history_seconds(history.samples[0], ctl_history_before(&history)), 1, 0.001);
	ck_assert(ctl_history_tick(&history, CTL_HISTORY_TICKS - 1)->known);
	ck_assert_ptr_null(ctl_history_tick(&history, CTL_HISTORY_TICKS));
	ctl_history_fini(&history);
}
END_TEST

START_TEST(summary)
{
	json_t *json = sample(1, 9, 9000, 9);
	struct ctl_canvas canvas;
	size_t bytes;
	char *text;

	setlocale(LC_CTYPE, "C.UTF-8");
	ck_assert_int_eq(ctl_canvas_init(&canvas, CTL_SUMMARY_WIDTH, CTL_SUMMARY_ROWS, true), 0);
	ctl_summary_draw(&canvas, 60, json);
	text = ctl_canvas_render(&canvas, CTL_NO_CODES, false, &bytes);
	ctl_canvas_fini(&canvas);
	has(text, "ranged 0.1.0  serving, ready, for 9 s\n");
	has(text, "\nconfig        the command line\n");
	has(text, "\nrejected      access 1\n");
	has(text, "\nhits          75.0 %, 66.7 % of the bytes\n");
	has(text, "worker 0: 1 stall in http, up to 12 ms");
	has(text, "\ndisk 8:0      does not respond for 1 min 5 s, async");
	has(text, "lookups p50 512 µs p99 512 µs");
	has(text, "1 stall\n");
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 60 + 4); /* "µ" has two bytes */
	free(text);
	json_decref(json);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ctl_view");
	TCase *t = tcase_create("ctl_view");
	tcase_add_test(t, frame);
	tcase_add_test(t, lookups_are_shown);
	tcase_add_test(t, frame_fits_every_size);
	tcase_add_test(t, failed_request_is_shown);
	tcase_add_test(t, problems_are_shown);
	tcase_add_test(t, single_frame_shows_totals);
	tcase_add_test(t, restart_removes_older_samples);
	tcase_add_test(t, missing_answer_leaves_a_gap);
	tcase_add_test(t, oldest_sample_is_ten_intervals_old);
	tcase_add_test(t, summary);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
