/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs of many equal reads or writes, so many of them at once, on the engine that ranged reads with: libaio, eventfd,
 * epoll. */
#ifndef PROBE_IO_H
#define PROBE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probe/times.h"

#define PROBE_IO_BYTES_MAX ((size_t)1 << 20) /* of one read */
#define PROBE_IO_DEPTH_MAX 128u

struct probe_io;

/* The first one that failed, was short, or came back with other bytes than were written. */
struct probe_fault {
	int error; /* -errno; 0 if it was not the system that failed it */
	bool write;
	uint64_t offset;   /* of the request; of the first wrong byte */
	size_t asked, got; /* bytes; got < asked: short */
	bool wrong;	   /* the bytes */
};

struct probe_job {
	int fd;
	uint64_t file_bytes;
	uint32_t alignment, memory_alignment;
	bool write;	/* the pattern of `seed`, else reads */
	bool compare;	/* what is read with that pattern */
	bool nowait;	/* RWF_NOWAIT: EAGAIN and EOPNOTSUPP are counted and are no faults */
	bool random;	/* places; else from the beginning to the end, once */
	unsigned depth; /* at once */
	size_t bytes;	/* of each */
	uint64_t seed;
	uint64_t time_ns;   /* none begins later; 0: no limit. Those under way are waited for */
	uint64_t count_max; /* 0: no limit */

	/* results */
	struct probe_times *times, *submit_times; /* are added to; NULL: nobody wants to know */
	uint64_t begun;
	uint64_t count, done_bytes; /* of those that ended well */
	uint64_t again, refused;    /* EAGAIN, EOPNOTSUPP */
	uint64_t spent_ns;
	struct probe_fault fault;
};

/* Takes 128 of fs.aio-max-nr and 128 MiB of memory. 0 with *io owned by the caller, or -errno. */
int probe_io_new(struct probe_io **io);
/* Nothing is in flight. NULL is fine. */
void probe_io_free(struct probe_io *io);

/* Runs the job to its end on the calling thread. False: there is a fault. */
bool probe_io_run(struct probe_io *io, struct probe_job *job);

#endif
