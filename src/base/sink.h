/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The destination of one log: a file, stderr, stdout, syslog or the journal. Only one thread may use a sink. A write
 * blocks while the reader of the destination does not read, so a sink is never used on the thread of a reactor.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Maximum length of a line, including its newline. The value is PIPE_BUF, because write(2) to a pipe is atomic up to
 * this size, even if other processes write to the same pipe (pipe(7)).
 */
#define SINK_LINE_BYTES 4096

enum sink_kind { SINK_FILE, SINK_STDERR, SINK_STDOUT, SINK_SYSLOG, SINK_JOURNAL };

struct sink {
	enum sink_kind kind;
	char *path;	      /* path of the file, or of the socket of syslog or the journal */
	int fd;		      /* descriptor of the file or socket; -1 when closed */
	bool is_regular;      /* true for a regular file in append mode, where writes of any length are atomic */
	bool torn;	      /* true if a write failed in the middle of a line */
	char *pending;	      /* buffer of whole lines, or of the fields of one entry */
	size_t pending_bytes; /* bytes used in `pending` */
	uint64_t lost;	      /* number of lost lines; the caller may reset it */
	int last_error;	      /* errno of the last failed write */
	/* Called each second while the reader of a pipe, a terminal or a socket does not read. NULL: no function */
	void (*blocked)(void *context);
	void *blocked_context;
};

/* Paths of the sockets of syslog and the journal. Tests substitute their own. */
struct sink_sockets {
	const char *syslog, *journal;
};
extern const struct sink_sockets sink_sockets;

/*
 * Opens a target: "-" (stderr), "stdout", "syslog", "journal" or the path of a file. A file is opened for appending and
 * created with mode 0640 if necessary. The path may also be a FIFO, with or without a reader. If no syslog daemon or
 * journal is listening, sink_open() succeeds, and the lines are lost and counted. Returns 0 on success or -errno. After
 * an error, sink_close() is not necessary.
 */
int sink_open(struct sink *sink, const char *target, const struct sink_sockets *sockets);
/* Closes the sink without writing pending lines. stdout and stderr remain open. */
void sink_close(struct sink *sink);

/*
 * Writes the pending lines and reopens the file by name. Returns 0 on success, or -errno, in which case the old file
 * stays open.
 */
int sink_reopen(struct sink *sink);

/*
 * Begins an entry with its line, which has no newline. A line of SINK_LINE_BYTES or more is truncated. If
 * sink_has_fields() returns true, any number of sink_field() calls may follow. sink_end() ends the entry. sink_flush()
 * writes all pending lines. Lines that cannot be written are lost and counted.
 */
void sink_begin(struct sink *sink, const char *line, size_t length);
/* Returns true if entries can have fields, which only the journal supports. */
bool sink_has_fields(const struct sink *sink);
/* Adds a field. The name matches [A-Z0-9_]+. The value may contain any bytes. A field that does not fit is omitted. */
void sink_field(struct sink *sink, const char *name, const char *value, size_t length);
/* Ends an entry. */
void sink_end(struct sink *sink);
/* Writes all pending lines. */
void sink_flush(struct sink *sink);

/*
 * Writes all bytes, and blocks until they are written. Returns the number of bytes written. If an error occurs, the
 * number is less than `length`, and errno is set.
 */
size_t sink_write_all(int fd, const char *bytes, size_t length);

#endif
