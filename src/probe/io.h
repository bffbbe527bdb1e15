/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs of many equal reads or writes with a constant number in flight. They use the engine of ranged: libaio, eventfd
 * and epoll. One thread.
 */
#ifndef PROBE_IO_H
#define PROBE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "probe/times.h"

#define PROBE_IO_BYTES_MAX ((size_t)1 << 20) /* maximum size of one request */
#define PROBE_IO_DEPTH_MAX 128u

struct probe_io;

/* The first request that failed, was short, or returned other bytes than were written. */
struct probe_fault {
	int error; /* -errno; 0: the system call succeeded, but the result is short or wrong */
	bool write;
	uint64_t offset;   /* offset of the request, or of the first wrong byte */
	size_t asked, got; /* bytes requested and transferred; got < asked: short */
	bool wrong;	   /* the bytes differ from those written */
};

struct probe_job {
	int fd;
	uint64_t file_bytes;
	uint32_t alignment, memory_alignment;
	bool write;	/* write the pattern of `seed`; otherwise read */
	bool compare;	/* compare the bytes read with the pattern */
	bool nowait;	/* use RWF_NOWAIT; EAGAIN and EOPNOTSUPP are counted and are not faults */
	bool random;	/* random offsets; otherwise once from the start to the end of the file */
	unsigned depth; /* requests in flight */
	size_t bytes;	/* size of each request */
	uint64_t seed;
	uint64_t time_ns;   /* no request starts later; 0: no limit. The job waits for requests in flight */
	uint64_t count_max; /* 0: no limit */

	/* results */
	struct probe_times *times, *submit_times; /* receive the durations; may be NULL */
	uint64_t begun;				  /* requests started */
	uint64_t count, done_bytes;		  /* requests that succeeded, and their bytes */
	uint64_t eagain, unsupported;		  /* requests that failed with EAGAIN, EOPNOTSUPP */
	uint64_t spent_ns;
	struct probe_fault fault;
};

/* Needs 128 of fs.aio-max-nr and 128 MiB of memory. Returns 0 with *io owned by the caller, or -errno. */
int probe_io_new(struct probe_io **io);
/* No request may be in flight. NULL is allowed. */
void probe_io_free(struct probe_io *io);

/* Runs the job to its end on the calling thread. Returns false if job->fault is set. */
bool probe_io_run(struct probe_io *io, struct probe_job *job);

#endif
