/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limit of HTTP for bench/run: a libmicrohttpd server with one thread and without any files. The response to
 * GET /SET/BYTES/NAME is BYTES bytes from memory. These are 64 MiB that are mapped repeatedly. A long body therefore
 * comes from main memory, as the body from a file cache does, and not from the cache of the processor.
 *
 *	null_server ADDRESS-FILE
 *
 * Listens on a free port of 127.0.0.1, writes "127.0.0.1:PORT" to the file, and exits on SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SOURCE_BYTES (64ULL << 20)
#define LONGEST_BODY (2ULL << 30)

static char *body;

/* Maps the same SOURCE_BYTES of memory repeatedly into LONGEST_BODY of address space. */
static char *map_body(void)
{
	const int fd = memfd_create("body", 0);
	if (fd < 0 || posix_fallocate(fd, 0, SOURCE_BYTES) != 0)
		return NULL;
	char *start = mmap(NULL, LONGEST_BODY, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	for (uint64_t at = 0; at < LONGEST_BODY; at += SOURCE_BYTES) {
		if (mmap(start + at, SOURCE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) ==
		    MAP_FAILED)
			return NULL;
	}
	return start;
}

/* Returns the BYTES of /SET/BYTES/NAME, or 0 for any other path. */
static uint64_t wanted_bytes(const char *target)
{
	const char *slash = strchr(target + 1, '/');
	const uint64_t bytes = slash != NULL ? strtoull(slash + 1, NULL, 10) : 0;
	return bytes <= LONGEST_BODY ? bytes : 0;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *target, const char *method,
			      const char *version, const char *upload, size_t *upload_bytes, void **request)
{
	(void)cls, (void)method, (void)version, (void)upload, (void)upload_bytes;
	if (*request == NULL) { /* queueing a response in the first call would close the connection */
		*request = body;
		return MHD_YES;
	}
	struct MHD_Response *response =
		MHD_create_response_from_buffer(wanted_bytes(target), body, MHD_RESPMEM_PERSISTENT);
	const enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Daemon *start(void)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_USE_ERROR_LOG, 0, NULL, NULL,
				answer, NULL, MHD_OPTION_SOCK_ADDR, &loopback, MHD_OPTION_CONNECTION_LIMIT, 4096U,
				MHD_OPTION_END);
}

static int write_address(const char *path, unsigned port)
{
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return -1;
	fprintf(file, "127.0.0.1:%u\n", port);
	return fclose(file);
}

int main(int argc, char **argv)
{
	sigset_t end;
	int caught;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	body = argc == 2 ? map_body() : NULL;
	struct MHD_Daemon *daemon = body != NULL ? start() : NULL;
	if (daemon == NULL ||
	    write_address(argv[1], MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port) != 0) {
		perror("null_server");
		return 1;
	}
	sigwait(&end, &caught);
	MHD_stop_daemon(daemon);
	return 0;
}
