/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs of many equal reads or writes with a constant number in flight. The jobs use the engine of ranged: libaio,
 * eventfd and epoll. All functions must be called by one thread.
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

/* The first request that failed, was short, or returned bytes that differ from the bytes written. */
struct probe_fault {
	int error; /* -errno; 0: the system call succeeded, but the result is short or wrong */
	bool write;
	uint64_t offset;   /* offset of the request, or of the first wrong byte */
	size_t asked, got; /* number of bytes requested and transferred; got < asked: the request was short */
	bool wrong;	   /* the bytes differ from the bytes written */
};

struct probe_job {
	int fd;
	uint64_t file_bytes;
	uint32_t alignment, memory_alignment;
	bool write;	/* true: write the pattern of `seed`; false: read */
	bool compare;	/* compare the bytes read with the pattern */
	bool nowait;	/* use RWF_NOWAIT; EAGAIN and EOPNOTSUPP are counted and are not faults */
	bool random;	/* true: random offsets; false: once from the start to the end of the file */
	unsigned depth; /* number of requests in flight */
	size_t bytes;	/* size of each request */
	uint64_t seed;
	uint64_t time_ns;   /* no request is started after this time; 0: no limit */
	uint64_t count_max; /* maximum number of requests; 0: no limit */

	/* results */
	struct probe_times *times, *submit_times; /* receive the durations; may be NULL */
	uint64_t begun;				  /* number of requests started */
	uint64_t count, done_bytes;		  /* number of successful requests, and their bytes */
	uint64_t eagain, unsupported;		  /* number of requests that failed with EAGAIN and with EOPNOTSUPP */
	uint64_t spent_ns;
	struct probe_fault fault;
};

/*
 * Allocates 128 slots, which need 128 AIO slots of fs.aio-max-nr and 128 MiB of memory. Returns 0 or -errno. On success
 * the caller owns *io.
 */
int probe_io_new(struct probe_io **io);
/* Frees the probe_io. No request may be in flight. NULL is allowed. */
void probe_io_free(struct probe_io *io);

/*
 * Runs the job on the calling thread until it has ended, including all requests in flight. Returns false if job->fault
 * is set.
 */
bool probe_io_run(struct probe_io *io, struct probe_job *job);

#endif
