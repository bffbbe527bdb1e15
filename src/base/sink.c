/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the lines of one log to their destination. A sink belongs to the writer thread of its log (log_queue.c), which
 * may block.
 *
 * The main idea: lines are collected and written in batches. A regular file is opened for appending, so one write(2) of
 * a whole batch is atomic, and two logs may share a file. Every other destination receives chunks of whole lines of at
 * most PIPE_BUF bytes. Lines of other processes that write to the same pipe are therefore not interleaved with these
 * chunks.
 *
 * Syslog and the journal receive one datagram for each entry, over an unconnected socket. The kernel resolves the
 * address for each datagram, so logging continues after a restart of the logger. Both protocols are implemented here,
 * because syslog(3) does not report lines that it could not send, and sd_journal_send() reports success without a
 * journal.
 */
#include "base/sink.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define PENDING_BYTES ((size_t)64 * 1024)
#define BLOCKED_MS 1000 /* time between two calls of blocked() */
#define IDENTIFIER "ranged"

_Static_assert(SINK_LINE_BYTES <= PIPE_BUF, "writing a line to a pipe is atomic");

const struct sink_sockets sink_sockets = { .syslog = "/dev/log", .journal = "/run/systemd/journal/socket" };

/*
 * The descriptor may be in non-blocking mode, because another process that shares it (stderr, for example) may have set
 * that mode.
 */
size_t sink_write_all(int fd, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t written = write(fd, bytes + done, length - done);
		if (written > 0)
			done += (size_t)written;
		else if (written < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (written == 0 || errno != EINTR)
			break;
	}
	return done;
}

/* Opens a file or FIFO without blocking. A FIFO without a reader is opened for reading and writing (fifo(7)). */
static int open_file(const char *path)
{
	const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | flags, 0640);

	if (fd >= 0) {
		int status = fcntl(fd, F_GETFL);
		if (status >= 0)
			fcntl(fd, F_SETFL, status & ~O_NONBLOCK);
	} else if (errno == ENXIO) {
		fd = open(path, O_RDWR | flags);
	}
	return fd < 0 ? -errno : fd;
}

static int open_target(const struct sink *sink)
{
	int fd = -1;

	switch (sink->kind) {
	case SINK_FILE:
		return open_file(sink->path);
	case SINK_STDERR:
		return STDERR_FILENO;
	case SINK_STDOUT:
		return STDOUT_FILENO;
	case SINK_SYSLOG:
	case SINK_JOURNAL:
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ .tv_sec = BLOCKED_MS / 1000 },
				   sizeof(struct timeval)); /* sendto() fails with EAGAIN after this time */
		break;
	}
	return fd < 0 ? -errno : fd;
}

static bool is_datagrams(const struct sink *sink)
{
	return sink->kind == SINK_SYSLOG || sink->kind == SINK_JOURNAL;
}

static void stat_file(struct sink *sink)
{
	struct stat st;

	sink->is_regular = fstat(sink->fd, &st) == 0 && S_ISREG(st.st_mode) &&
			   (fcntl(sink->fd, F_GETFL) & O_APPEND) != 0;
}

int sink_open(struct sink *sink, const char *target, const struct sink_sockets *sockets)
{
	static const char *const names[] = {
		[SINK_STDERR] = "-", [SINK_STDOUT] = "stdout", [SINK_SYSLOG] = "syslog", [SINK_JOURNAL] = "journal"
	};
	const char *path = target;

	*sink = (struct sink){ .kind = SINK_FILE, .fd = -1 };
	for (unsigned i = SINK_STDERR; i <= SINK_JOURNAL; i++)
		if (strcmp(target, names[i]) == 0)
			sink->kind = (enum sink_kind)i;
	if (is_datagrams(sink))
		path = sink->kind == SINK_SYSLOG ? sockets->syslog : sockets->journal;
	sink->path = strdup(path);
	sink->pending = malloc(PENDING_BYTES);
	sink->fd = sink->path != NULL && sink->pending != NULL ? open_target(sink) : -ENOMEM;
	if (sink->fd < 0) {
		int error = sink->fd;
		sink_close(sink);
		return error;
	}
	stat_file(sink);
	return 0;
}

void sink_close(struct sink *sink)
{
	if (sink->fd >= 0 && sink->kind != SINK_STDERR && sink->kind != SINK_STDOUT)
		close(sink->fd);
	free(sink->path);
	free(sink->pending);
	*sink = (struct sink){ .fd = -1 };
}

int sink_reopen(struct sink *sink)
{
	if (sink->kind != SINK_FILE)
		return 0;
	sink_flush(sink);
	int fd = open_file(sink->path);
	if (fd < 0)
		return fd;
	close(sink->fd);
	sink->fd = fd;
	sink->torn = false;
	stat_file(sink);
	return 0;
}

static void lose(struct sink *sink, uint64_t lines, int error)
{
	sink->lost += lines;
	sink->last_error = error;
}

/* --- datagrams --- */

static void send_datagram(struct sink *sink, const char *bytes, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	ssize_t sent;
	int error;

	strncpy(address.sun_path, sink->path, sizeof(address.sun_path) - 1);
	do {
		sent = sendto(sink->fd, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof(address));
		error = sent < 0 ? errno : 0;
		if (error == EAGAIN && sink->blocked != NULL)
			sink->blocked(sink->blocked_context);
	} while (error == EINTR || error == EAGAIN);
	if (error != 0)
		lose(sink, 1, error);
}

/* Sends a line in the format of syslog(3), which includes the local time, because syslog daemons expect that format. */
static void send_syslog(struct sink *sink, const char *line, size_t length)
{
	char text[SINK_LINE_BYTES + 64], date[32];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%b %e %H:%M:%S", &tm);
	int head =
		snprintf(text, sizeof(text), "<%d>%s " IDENTIFIER "[%d]: ", LOG_DAEMON | LOG_INFO, date, (int)getpid());
	memcpy(text + head, line, length);
	send_datagram(sink, text, (size_t)head + length);
}

static void put(struct sink *sink, const void *bytes, size_t length)
{
	memcpy(sink->pending + sink->pending_bytes, bytes, length);
	sink->pending_bytes += length;
}

/*
 * Appends a field as "NAME=value" in the native protocol of the journal (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
 * If the value contains a newline, a newline and the length of the value replace the "=".
 */
void sink_field(struct sink *sink, const char *name, const char *value, size_t length)
{
	size_t name_length = strlen(name);
	uint64_t little_endian = htole64(length);

	if (name_length + length + sizeof(little_endian) + 2 > PENDING_BYTES - sink->pending_bytes)
		return;
	put(sink, name, name_length);
	if (memchr(value, '\n', length) != NULL) {
		put(sink, "\n", 1);
		put(sink, &little_endian, sizeof(little_endian));
	} else {
		put(sink, "=", 1);
	}
	put(sink, value, length);
	put(sink, "\n", 1);
}

/* --- lines --- */

/* Returns the length of the whole lines that one write(2) may contain. */
static size_t chunk_length(const struct sink *sink, const char *bytes, size_t length)
{
	if (sink->is_regular || length <= PIPE_BUF)
		return length;
	const char *end = memrchr(bytes, '\n', PIPE_BUF);
	return end != NULL ? (size_t)(end - bytes) + 1 : length;
}

static uint64_t count_lines(const char *bytes, size_t length)
{
	uint64_t lines = 0;

	for (const char *end = bytes + length; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL; bytes++)
		lines++;
	return lines;
}

/* Waits until a chunk can be written without blocking. Regular files are always ready. */
static void await_reader(const struct sink *sink)
{
	struct pollfd wanted = { .fd = sink->fd, .events = POLLOUT };

	while (sink->blocked != NULL && !sink->is_regular && poll(&wanted, 1, BLOCKED_MS) == 0)
		sink->blocked(sink->blocked_context);
}

/*
 * Writes the pending lines. Lines that cannot be written (full disk, I/O error) are lost, because other lines would be
 * lost during a wait for the disk. After a partial line, the next write begins with a newline.
 */
static void write_pending(struct sink *sink)
{
	const char *bytes = sink->pending;
	size_t left = sink->pending_bytes;

	if (sink->torn && sink_write_all(sink->fd, "\n", 1) == 1)
		sink->torn = false;
	while (left > 0) {
		size_t length = chunk_length(sink, bytes, left);
		await_reader(sink);
		size_t written = sink_write_all(sink->fd, bytes, length);
		if (written < length) {
			int error = errno;
			sink->torn = sink->torn || (written > 0 && bytes[written - 1] != '\n');
			lose(sink, count_lines(bytes + written, left - written), error);
			return;
		}
		bytes += length;
		left -= length;
	}
}

void sink_flush(struct sink *sink)
{
	if (sink->pending_bytes > 0)
		write_pending(sink);
	sink->pending_bytes = 0;
}

static void put_line(struct sink *sink, const char *line, size_t length)
{
	if (length + 1 > PENDING_BYTES - sink->pending_bytes)
		sink_flush(sink);
	put(sink, line, length);
	put(sink, "\n", 1);
}

/* --- entries --- */

void sink_begin(struct sink *sink, const char *line, size_t length)
{
	if (length > SINK_LINE_BYTES - 1)
		length = SINK_LINE_BYTES - 1;
	if (sink->kind == SINK_JOURNAL) {
		sink->pending_bytes = 0;
		sink_field(sink, "MESSAGE", line, length);
		sink_field(sink, "PRIORITY", "6", 1);
		sink_field(sink, "SYSLOG_IDENTIFIER", IDENTIFIER, sizeof(IDENTIFIER) - 1);
	} else if (sink->kind == SINK_SYSLOG) {
		send_syslog(sink, line, length);
	} else {
		put_line(sink, line, length);
	}
}

bool sink_has_fields(const struct sink *sink)
{
	return sink->kind == SINK_JOURNAL;
}

void sink_end(struct sink *sink)
{
	if (sink->kind != SINK_JOURNAL)
		return;
	send_datagram(sink, sink->pending, sink->pending_bytes);
	sink->pending_bytes = 0;
}
