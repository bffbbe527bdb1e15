/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the lines of one log go: a file, stderr, stdout, syslog, or the journal. Belongs to one thread, which may have
 * to wait for as long as whoever reads it takes: never a reactor's.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line, its newline included: so many bytes (PIPE_BUF) go into a pipe in one piece, whoever else writes
 * there. */
#define SINK_LINE_BYTES 4096

enum sink_kind { SINK_FILE, SINK_STDERR, SINK_STDOUT, SINK_SYSLOG, SINK_JOURNAL };

struct sink {
	enum sink_kind kind;
	char *path; /* of the file, or of the socket of syslog or the journal */
	int fd;
	bool is_regular; /* a file, which takes any length in one piece */
	bool torn;	 /* a write failed in the middle of a line */
	char *pending;	 /* whole lines; or fields of one entry */
	size_t pending_bytes;
	uint64_t lost;	/* lines; the caller may set it back */
	int last_error; /* why the last of them was */
};

/* Where syslog and the journal listen. */
struct sink_sockets {
	const char *syslog, *journal;
};
extern const struct sink_sockets sink_sockets;

/*
 * target: "-" (stderr), "stdout", "syslog", "journal", or the path of a file, which is opened for appending (created
 * 0640) or is a FIFO, with a reader or without. Whether anybody listens to syslog shows with the first line. 0, -ENOMEM
 * or -errno; then there is nothing to close.
 */
int sink_open(struct sink *sink, const char *target, const struct sink_sockets *sockets);
/* What is pending is lost. */
void sink_close(struct sink *sink);

/* Opens the file again by name, after what is pending has been written. 0; or -errno, and the old file stays. */
int sink_reopen(struct sink *sink);

/*
 * One entry: its line, without a newline (cut at SINK_LINE_BYTES); then, if sink_has_fields(), any number of
 * sink_field(); then sink_end(). Lines go out at sink_flush() at the latest. What can't be written is lost, and
 * counted.
 */
void sink_begin(struct sink *sink, const char *line, size_t length);
bool sink_has_fields(const struct sink *sink);
/* name: [A-Z0-9_]+; the value may hold any bytes. A field that there is no room for is left out. */
void sink_field(struct sink *sink, const char *name, const char *value, size_t length);
void sink_end(struct sink *sink);
void sink_flush(struct sink *sink);

/* Writes all of it, waiting as long as it takes. Returns the bytes written; fewer than `length` is an error, in errno.
 */
size_t sink_write_all(int fd, const char *bytes, size_t length);

#endif
