/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log that changes.c and many.c share. changes.c changes files and logs every change; many.c requests the files and
 * compares each response with the log. The log is a file that both programs map into memory.
 *
 * A file consists of blocks of 64 bytes. Each block is text and contains the number of its name in the log, the content
 * number, its place in the file, and where this content begins. Therefore a body is recognised that mixes two contents,
 * belongs to another name, is incomplete, or is out of date.
 */
#ifndef HTTP_CHANGES_H
#define HTTP_CHANGES_H

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_BYTES 64
#define VARIANTS 40
#define LOG_STATES 16 /* of each name; older states are overwritten */

enum log_kind { LOG_ABSENT, LOG_FORBIDDEN, LOG_PRESENT };

/* What happens to the files of a role. The role of a name is its number modulo ROLES. */
enum role {
	ROLE_STATIC,
	ROLE_RENAME,	/* A new file is renamed over the old one. */
	ROLE_OVERWRITE, /* One pwrite() of the same size. */
	ROLE_REWRITE,	/* O_TRUNC, then a write of another size. */
	ROLE_APPEND,
	ROLE_KEEP_MTIME, /* One pwrite() of the same size, then utimensat() restores the mtime. */
	ROLE_DELETE,	 /* Deleted and created again. */
	ROLE_CHMOD,	 /* 000 and 644 in turn. */
	ROLE_CHOWN,	 /* Mode 600, of the server's user and of another one in turn. */
	ROLE_TOUCH,	 /* Only the mtime changes. */
	ROLE_LINK,	 /* A second name is created and removed. Neither bytes nor mtime change. */
	ROLE_ALIAS,	 /* Requested through both of two hard links; overwritten through one of them. */
	ROLE_VARIANT,	 /* A compressed variant of a static file, deleted and created again. */
	ROLE_GROUP,	 /* In a directory that is replaced as a whole. */
	ROLES
};

/* One state of a name, from a change until the next change. */
struct log_state {
	uint64_t begun_ns;	  /* CLOCK_MONOTONIC, before the change */
	_Atomic uint64_t done_ns; /* after the change; 0: still changing */
	int64_t mtime_ns;	  /* valid when done_ns is set */
	uint64_t size;		  /* valid when done_ns is set */
	uint32_t content;
	uint8_t kind; /* enum log_kind */
	bool gradual; /* during the change, a part of the new content or another mtime is visible */
};

struct log_name {
	char path[64];	   /* relative to the root */
	char alias[64];	   /* another path of the same file, or "" */
	char original[64]; /* of a variant: the path of the file it belongs to, or "" */
	uint32_t original_number;
	uint32_t role;
	_Atomic uint32_t count; /* of states; the last one is states[(count - 1) % LOG_STATES] */
	struct log_state states[LOG_STATES];
};

struct log {
	uint32_t count;	 /* of names */
	uint32_t active; /* number of the first names, which change */
	uint32_t plain;	 /* number of the first variant; groups follow the variants */
	struct log_name names[];
};

static inline uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline uint32_t below(uint32_t limit)
{
	return (uint32_t)random() % limit;
}

static inline uint64_t log_bytes(uint32_t count)
{
	return sizeof(struct log) + count * sizeof(struct log_name);
}

static inline _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Maps a log. Creates it if `count` is not 0. */
static inline struct log *log_map(const char *path, uint32_t count)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (count != 0 ? O_CREAT | O_TRUNC : 0), 0644);
	struct stat st;
	struct log *log;

	if (fd < 0 || (count != 0 && ftruncate(fd, (off_t)log_bytes(count)) != 0) || fstat(fd, &st) != 0)
		die(path);
	log = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (log == MAP_FAILED)
		die(path);
	close(fd);
	return log;
}

struct block {
	uint32_t name, content;
	uint32_t place;	 /* in the file, counted in blocks */
	uint32_t first;	 /* place of the first block with this content */
	uint32_t blocks; /* number of blocks of the file */
};

static inline void block_write(char *text, const struct block *block)
{
	int length = snprintf(text, BLOCK_BYTES, "n%08u c%08u p%06u f%06u b%06u", block->name, block->content,
			      block->place, block->first, block->blocks);

	memset(text + length, '.', (size_t)(BLOCK_BYTES - length));
	text[BLOCK_BYTES - 1] = '\n';
}

static inline bool block_field(const char **text, char key, unsigned digits, uint32_t *value)
{
	if (*(*text)++ != key)
		return false;
	for (*value = 0; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (uint32_t)(**text - '0');
	}
	(*text)++;
	return true;
}

static inline bool block_read(const char *text, struct block *block)
{
	return block_field(&text, 'n', 8, &block->name) && block_field(&text, 'c', 8, &block->content) &&
	       block_field(&text, 'p', 6, &block->place) && block_field(&text, 'f', 6, &block->first) &&
	       block_field(&text, 'b', 6, &block->blocks);
}

#endif
