/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two constant tables: errno to status, and status to body. The functions are pure and thread-safe.
 *
 * The main idea: the status tells the client whether a retry can succeed. The status of a path that cannot be resolved
 * is always 404, regardless of the reason, so the response reveals nothing about files outside the root. The status of
 * temporary conditions is 503 with Retry-After: a lack of descriptors or memory, a file that changes while it is read,
 * and storage that does not respond. The status of every other error is 500.
 */
#include "http/status.h"

#include <errno.h>
#include <stddef.h>

static const struct {
	int error;
	unsigned status;
} errors[] = {
	{ ENOENT, 404 },
	{ ENOTDIR, 404 },
	{ ELOOP, 404 },
	{ EXDEV, 404 },
	{ ENAMETOOLONG, 404 },
	{ EISDIR, 404 },
	{ EACCES, 403 },
	{ EPERM, 403 },
	{ EMFILE, 503 },
	{ ENFILE, 503 },
	{ ENOMEM, 503 },
	{ EAGAIN, 503 },
	{ ESTALE, 503 },
	{ EBUSY, 503 },
	{ EINTR, 503 },
	/* Storage is lost: the server, the FUSE process or the disk is unreachable. */
	{ EIO, 503 },
	{ ENOTCONN, 503 },
	{ ETIMEDOUT, 503 },
	{ EHOSTDOWN, 503 },
	{ EHOSTUNREACH, 503 },
	{ ENETDOWN, 503 },
	{ ENETUNREACH, 503 },
	{ ECONNREFUSED, 503 },
	{ ECONNRESET, 503 },
	{ ECONNABORTED, 503 },
	{ ESHUTDOWN, 503 },
	{ ENOLINK, 503 },
	{ EREMOTEIO, 503 },
	{ ENODEV, 503 },
	{ ENXIO, 503 },
	{ ENOBUFS, 503 },
	{ ETIME, 503 },
	{ ENODATA, 503 },
};

static const struct {
	unsigned status;
	const char *body;
} bodies[] = {
	{ 400, "400 Bad Request\n" },
	{ 401, "401 Unauthorized\n" },
	{ 403, "403 Forbidden\n" },
	{ 404, "404 Not Found\n" },
	{ 406, "406 Not Acceptable\n" },
	{ 405, "405 Method Not Allowed\n" },
	{ 412, "412 Precondition Failed\n" },
	{ 413, "413 Content Too Large\n" },
	{ 414, "414 URI Too Long\n" },
	{ 410, "410 Gone\n" },
	{ 421, "421 Misdirected Request\n" },
	{ 416, "416 Range Not Satisfiable\n" },
	{ 429, "429 Too Many Requests\n" },
	{ 451, "451 Unavailable For Legal Reasons\n" },
	{ 431, "431 Request Header Fields Too Large\n" },
	{ 500, "500 Internal Server Error\n" },
	{ 501, "501 Not Implemented\n" },
	{ 503, "503 Service Unavailable\n" },
};

unsigned status_of_error(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == -error)
			return errors[i].status;
	return 500;
}

const char *status_body(unsigned status)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (bodies[i].status == status)
			return bodies[i].body;
	return "";
}
