/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Destinations of logs: files, FIFOs, standard descriptors, and sockets that replace those of syslog and the journal.
 */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../suite.h"

static char dir[64], logger[96];
static struct sink_sockets sockets = { .syslog = logger, .journal = logger };

static void make_dir(void)
{
	strcpy(dir, "test_sink.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(logger, sizeof(logger), "%s/logger", dir);
}

static void remove_dir(void)
{
	remove_directory(dir);
}

/* Returns a path in the directory of the test, valid until the next call. */
static const char *in_dir(const char *name)
{
	static char paths[2][96];
	static unsigned turn;
	char *path = paths[turn++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static struct sink open_sink(const char *target)
{
	struct sink sink;

	ck_assert_int_eq(sink_open(&sink, target, &sockets), 0);
	return sink;
}

static void put(struct sink *sink, const char *line)
{
	sink_begin(sink, line, strlen(line));
	sink_end(sink);
}

/* Returns the data that can be read now, as text. */
static const char *drain(int fd)
{
	static char text[1 << 20];
	ssize_t length = read(fd, text, sizeof(text) - 1);

	ck_assert_msg(length >= 0 || errno == EAGAIN, "%s", strerror(errno));
	text[length > 0 ? length : 0] = '\0';
	return text;
}

static const char *content(const char *path)
{
	int fd = open(path, O_RDONLY);
	const char *text = drain(fd);

	close(fd);
	return text;
}

static int listen_as_logger(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	unlink(logger);
	strcpy(address.sun_path, logger);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

START_TEST(writes_to_a_file)
{
	struct sink sink = open_sink(in_dir("log"));
	struct stat st;

	ck_assert_int_eq(stat(in_dir("log"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert(!sink_has_fields(&sink));
	put(&sink, "one");
	put(&sink, "");
	ck_assert_str_eq(content(in_dir("log")), "");
	sink_flush(&sink);
	ck_assert_str_eq(content(in_dir("log")), "one\n\n");
	put(&sink, "two");
	ck_assert_int_eq(rename(in_dir("log"), in_dir("log.1")), 0);
	ck_assert_int_eq(sink_reopen(&sink), 0);
	put(&sink, "three");
	sink_flush(&sink);
	ck_assert_str_eq(content(in_dir("log.1")), "one\n\ntwo\n");
	ck_assert_str_eq(content(in_dir("log")), "three\n");
	ck_assert_uint_eq(sink.lost, 0);
	sink_close(&sink);
	ck_assert_int_eq(sink_open(&sink, "/nonexistent/log", &sockets), -ENOENT);
	ck_assert_int_eq(sink_open(&sink, dir, &sockets), -EISDIR);
}
END_TEST

START_TEST(long_lines_are_truncated)
{
	struct sink sink = open_sink(in_dir("log"));
	char line[5000];

	memset(line, 'x', sizeof(line));
	sink_begin(&sink, line, sizeof(line));
	sink_end(&sink);
	for (int i = 0; i < 100; i++) /* more than the buffer of the sink */
		put(&sink, "0123456789");
	sink_flush(&sink);
	const char *text = content(in_dir("log"));
	ck_assert_uint_eq(strcspn(text, "\n"), SINK_LINE_BYTES - 1);
	ck_assert_uint_eq(strlen(text), SINK_LINE_BYTES + 100 * 11);
	sink_close(&sink);
}
END_TEST

START_TEST(standard_descriptors)
{
	const char *const names[] = { "-", "stdout" };
	int fds[2], kept = dup(_i == 0 ? STDERR_FILENO : STDOUT_FILENO);
	struct sink sink = open_sink(names[_i]);

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], _i == 0 ? STDERR_FILENO : STDOUT_FILENO);
	put(&sink, "one");
	sink_flush(&sink);
	ck_assert_int_eq(sink_reopen(&sink), 0);
	dup2(kept, _i == 0 ? STDERR_FILENO : STDOUT_FILENO);
	ck_assert_str_eq(drain(fds[0]), "one\n");
	sink_close(&sink);
	ck_assert_int_ge(fcntl(_i == 0 ? STDERR_FILENO : STDOUT_FILENO, F_GETFD), 0);
}
END_TEST

/* A pipe receives whole lines in chunks of at most 4096 bytes. A pipe in packet mode shows the chunks. */
START_TEST(writes_chunks_of_whole_lines)
{
	struct sink sink = open_sink("stdout");
	int fds[2], kept = dup(STDOUT_FILENO);
	char line[1500];

	ck_assert_int_eq(pipe2(fds, O_DIRECT | O_NONBLOCK), 0);
	dup2(fds[1], STDOUT_FILENO);
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 5; i++)
		put(&sink, line);
	sink_flush(&sink);
	dup2(kept, STDOUT_FILENO);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(strlen(drain(fds[0])), i < 2 ? 3000 : 1500);
	sink_close(&sink);
}
END_TEST

/* The FIFO has no reader when it is opened. */
START_TEST(writes_to_a_fifo)
{
	ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
	struct sink sink = open_sink(in_dir("fifo"));
	char line[3000];
	int reader = open(in_dir("fifo"), O_RDONLY | O_NONBLOCK);

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 4; i++)
		put(&sink, line);
	sink_flush(&sink);
	ck_assert_uint_eq(strlen(drain(reader)), 4 * 3000);
	ck_assert_int_eq(fcntl(sink.fd, F_GETFL) & O_NONBLOCK, 0);
	sink_close(&sink);
}
END_TEST

static void is_entry(int logger_fd, const char *pattern)
{
	const char *text = drain(logger_fd);
	regex_t regex;

	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "\"%s\" does not match %s", text, pattern);
	regfree(&regex);
}

#define SYSLOG_HEAD "^<30>[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} ranged\\[[0-9]+\\]: "

START_TEST(syslog_receives_one_datagram_for_each_line)
{
	int fd = listen_as_logger(SOCK_DGRAM);
	struct sink sink = open_sink("syslog");

	ck_assert(!sink_has_fields(&sink));
	put(&sink, "one \"two\"");
	put(&sink, "three");
	is_entry(fd, SYSLOG_HEAD "one \"two\"$");
	is_entry(fd, SYSLOG_HEAD "three$");
	close(fd);
	put(&sink, "lost"); /* the logger has closed its socket */
	ck_assert_uint_eq(sink.lost, 1);
	ck_assert_int_eq(sink.last_error, ECONNREFUSED);
	unlink(logger);
	put(&sink, "lost");
	ck_assert_int_eq(sink.last_error, ENOENT);
	fd = listen_as_logger(SOCK_DGRAM);
	put(&sink, "there again");
	ck_assert_uint_eq(sink.lost, 2);
	is_entry(fd, SYSLOG_HEAD "there again$");
	sink_flush(&sink);
	ck_assert_int_eq(sink_reopen(&sink), 0);
	sink_close(&sink);
}
END_TEST

START_TEST(the_journal_receives_fields)
{
	static const char with_newline[] = "A\n\3\0\0\0\0\0\0\0x\ny\n";
	int fd = listen_as_logger(SOCK_DGRAM);
	struct sink sink = open_sink("journal");
	char got[4096], big[2][60000];

	ck_assert(sink_has_fields(&sink));
	sink_begin(&sink, "GET /", 5);
	sink_field(&sink, "A", "x\ny", 3);
	sink_field(&sink, "B", "", 0);
	sink_field(&sink, "C", "=\xff", 2);
	sink_end(&sink);
	ssize_t length = read(fd, got, sizeof(got));
	static const char head[] = "MESSAGE=GET /\nPRIORITY=6\nSYSLOG_IDENTIFIER=ranged\n", tail[] = "B=\nC==\xff\n";
	ck_assert_int_eq(length, sizeof(head) - 1 + sizeof(with_newline) - 1 + sizeof(tail) - 1);
	ck_assert_int_eq(memcmp(got, head, sizeof(head) - 1), 0);
	ck_assert_int_eq(memcmp(got + sizeof(head) - 1, with_newline, sizeof(with_newline) - 1), 0);
	ck_assert_int_eq(memcmp(got + sizeof(head) - 1 + sizeof(with_newline) - 1, tail, sizeof(tail) - 1), 0);

	memset(big, 'x', sizeof(big));
	sink_begin(&sink, "next", 4);
	sink_field(&sink, "A", big[0], sizeof(big[0]));
	sink_field(&sink, "B", big[1], sizeof(big[1])); /* does not fit */
	sink_field(&sink, "C", "c", 1);
	sink_end(&sink);
	const char *text = drain(fd);
	ck_assert_ptr_nonnull(strstr(text, "MESSAGE=next\n"));
	ck_assert_ptr_null(strstr(text, "\nB="));
	ck_assert_ptr_nonnull(strstr(text, "\nC=c\n"));
	ck_assert_uint_eq(sink.lost, 0);
	sink_close(&sink);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sink");
	TCase *tests = tcase_create("sink");

	tcase_add_checked_fixture(tests, make_dir, remove_dir);
	tcase_add_test(tests, writes_to_a_file);
	tcase_add_test(tests, long_lines_are_truncated);
	tcase_add_loop_test(tests, standard_descriptors, 0, 2);
	tcase_add_test(tests, writes_chunks_of_whole_lines);
	tcase_add_test(tests, writes_to_a_fifo);
	tcase_add_test(tests, syslog_receives_one_datagram_for_each_line);
	tcase_add_test(tests, the_journal_receives_fields);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
