/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of the whole daemon, which runs in a thread and listens on a Unix socket. The input is the data that
 * a client sends on one connection. Corpus: tests/fuzz/corpus/head.
 *
 * The data that the server sends must consist of valid responses (RFC 9110, RFC 9112). A response has a status line,
 * field lines, and a body of the stated length. Responses to HEAD and those with status 1xx, 204 or 304 have no body.
 * There must be no bytes after the last response, and no more responses than requests. The error log must be empty,
 * because no input of a client is an error of the server.
 */
#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REPLY_MAX (1024 * 1024)
#define QUIET_MS 2   /* after this time without data, the server is waiting for the client */
#define END_MS 50000 /* after this time, the server must have closed the connection, also on a busy machine */

int ranged_main(int argc, char **argv);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

static char directory[] = "/tmp/fuzz_head.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static char reply[REPLY_MAX + 1];

/* The threads of the server allocate while an input runs. libFuzzer would report these allocations as leaks. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static const char *in_directory(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(in_directory(name), "w");

	assert(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void *serve(void *argument)
{
	static char config[256], log[256], root[256];
	const char *argv[] = { "ranged",    "--config",	    config, "--error-log", log, "--access-log",
			       "/dev/null", "--cache-size", "16M",  "--workers",   "1", root,
			       NULL };

	(void)argument;
	snprintf(config, sizeof(config), "%s/ranged.conf", directory);
	snprintf(log, sizeof(log), "%s/error.log", directory);
	snprintf(root, sizeof(root), "%s/www", directory);
	ranged_main(sizeof(argv) / sizeof(argv[0]) - 1, (char **)argv);
	abort();
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char config[512];
	pthread_t thread;
	int fd;

	(void)argc;
	(void)argv;
	assert(mkdtemp(directory) != NULL);
	assert(mkdir(in_directory("www"), 0755) == 0 && mkdir(in_directory("www/dir"), 0755) == 0);
	put("www/a.bin",
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789");
	put("www/b.bin", "01234567890123456789");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory);
	snprintf(config, sizeof(config),
		 "listen = \"unix:%s\"\nlisting = true\nlog_level = warning\nsite \"a.example\" { cors = \"*\" }\n",
		 address.sun_path);
	put("ranged.conf", config);
	assert(pthread_create(&thread, NULL, serve, NULL) == 0);
	for (int i = 0; (fd = dial()) < 0 && i < 1000; i++)
		poll(NULL, 0, 20);
	assert(fd >= 0);
	close(fd);
	return 0;
}

/* --- responses --- */

struct responses {
	const char *end;
	bool cut;     /* the client ended the connection, so the last response may be incomplete */
	bool heads;   /* requests after the first one may be HEAD requests */
	unsigned max; /* maximum number of responses */
};

struct head {
	unsigned status;
	uint64_t length;
	bool has_length, chunked, close;
};

static const char *line_end(const char *at, const char *end)
{
	const char *found = memmem(at, (size_t)(end - at), "\r\n", 2);

	return found;
}

static bool is_field(const char *line, const char *end, const char *name, const char **value)
{
	size_t length = strlen(name);

	if ((size_t)(end - line) < length + 2 || strncasecmp(line, name, length) != 0 || line[length] != ':')
		return false;
	*value = line + length + 2;
	return true;
}

static bool read_status_line(const char *line, const char *end, struct head *head)
{
	if (end - line < 14 || memcmp(line, "HTTP/1.1 ", 9) != 0 || line[12] != ' ')
		return false;
	for (int i = 9; i < 12; i++) {
		if (!isdigit((unsigned char)line[i]))
			return false;
		head->status = head->status * 10 + (unsigned)(line[i] - '0');
	}
	for (const char *at = line + 13; at < end; at++)
		if (!isprint((unsigned char)*at))
			return false;
	return head->status >= 100 && head->status < 600;
}

static bool read_field(const char *line, const char *end, struct head *head)
{
	const char *colon = memchr(line, ':', (size_t)(end - line)), *value;

	if (colon == NULL || colon == line || end - colon < 3 || colon[1] != ' ')
		return false;
	for (const char *at = line; at < colon; at++)
		if (!isalnum((unsigned char)*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL)
			return false;
	for (const char *at = colon; at < end; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	if (is_field(line, end, "Content-Length", &value)) {
		if (head->has_length || head->chunked)
			return false;
		head->has_length = true;
		for (; value < end; value++) {
			if (!isdigit((unsigned char)*value))
				return false;
			head->length = head->length * 10 + (uint64_t)(*value - '0');
		}
	} else if (is_field(line, end, "Transfer-Encoding", &value)) {
		if (head->has_length || head->chunked || end - value != 7 || memcmp(value, "chunked", 7) != 0)
			return false;
		head->chunked = true;
	} else if (is_field(line, end, "Connection", &value)) {
		head->close = head->close || (end - value == 5 && strncasecmp(value, "close", 5) == 0);
	}
	return true;
}

/* Advances *at past the head. Returns 1, 0 if the head is incomplete, or -1 if it is invalid. */
static int read_head(const char **at, const char *end, struct head *head)
{
	bool first = true;

	for (const char *line = *at, *next; (next = line_end(line, end)) != NULL; line = next + 2, first = false) {
		if (next == line && !first) {
			*at = next + 2;
			return 1;
		}
		if (first ? !read_status_line(line, next, head) : !read_field(line, next, head))
			return -1;
	}
	return 0;
}

/* Advances *at past a chunked body. Returns 1, 0 if the body is incomplete, or -1 if it is invalid. */
static int read_chunks(const char **at, const char *end)
{
	for (const char *line = *at, *next; (next = line_end(line, end)) != NULL;) {
		char *digits_end;
		uint64_t size = strtoull(line, &digits_end, 16);

		if (!isxdigit((unsigned char)*line) || digits_end != next)
			return -1;
		if ((uint64_t)(end - next - 2) < size + 2)
			return 0;
		line = next + 2 + size;
		if (line[0] != '\r' || line[1] != '\n')
			return -1;
		line += 2;
		if (size == 0) {
			*at = line;
			return 1;
		}
	}
	return 0;
}

static int read_body(const char **at, const char *end, const struct head *head)
{
	if (head->chunked)
		return read_chunks(at, end);
	if (!head->has_length) { /* the body extends to the end of the connection */
		*at = end;
		return head->close ? 1 : -1;
	}
	if ((uint64_t)(end - *at) < head->length)
		return 0;
	*at += head->length;
	return 1;
}

static bool may_have_body(unsigned status)
{
	return status >= 200 && status != 204 && status != 304;
}

static bool are_responses(const char *at, const struct responses *responses, unsigned count, int is_head);

/* Returns true if the data after a response is empty, or, unless the response has "close", more valid responses. */
static bool rest_is_valid(const char *at, const struct responses *responses, unsigned count, const struct head *head)
{
	if (at == responses->end)
		return true;
	return !head->close && are_responses(at, responses, count, responses->heads ? -1 : 0);
}

/* Returns true if the data consists of valid responses. is_head: the request was HEAD; -1 if that is unknown. */
static bool are_responses(const char *at, const struct responses *responses, unsigned count, int is_head)
{
	struct head head = { 0 };
	const char *body;
	int state = read_head(&at, responses->end, &head);

	if (state <= 0)
		return state == 0 && responses->cut;
	if (head.status == 100)
		return !head.has_length && !head.chunked &&
		       (at == responses->end ? responses->cut : are_responses(at, responses, count, is_head));
	if (head.status < 200 || ++count > responses->max)
		return false;
	if (!may_have_body(head.status))
		return (head.status == 304 || !head.has_length) && rest_is_valid(at, responses, count, &head);
	body = at;
	if (is_head != 1) {
		state = read_body(&body, responses->end, &head);
		if (state == 1 ? rest_is_valid(body, responses, count, &head) : state == 0 && responses->cut)
			return true;
	}
	return is_head != 0 && rest_is_valid(at, responses, count, &head);
}

/* --- a connection --- */

static void send_all(int fd, const uint8_t *data, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t n = send(fd, data + sent, size - sent, MSG_NOSIGNAL);

		if (n < 0)
			return;
		sent += (size_t)n;
	}
}

/*
 * Receives until the end. Sets *cut if the server waited for more data and the client therefore ended the connection.
 */
static size_t receive_all(int fd, bool *cut)
{
	size_t used = 0;

	*cut = false;
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&ready, 1, *cut ? END_MS : QUIET_MS) == 0) {
			assert(!*cut);
			*cut = true;
			shutdown(fd, SHUT_WR);
			continue;
		}
		n = recv(fd, reply + used, REPLY_MAX - used, 0);
		if (n <= 0)
			return used;
		used += (size_t)n;
		assert(used < REPLY_MAX);
	}
}

/* Each request has at least one line end, except a last one that is too long. */
static unsigned max_requests(const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

/*
 * Returns 1 if the first request is certainly HEAD, 0 if certainly not, or -1. After empty lines, it depends on the
 * version of libmicrohttpd whether a method is recognised. Before 1.0, it responds to a target that exceeds its memory
 * as to a GET request.
 */
static int first_is_head(const uint8_t *data, size_t size, bool heads)
{
	if (size > 5 && size < 8192 && memcmp(data, "HEAD ", 5) == 0)
		return 1;
	return heads ? -1 : 0;
}

static bool log_is_empty(void)
{
	static off_t seen;
	struct stat st;

	if (stat(in_directory("error.log"), &st) != 0 || st.st_size == seen)
		return true;
	if (seen == 0) { /* messages of the start */
		seen = st.st_size;
		return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bool heads = memmem(data, size, "HEAD", 4) != NULL;
	struct responses responses = { .heads = heads, .max = max_requests(data, size) };
	/* Send the input in two parts. The split depends on the input only, so that each run is reproducible. */
	size_t first = size > 0 ? (size * 2654435761u) % size : 0, used;
	int fd = dial();

	assert(fd >= 0);
	assert(log_is_empty());
	send_all(fd, data, first);
	send_all(fd, data + first, size - first);
	used = receive_all(fd, &responses.cut);
	close(fd);
	responses.end = reply + used;
	reply[used] = '\0';
	if (used > 0 && !are_responses(reply, &responses, 0, first_is_head(data, size, heads))) {
		fprintf(stderr, "invalid responses%s:\n%.*s\n",
			responses.cut ? " (the client ended the connection)" : "", (int)used, reply);
		abort();
	}
	return 0;
}
