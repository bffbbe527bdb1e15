/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The logs: format of the lines, rotation, full queues, failing writes, opening and closing. Check forks a process for
 * each test, so each test has logs of its own.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUITE_FORKS
#include "../suite.h"
#include "base/log.h"

static char dir[64];

static void make_dir(void)
{
	strcpy(dir, "test_log.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
	remove_directory(dir);
}

/* Returns a path in the directory of the test. The four most recent results are valid. */
static const char *in_dir(const char *name)
{
	static char paths[4][96];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	char *text = calloc(1, 4 << 20);
	size_t length = fread(text, 1, (4 << 20) - 1, f);

	text[length] = '\0';
	fclose(f);
	return text;
}

static size_t slurped_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void assert_text(const char *path, const char *expected)
{
	char *text = slurp(path);

	ck_assert_str_eq(text, expected);
	free(text);
}

static void assert_match(const char *path, const char *pattern)
{
	char *text = slurp(path);
	regex_t regex;

	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s: \"%s\" does not match %s", path, text, pattern);
	regfree(&regex);
	free(text);
}

static unsigned access_number;

static void use_errors(enum log_level level, const char *path)
{
	unsigned log;

	ck_assert_int_eq(log_open_errors(path, &log), 0);
	log_use(log, level);
}

static unsigned open_requests(const char *path)
{
	unsigned log = 0;

	ck_assert_int_eq(log_open(path, &log), 0);
	ck_assert_uint_ne(log, 0);
	return log;
}

static void start(enum log_level level, const char *error_path, const char *access_path)
{
	use_errors(level, error_path);
	access_number = access_path != NULL ? open_requests(access_path) : 0;
}

/* A record of these tests is a string, which is written as the line. */
static size_t text_line(const struct log_form *form, const void *record, char *line)
{
	size_t length = strlen(record);

	(void)form;
	memcpy(line, record, length);
	return length;
}

static const struct log_form text_form = { .line = text_line };

static void log_text(unsigned log, const char *text)
{
	log_request(log, &text_form, text, strlen(text) + 1);
}

static void say(const char *text)
{
	log_text(access_number, text);
}

/* Redirects stderr to a file in the directory of the test. */
static void catch_stderr(struct stat *st)
{
	int fd = open(in_dir("stderr"), O_WRONLY | O_CREAT | O_APPEND, 0600);

	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	ck_assert_int_eq(fstat(STDERR_FILENO, st), 0);
}

#define STAMP "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2} "

START_TEST(writes_to_stderr_before_start_and_after_stop)
{
	struct stat st;

	catch_stderr(&st);
	log_info("one %d", 1);
	log_debug("not shown");
	start(LOG_LEVEL_WARNING, in_dir("error"), NULL);
	log_warning("two");
	log_stop();
	log_error("three");
	log_stop();
	assert_match(in_dir("stderr"), "^" STAMP "info: one 1\n" STAMP "error: three\n$");
	assert_match(in_dir("error"), "^" STAMP "warning: two\n$");
}
END_TEST

START_TEST(writes_files)
{
	struct stat st;

	umask(0);
	start(LOG_LEVEL_DEBUG, in_dir("error"), in_dir("access"));
	log_error("disk %s", "sda");
	log_debug("fine");
	say("a b\tc \xff");
	say("");
	log_stop();
	assert_match(in_dir("error"), "^" STAMP "error: disk sda\n" STAMP "debug: fine\n$");
	assert_text(in_dir("access"), "a b\tc \xff\n\n");
	ck_assert_int_eq(stat(in_dir("error"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access")); /* a second start appends to the files */
	say("d");
	log_stop();
	assert_text(in_dir("access"), "a b\tc \xff\n\nd\n");
	ck_assert_uint_eq(log_dropped(), 0);
}
END_TEST

START_TEST(error_and_request_logs_share_a_file)
{
	start(LOG_LEVEL_INFO, in_dir("both"), in_dir("both"));
	log_info("first");
	usleep(50000);
	say("second");
	usleep(50000);
	log_info("third");
	log_stop();
	assert_match(in_dir("both"), "^" STAMP "info: first\nsecond\n" STAMP "info: third\n$");
}
END_TEST

START_TEST(writes_priorities_for_the_journal)
{
	char stream[64];
	struct stat st;

	catch_stderr(&st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_error("early");
	start(LOG_LEVEL_DEBUG, NULL, "-");
	log_warning("a\nb");
	log_debug("c");
	log_stop();
	start(LOG_LEVEL_INFO, in_dir("error"), "-");
	say("line");
	log_info("to a file");
	log_stop();
	assert_text(in_dir("stderr"), "<3>early\n<4>a\\x0ab\n<7>c\nline\n");
	assert_match(in_dir("error"), "^" STAMP "info: to a file\n$");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_error("late");
	assert_match(in_dir("stderr"), "line\n" STAMP "error: late\n$");
}
END_TEST

START_TEST(one_call_writes_one_line)
{
	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	log_info("%s", "x\r\n2026 error: forged \x1b[31m\x7f \xc3\xa9");
	log_stop();
	assert_match(in_dir("error"), "info: x\\\\x0d\\\\x0a2026 error: forged \\\\x1b\\[31m\\\\x7f \xc3\xa9\n$");
}
END_TEST

/* Wherever a line is truncated, it contains no partial UTF-8 character and no partial escape. */
START_TEST(truncates_long_lines)
{
	static const char *const fillers[] = { "a", "é", "€", "𝄞", "\n" };
	char text[6000] = "";

	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	for (int i = 0; i < _i % 4; i++)
		strcat(text, "-");
	while (strlen(text) < 5000)
		strcat(text, fillers[_i / 4]);
	log_info("%s", text);
	log_info("after");
	log_stop();

	char *all = slurp(in_dir("error"));
	char *end = strchr(all, '\n');
	ck_assert_uint_le((size_t)(end + 1 - all), 2048);
	ck_assert_uint_ge((size_t)(end + 1 - all), 2048 - 5);
	ck_assert_int_eq(memcmp(end - 3, "…", 3), 0);
	end[-3] = '\0';
	const char *last = _i / 4 == 4 ? "\\x0a" : fillers[_i / 4];
	ck_assert_str_eq(end - 3 - strlen(last), last);
	ck_assert_ptr_nonnull(strstr(end + 1, "info: after\n"));
	free(all);
}
END_TEST

/* A log that cannot be opened changes nothing. */
START_TEST(reports_why_a_log_cannot_be_opened)
{
	unsigned log = 99;

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	ck_assert_int_eq(log_open_errors("/nonexistent/error", &log), -ENOENT);
	ck_assert_int_eq(log_open(dir, &log), -EISDIR);
	ck_assert_uint_eq(log, 99);
	log_info("still here");
	log_stop();
	assert_match(in_dir("error"), "^" STAMP "info: still here\n$");
}
END_TEST

START_TEST(reopens_by_name)
{
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	for (int i = 0; i < 1000; i++)
		say("before");
	ck_assert_int_eq(rename(in_dir("access"), in_dir("access.1")), 0);
	log_reopen();
	for (int i = 0; i < 1000; i++)
		say("after");
	log_stop();

	char *before = slurp(in_dir("access.1")), *after = slurp(in_dir("access"));
	ck_assert_uint_eq(strlen(before), 7000);
	ck_assert_ptr_null(strstr(before, "after"));
	ck_assert_uint_eq(strlen(after), 6000);
	ck_assert_ptr_null(strstr(after, "before"));
	free(before);
	free(after);
	log_reopen(); /* no effect without logs */
}
END_TEST

/* An idle log is reopened, too: the file must exist soon after the request. */
START_TEST(reopens_when_idle)
{
	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	ck_assert_int_eq(rename(in_dir("error"), in_dir("error.1")), 0);
	log_reopen();
	for (int i = 0; access(in_dir("error"), F_OK) < 0; i++) {
		ck_assert_int_lt(i, 1000);
		usleep(5000);
	}
	log_stop();
}
END_TEST

START_TEST(keeps_the_old_file_when_it_cannot_reopen)
{
	mkdir(in_dir("sub"), 0700);
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("sub/access"));
	ck_assert_int_eq(rename(in_dir("sub"), in_dir("gone")), 0);
	log_reopen();
	say("still here");
	log_stop();
	assert_text(in_dir("gone/access"), "still here\n");
	assert_match(in_dir("error"),
		     "^" STAMP "error: cannot reopen the log .*/sub/access: No such file or directory\n$");
}
END_TEST

/* The access log is a pipe without a reader. Its queue fills, no thread blocks, and the error log still works. */
START_TEST(drops_lines_when_the_queue_is_full)
{
	static char line[1000];
	char sink[65536];

	memset(line, 'x', sizeof(line) - 1);
	ck_assert_int_eq(mkfifo(in_dir("pipe"), 0600), 0);
	int reader = open(in_dir("pipe"), O_RDONLY | O_NONBLOCK);
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("pipe"));
	for (int i = 0; i < 3000; i++)
		say(line);
	uint64_t dropped = log_dropped();
	ck_assert_uint_gt(dropped, 3000 - 1200);
	ck_assert_uint_lt(dropped, 3000);
	log_error("heard");
	ck_assert_uint_eq(log_dropped(), dropped);
	if (fork() == 0) {
		while (read(reader, sink, sizeof(sink)) !=
		       0) /* EAGAIN until there is more data, 0 when the writer has closed the pipe */
			usleep(1000);
		_exit(0);
	}
	log_stop();

	char pattern[128];
	snprintf(pattern, sizeof(pattern), "warning: %llu lines of the log .*/pipe were lost: the queue was full\n",
		 (unsigned long long)dropped);
	assert_match(in_dir("error"), pattern);
	assert_match(in_dir("error"), "error: heard\n");
}
END_TEST

START_TEST(survives_a_full_disk)
{
	start(LOG_LEVEL_INFO, in_dir("error"), "/dev/full");
	for (int i = 0; i < 5; i++)
		say("lost");
	log_info("kept");
	log_stop();
	ck_assert_uint_eq(log_dropped(), 5);
	assert_match(in_dir("error"), "info: kept\n");
	assert_match(in_dir("error"),
		     "warning: [0-9]+ lines? of the log /dev/full (was|were) lost: No space left on device\n");

	start(LOG_LEVEL_INFO, "/dev/full", NULL); /* the report itself cannot be written either */
	log_info("lost");
	log_stop();
	ck_assert_uint_ge(log_dropped(), 1);
}
END_TEST

/* A write that fails in the middle of a line leaves a partial line. The next line must not be appended to it. */
START_TEST(starts_a_new_line_after_a_partial_one)
{
	struct rlimit limit = { .rlim_cur = 15, .rlim_max = RLIM_INFINITY };

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	setrlimit(RLIMIT_FSIZE,
		  &limit); /* Check writes a file at each assertion: no assertions while the limit is set */
	say("0123456789");
	say("abcdefghij");
	while (log_dropped() == 0)
		usleep(1000);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	say("whole");
	log_stop();
	assert_text(in_dir("access"), "0123456789\nabcd\nwhole\n");
}
END_TEST

/*
 * The error log cannot write a line, nor its report. It reports the line when there is room again, without a further
 * line.
 */
START_TEST(an_error_log_reports_its_own_lost_lines)
{
	struct rlimit limit = { .rlim_cur = 10, .rlim_max = RLIM_INFINITY };

	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	setrlimit(RLIMIT_FSIZE, &limit);
	log_info("lost");
	while (log_dropped() == 0)
		usleep(1000);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	while (slurped_bytes(in_dir("error")) < 40) /* a partial line, and the report */
		usleep(1000);
	log_stop();
	ck_assert_uint_eq(log_dropped(), 1);
	assert_match(in_dir("error"), "warning: 1 line of the log .*/error was lost: File too large\n$");
}
END_TEST

/* Queues more than the queue and the pipe can store. */
static void stuff(unsigned log)
{
	static char line[1000];

	memset(line, 'x', sizeof(line) - 1);
	for (int i = 0; i < 3000; i++)
		log_text(log, line);
}

static struct log_stats stats_of(const char *name_end)
{
	struct log_stats stats;

	for (unsigned at = 0; log_stats(&at, &stats);) {
		size_t length = strlen(stats.name), wanted = strlen(name_end);
		if (length >= wanted && strcmp(stats.name + length - wanted, name_end) == 0)
			return stats;
	}
	return (struct log_stats){ .name = "" };
}

/* A pipe without a reader delays neither the other logs nor log_stop(). */
START_TEST(stop_does_not_wait_for_a_stuck_log)
{
	unsigned pipe, fine;

	ck_assert_int_eq(mkfifo(in_dir("pipe"), 0600), 0);
	use_errors(LOG_LEVEL_INFO, in_dir("error"));
	pipe = open_requests(in_dir("pipe"));
	fine = open_requests(in_dir("fine"));
	stuff(pipe);
	log_text(fine, "here");
	for (int i = 0; i < 1000 && slurped_bytes(in_dir("fine")) == 0; i++)
		usleep(5000);
	assert_text(in_dir("fine"), "here\n");

	struct log_stats stats = stats_of("/pipe");
	ck_assert(stats.dropped > 1000 && stats.dropped + stats.lines == 3000 && !stats.errors);
	stats = stats_of("/fine");
	ck_assert(stats.dropped == 0 && stats.lines == 1);
	ck_assert(stats_of("/error").errors);
	ck_assert(!log_stop());
	assert_match(in_dir("error"), "warning: the log .*/pipe does not accept data; its queued lines are lost\n$");
	ck_assert_str_ne(stats_of("/pipe").name, "");
	ck_assert_str_eq(stats_of("/fine").name, "");
}
END_TEST

/* Records of two forms in one log are written in the order in which they were queued. */
static size_t loud_line(const struct log_form *form, const void *record, char *line)
{
	return text_line(form, record, line) + (size_t)sprintf(line + strlen(record), "!");
}

START_TEST(each_record_has_its_form)
{
	static const struct log_form loud_form = { .line = loud_line };

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	for (int i = 0; i < 3; i++) {
		log_request(access_number, i == 1 ? &loud_form : &text_form,
			    i == 0   ? "a"
			    : i == 1 ? "bc"
				     : "d",
			    2 + (i == 1));
	}
	ck_assert(log_stop());
	assert_text(in_dir("access"), "a\nbc!\nd\n");
}
END_TEST

#define THREADS 4
#define LINES 3000

static void *chatter(void *context)
{
	int id = *(int *)context;
	char line[32];

	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%d %d", id, i);
		say(line);
		log_info("thread %d line %d", id, i);
		if (i % 500 == 0)
			log_reopen();
	}
	return NULL;
}

/* Every lost line is counted, every written line is whole, and the lines of each thread are in order. */
START_TEST(many_threads)
{
	int ids[THREADS], next[THREADS] = { 0 }, id, number, length;
	pthread_t threads[THREADS];
	uint64_t lines = 0;

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	for (int i = 0; i < THREADS; i++) {
		ids[i] = i;
		pthread_create(&threads[i], NULL, chatter, &ids[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_stop();

	char *access_log = slurp(in_dir("access")), *error_log = slurp(in_dir("error"));
	for (char *p = access_log; *p; p += length, lines++) {
		ck_assert_int_eq(sscanf(p, "%d %d%n", &id, &number, &length), 2);
		ck_assert_int_eq(p[length++], '\n');
		ck_assert(id >= 0 && id < THREADS && number >= next[id]);
		next[id] = number + 1;
	}
	for (char *p = error_log; (p = strstr(p, "info: thread")) != NULL; p++)
		lines++;
	ck_assert_uint_eq(lines + log_dropped(), (uint64_t)2 * THREADS * LINES);
	free(access_log);
	free(error_log);
}
END_TEST

START_TEST(limits_the_rate_of_repeated_messages)
{
	struct log_gate gate = { 0 };
	uint64_t suppressed = 99;

	ck_assert(log_gate_pass(&gate, &suppressed));
	ck_assert_uint_eq(suppressed, 0);
	ck_assert(!log_gate_pass(&gate, &suppressed));
	ck_assert(!log_gate_pass(&gate, &suppressed));
	gate.open_at_ns = 1; /* a second later */
	ck_assert(log_gate_pass(&gate, &suppressed));
	ck_assert_uint_eq(suppressed, 2);

	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	for (int i = 0; i < 10; i++)
		log_fault(LOG_LEVEL_ERROR, "disk %d", i);
	for (int i = 0; i < 10; i++)
		log_fault(LOG_LEVEL_ERROR, "plain");
	log_stop();
	assert_match(in_dir("error"), "^" STAMP "error: disk 0\n" STAMP "error: plain\n$");
}
END_TEST

/* --- opening and closing --- */

static void await_closed(const char *name_end)
{
	for (int i = 0; *stats_of(name_end).name != '\0'; i++) {
		ck_assert_int_lt(i, 2000);
		usleep(5000);
	}
}

START_TEST(logs_with_the_same_target_are_shared)
{
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	unsigned again = open_requests(in_dir("access")), other = open_requests(in_dir("other"));
	ck_assert_uint_eq(again, access_number);
	ck_assert_uint_ne(other, access_number);
	ck_assert_uint_ne(open_requests(in_dir("error")), 0); /* another log than the error log of the same path */
	say("one");
	log_close(access_number);
	log_text(again, "two");
	log_close(again);
	log_text(other, "three");
	await_closed("/access");
	assert_text(in_dir("access"), "one\ntwo\n");
	ck_assert_uint_eq(stats_of("/other").lines, 1);
	log_stop();
	assert_text(in_dir("other"), "three\n");
}
END_TEST

/* The entry of a closed log is free again, and all its lines are written. */
START_TEST(reuses_the_entries_of_closed_logs)
{
	char line[16];
	size_t bytes = 0;

	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	for (unsigned i = 0; i < 300; i++) {
		unsigned log;
		int error;

		while ((error = log_open(in_dir("access"), &log)) ==
		       -EBUSY) /* the writers of closed logs have not ended yet */
			usleep(1000);
		ck_assert_int_eq(error, 0);
		bytes += (size_t)snprintf(line, sizeof(line), "%u", i) + 1;
		log_text(log, line);
		log_close(log);
	}
	ck_assert(log_stop());
	ck_assert_uint_eq(slurped_bytes(in_dir("access")), bytes);
}
END_TEST

START_TEST(limits_the_number_of_logs)
{
	unsigned list[LOG_OPEN_MAX], log;
	char name[16];

	start(LOG_LEVEL_INFO, in_dir("error"), NULL);
	for (unsigned i = 0; i < LOG_OPEN_MAX - 1; i++) {
		snprintf(name, sizeof(name), "%u", i);
		list[i] = open_requests(in_dir(name));
	}
	ck_assert_int_eq(log_open(in_dir("more"), &log), -EBUSY);
	ck_assert_int_eq(log_open(in_dir("0"), &log), 0);
	log_close(list[7]);
	await_closed("/7");
	ck_assert_int_eq(log_open(in_dir("more"), &log), 0);
	ck_assert(log_stop());
}
END_TEST

START_TEST(changes_the_error_log)
{
	unsigned log;

	start(LOG_LEVEL_INFO, in_dir("first"), NULL);
	log_info("one");
	ck_assert_int_eq(log_open_errors(in_dir("second"), &log), 0);
	log_info("two");
	log_use(log, LOG_LEVEL_DEBUG);
	log_debug("three");
	await_closed("/first");
	ck_assert_int_eq(log_open_errors(in_dir("second"), &log), 0);
	log_use(log, LOG_LEVEL_WARNING);
	log_info("not shown");
	log_warning("four");
	ck_assert_int_eq(log_open_errors(in_dir("third"), &log), 0);
	log_close(log); /* never passed to log_use() */
	await_closed("/third");
	log_stop();
	assert_match(in_dir("first"), "^" STAMP "info: one\n" STAMP "info: two\n$");
	assert_match(in_dir("second"), "^" STAMP "debug: three\n" STAMP "warning: four\n$");
	assert_text(in_dir("third"), "");
}
END_TEST

/* A form that records when it is freed, and that must not be used afterwards. */
struct counted_form {
	struct log_form form;
	atomic_bool freed;
	atomic_uint lines;
};

static size_t counted_line(const struct log_form *form, const void *record, char *line)
{
	struct counted_form *counted = (struct counted_form *)(uintptr_t)form;

	if (atomic_load(&counted->freed))
		abort();
	atomic_fetch_add(&counted->lines, 1);
	return text_line(form, record, line);
}

static void counted_free(struct log_form *form)
{
	atomic_store(&((struct counted_form *)form)->freed, true);
}

#define COUNTED_FORM                                                  \
	{                                                             \
		.form = {.line = counted_line, .free = counted_free } \
	}

static void await_freed(struct counted_form *counted)
{
	for (int i = 0; !atomic_load(&counted->freed); i++) {
		ck_assert_int_lt(i, 2000);
		usleep(5000);
	}
}

START_TEST(frees_a_form_after_its_last_line)
{
	struct counted_form first = COUNTED_FORM, second = COUNTED_FORM;

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	for (int i = 0; i < 500; i++)
		log_request(access_number, i % 2 == 0 ? &first.form : &second.form, "x", 2);
	log_retire(access_number, &first.form);
	log_request(access_number, &second.form, "x", 2);
	await_freed(&first);
	ck_assert_uint_eq(first.lines, 250);
	ck_assert(!atomic_load(&second.freed));
	log_retire(access_number, &second.form);
	log_close(access_number);
	log_stop();
	ck_assert(atomic_load(&second.freed));
	ck_assert_uint_eq(second.lines, 251);
}
END_TEST

START_TEST(frees_a_form_at_once_without_a_writer)
{
	struct counted_form counted = COUNTED_FORM;

	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("access"));
	ck_assert(log_stop());
	log_retire(access_number, &counted.form);
	ck_assert(atomic_load(&counted.freed));
}
END_TEST

/* Closing a log does not wait for a pipe without a reader. A later reader receives all queued lines. */
START_TEST(a_stuck_log_is_closed_without_waiting)
{
	static struct counted_form counted = COUNTED_FORM;
	char bytes[65536];
	ssize_t length;
	size_t total = 0;

	ck_assert_int_eq(mkfifo(in_dir("pipe"), 0600), 0);
	int reader = open(in_dir("pipe"), O_RDONLY | O_NONBLOCK);
	start(LOG_LEVEL_INFO, in_dir("error"), in_dir("pipe"));
	stuff(access_number);
	uint64_t queued = stats_of("/pipe").lines;
	log_request(access_number, &counted.form, "full, so this is lost", 22);
	log_retire(access_number, &counted.form);
	log_close(access_number);
	ck_assert_str_ne(stats_of("/pipe").name, ""); /* the call returned before the writer could end */
	usleep(50000);
	ck_assert(!atomic_load(&counted.freed));
	unsigned fresh = open_requests(in_dir("access"));
	log_text(fresh, "goes on");
	log_close(fresh);
	await_closed("/access");
	assert_text(in_dir("access"), "goes on\n");

	while ((length = read(reader, bytes, sizeof(bytes))) != 0) { /* 0: the writer has closed the pipe */
		if (length > 0)
			total += (size_t)length;
		else
			usleep(1000);
	}
	await_closed("/pipe");
	ck_assert(atomic_load(&counted.freed));
	ck_assert_uint_ge(queued, 500);
	/* The writer may have made room for the last line, if the kernel took more of a write meanwhile. */
	ck_assert(total == queued * 1000 || total == queued * 1000 + 22);
	ck_assert(log_stop());
}
END_TEST

#define CONFIGURATIONS 60
#define STORM_THREADS 4

/* As in the daemon, a request references its configuration, and the last reference returns it to the main thread. */
struct generation {
	pthread_rwlock_t in_use;
	unsigned log;
	struct counted_form counted;
};

static struct generation generations[CONFIGURATIONS];
static atomic_uint newest;
static atomic_bool storm_ends;
static atomic_uint storm_lines;

static unsigned lines_written(void)
{
	unsigned lines = 0, last = atomic_load(&newest);

	for (unsigned i = 0; i <= last; i++)
		lines += atomic_load(&generations[i].counted.lines);
	return lines;
}

static void *storm(void *context)
{
	(void)context;
	while (!atomic_load(&storm_ends)) {
		struct generation *generation = &generations[atomic_load(&newest)];

		if (pthread_rwlock_tryrdlock(&generation->in_use) != 0)
			continue;
		log_request(generation->log, &generation->counted.form, "line", 5);
		log_info("info");
		pthread_rwlock_unlock(&generation->in_use);
		atomic_fetch_add(&storm_lines, 1);
		/* On a slow machine the writer may fall behind, but no line may be lost. */
		while (!atomic_load(&storm_ends) && atomic_load(&storm_lines) - lines_written() > 200)
			usleep(500);
	}
	return NULL;
}

static void open_generation(unsigned i)
{
	struct generation *generation = &generations[i];
	char name[16];
	unsigned errors;

	generation->counted = (struct counted_form)COUNTED_FORM;
	pthread_rwlock_init(&generation->in_use, NULL);
	snprintf(name, sizeof(name), "access.%u", i / 2 % 3); /* each pair of neighbours shares a name */
	generation->log = open_requests(in_dir(name));
	snprintf(name, sizeof(name), "error.%u", i / 3 % 2);
	ck_assert_int_eq(log_open_errors(in_dir(name), &errors), 0);
	log_use(errors, LOG_LEVEL_INFO);
	atomic_store(&newest, i);
}

static void close_generation(unsigned i)
{
	struct generation *generation = &generations[i];

	pthread_rwlock_wrlock(&generation->in_use);
	log_retire(generation->log, &generation->counted.form);
	log_close(generation->log);
}

static unsigned count_lines(const char *name, const char *end)
{
	unsigned lines = 0;
	char *text = slurp(in_dir(name));

	for (char *p = text, *newline; (newline = strchr(p, '\n')) != NULL; p = newline + 1, lines++)
		ck_assert(newline - p >= (ptrdiff_t)strlen(end) &&
			  memcmp(newline - strlen(end), end, strlen(end)) == 0);
	free(text);
	return lines;
}

/*
 * While logs are opened and closed, each line is written to one of the files, and each form is freed after its last
 * line.
 */
START_TEST(loses_no_line_while_logs_open_and_close)
{
	pthread_t threads[STORM_THREADS];
	unsigned lines;

	catch_stderr(&(struct stat){ 0 });
	open_generation(0);
	for (int i = 0; i < STORM_THREADS; i++)
		pthread_create(&threads[i], NULL, storm, NULL);
	for (unsigned i = 1; i < CONFIGURATIONS; i++) {
		usleep(i % 4 == 0 ? 20000 : 1000);
		open_generation(i);
		close_generation(i - 1);
		if (i % 10 == 0)
			log_reopen();
	}
	atomic_store(&storm_ends, true);
	for (int i = 0; i < STORM_THREADS; i++)
		pthread_join(threads[i], NULL);
	close_generation(CONFIGURATIONS - 1);
	ck_assert(log_stop());
	for (unsigned i = 0; i < CONFIGURATIONS; i++)
		ck_assert(atomic_load(&generations[i].counted.freed));
	lines = lines_written();
	ck_assert_uint_gt(lines, CONFIGURATIONS);
	ck_assert_uint_eq(log_dropped(), 0);
	ck_assert_uint_eq(lines, atomic_load(&storm_lines));
	ck_assert_uint_eq(count_lines("access.0", "line") + count_lines("access.1", "line") +
				  count_lines("access.2", "line"),
			  lines);
	ck_assert_uint_eq(count_lines("error.0", "info: info") + count_lines("error.1", "info: info"), lines);
	ck_assert_uint_eq(slurped_bytes(in_dir("stderr")), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");

	tcase_add_checked_fixture(c, make_dir, remove_dir);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, writes_to_stderr_before_start_and_after_stop);
	tcase_add_test(c, writes_files);
	tcase_add_test(c, error_and_request_logs_share_a_file);
	tcase_add_test(c, writes_priorities_for_the_journal);
	tcase_add_test(c, one_call_writes_one_line);
	tcase_add_loop_test(c, truncates_long_lines, 0, 20);
	tcase_add_test(c, reports_why_a_log_cannot_be_opened);
	tcase_add_test(c, reopens_by_name);
	tcase_add_test(c, reopens_when_idle);
	tcase_add_test(c, keeps_the_old_file_when_it_cannot_reopen);
	tcase_add_test(c, drops_lines_when_the_queue_is_full);
	tcase_add_test(c, survives_a_full_disk);
	tcase_add_test(c, an_error_log_reports_its_own_lost_lines);
	tcase_add_test(c, starts_a_new_line_after_a_partial_one);
	tcase_add_test(c, stop_does_not_wait_for_a_stuck_log);
	tcase_add_test(c, each_record_has_its_form);
	tcase_add_test(c, many_threads);
	tcase_add_test(c, limits_the_rate_of_repeated_messages);
	tcase_add_test(c, logs_with_the_same_target_are_shared);
	tcase_add_test(c, reuses_the_entries_of_closed_logs);
	tcase_add_test(c, limits_the_number_of_logs);
	tcase_add_test(c, changes_the_error_log);
	tcase_add_test(c, frees_a_form_after_its_last_line);
	tcase_add_test(c, frees_a_form_at_once_without_a_writer);
	tcase_add_test(c, a_stuck_log_is_closed_without_waiting);
	tcase_add_test(c, loses_no_line_while_logs_open_and_close);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return suite_run(suite());
}
