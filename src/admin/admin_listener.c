/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmicrohttpd with a thread a connection, so that an answer may take its time, a stuck disk's too, and the next one
 * comes through all the same. Accepting is ours: MHD's own would take whoever comes, has one address a daemon, and
 * reads past the address of a client on a Unix socket. It knows no reactor; what it says of the process is the
 * resources' business.
 *
 * MHD's traps (see http/sender.c for the rest): a reply in a request's first call closes the connection, so that is for
 * what is refused; MHD_stop_daemon() waits for the threads, so `stopping` ends what they wait in; at its limit of
 * connections it keeps a lock for ever (0.9.75), so ours comes first, and is counted where we accept.
 */
#include "admin/admin_listener.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin_socket.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/status.h"

#define CONNECTION_MEMORY (16 * 1024)
#define STACK_BYTES (1 << 20)
#define TIMEOUT_S 30
#define PATIENCE_MS 2000 /* with a resource that waits for a disk, at the end */
#define STEP_MS 10
#define BLOCK_BYTES 4096     /* of a stream */
#define BODY_MAX_BYTES 65536 /* that is read, and ignored */
#define CONNECTIONS_NEVER (64 * ADMIN_LISTENER_CONNECTIONS)

struct admin_listener {
	struct admin_listener_options options;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	bool running;
	int stop_fd; /* an eventfd */
	int *fds;
	size_t fd_count;
	atomic_uint connections;
	atomic_uint calls; /* of resources, under way */
	atomic_bool stopping;
};

/* One request, from its first call to its end. */
struct visit {
	struct admin_listener *listener;
	struct MHD_Connection *mhd;
	struct admin_call call;
	const struct admin_resource *resource;
	size_t eaten_bytes;
	bool too_many, streams; /* arguments; the answer is read() */
};

/* --- what is refused before it is looked at --- */

/* A host that stands for this one, with or without a port. */
static bool is_loopback(const char *host)
{
	size_t length = strcspn(host, ":");
	struct address address;
	struct cidr four, six;

	if (length == strlen("localhost") && strncasecmp(host, "localhost", length) == 0)
		return strspn(host + length + (host[length] == ':'), "0123456789") ==
		       strlen(host + length + (host[length] == ':'));
	address_parse_cidr("127.0.0.0/8", &four);
	address_parse_cidr("::1", &six);
	return address_parse_endpoint(host, strlen(host), &address) == 0 &&
	       (address_in(&address, &four) || address_in(&address, &six));
}

static bool is_local(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && info->client_addr->sa_family == AF_UNIX;
}

static const struct admin_resource *find(const struct admin_listener *listener, const char *path)
{
	const struct admin_resource *resource = listener->options.resources;

	while (resource->path != NULL && strcmp(resource->path, path) != 0)
		resource++;
	return resource->path != NULL ? resource : NULL;
}

/* Sets visit->resource, or says why not. */
static void look(struct visit *visit, const char *path, const char *method, const char *version)
{
	struct admin_call *call = &visit->call;
	const char *host = MHD_lookup_connection_value(visit->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const struct admin_resource *resource = find(visit->listener, path);
	const bool gets = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (visit->too_many)
		admin_call_say(call, 400, "The query has too many arguments, or a NUL in one.");
	else if (host == NULL && strcmp(version, "HTTP/1.0") != 0)
		admin_call_say(call, 400, "A request names its host.");
	else if (!call->local && host != NULL && !is_loopback(host))
		admin_call_say(call, 403, "\"%.100s\" is no name of this host: ask for localhost, 127.0.0.1 or [::1].",
			       host);
	else if (resource == NULL)
		admin_call_say(call, 404, "There is no such resource.");
	else if (!gets && !call->post)
		admin_call_say(call, 405, "GET and POST are what is understood here.");
	else if ((resource->methods & (call->post ? ADMIN_POST : ADMIN_GET)) == 0)
		admin_call_say(call, 405, "This is to be asked for by %s.", call->post ? "GET" : "POST");
	else if (call->post && !call->local)
		admin_call_say(call, 403,
			       "What changes something is only taken on a Unix socket (admin = \"unix:/path\").");
	else
		visit->resource = resource;
}

/* --- answers --- */

static ssize_t read_stream(void *cls, uint64_t position, char *buffer, size_t bytes)
{
	struct visit *visit = cls;
	ssize_t n = -EAGAIN;

	(void)position;
	atomic_fetch_add(&visit->listener->calls, 1);
	while (n == -EAGAIN && !atomic_load(&visit->listener->stopping))
		n = visit->call.read(visit->call.context, buffer, bytes);
	atomic_fetch_sub(&visit->listener->calls, 1);
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct visit *visit)
{
	struct admin_call *call = &visit->call;
	struct MHD_Response *response;

	if (call->read != NULL) {
		visit->streams = true;
		MHD_set_connection_option(visit->mhd, MHD_CONNECTION_OPTION_TIMEOUT,
					  0U); /* it may be silent for long */
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, visit, NULL);
	}
	response = MHD_create_response_from_buffer(
		call->length, (void *)call->text, call->owned != NULL ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (response != NULL)
		call->owned = NULL;
	return response;
}

/* Pages that ranged makes do not come from elsewhere, nor do they go there; and a number is old as soon as it is read.
 */
static bool add_fields(struct MHD_Response *response, const struct visit *visit)
{
	bool added = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, visit->call.type) == MHD_YES &&
		     MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
		     MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES &&
		     MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin") == MHD_YES;

	if (visit->call.policy != NULL)
		added = added &&
			MHD_add_response_header(response, "Content-Security-Policy", visit->call.policy) == MHD_YES;
	if (visit->call.status == 405) {
		const struct admin_resource *resource = find(visit->listener, visit->call.path);
		unsigned methods = resource != NULL ? resource->methods : ADMIN_GET;

		added = added && MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
							 methods == (ADMIN_GET | ADMIN_POST) ? "GET, HEAD, POST"
							 : methods == ADMIN_POST	     ? "POST"
											     : "GET, HEAD") == MHD_YES;
	}
	return added;
}

static enum MHD_Result send_answer(struct visit *visit)
{
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	if (visit->call.status == 0)
		admin_call_say(&visit->call, 500, "It was not answered.");
	response = make_response(visit);
	if (response != NULL && add_fields(response, visit))
		result = MHD_queue_response(visit->mhd, visit->call.status, response);
	if (response != NULL)
		MHD_destroy_response(response);
	return result;
}

/* --- MHD's calls --- */

static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_length,
			      const char *value, size_t value_length)
{
	struct visit *visit = cls;
	struct admin_call *call = &visit->call;

	(void)kind;
	if (call->argument_count == ADMIN_CALL_ARGUMENTS_MAX || strlen(name) != name_length ||
	    (value != NULL && strlen(value) != value_length)) {
		visit->too_many = true;
		return MHD_NO;
	}
	call->arguments[call->argument_count++] = (struct admin_call_argument){ name, value != NULL ? value : "" };
	return MHD_YES;
}

static struct visit *begin(struct admin_listener *listener, struct MHD_Connection *mhd, const char *url,
			   const char *method)
{
	struct visit *visit = calloc(1, sizeof(*visit));
	const char *accept = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	if (visit == NULL)
		return NULL;
	visit->listener = listener;
	visit->mhd = mhd;
	visit->call = (struct admin_call){ .process = listener->options.process,
					   .stopping = &listener->stopping,
					   .path = url,
					   .accept = accept != NULL ? accept : "",
					   .post = strcmp(method, "POST") == 0,
					   .local = is_local(mhd) };
	MHD_get_connection_values_n(mhd, MHD_GET_ARGUMENT_KIND, gather, visit);
	return visit;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			      const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls)
{
	struct visit *visit = *req_cls;

	(void)upload_data;
	if (visit == NULL) {
		visit = *req_cls = begin(cls, mhd, url, method);
		if (visit == NULL)
			return MHD_NO;
		look(visit, url, method, version);
		return visit->resource != NULL ? MHD_YES : send_answer(visit);
	}
	if (*upload_data_size > 0) {
		visit->eaten_bytes += *upload_data_size;
		*upload_data_size = 0;
		return visit->eaten_bytes <= BODY_MAX_BYTES ? MHD_YES : MHD_NO;
	}
	atomic_fetch_add(&visit->listener->calls, 1);
	visit->resource->fn(&visit->call);
	atomic_fetch_sub(&visit->listener->calls, 1);
	return send_answer(visit);
}

static void completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct visit *visit = *req_cls;

	(void)cls;
	(void)code;
	if (visit == NULL)
		return;
	if (visit->streams)
		MHD_set_connection_option(mhd, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)TIMEOUT_S);
	if (visit->call.free != NULL)
		visit->call.free(visit->call.context);
	free(visit->call.owned);
	free(visit);
	*req_cls = NULL;
}

static void connection_changed(void *cls, struct MHD_Connection *mhd, void **socket_context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct admin_listener *listener = cls;

	(void)mhd;
	(void)socket_context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		atomic_fetch_sub(&listener->connections, 1);
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *cls, const char *format, va_list arguments)
{
	char text[512];

	(void)cls;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libmicrohttpd: admin: %s", text);
}

/* --- connections --- */

static void refuse(int fd)
{
	static const char full[] =
		"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

	if (send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

static void accept_one(struct admin_listener *listener, int listening)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	int fd = accept4(listening, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			poll(NULL, 0, 100); /* no descriptors: not in a busy loop */
		return;
	}
	if (peer.ss_family == AF_UNIX)
		length = sizeof(sa_family_t); /* MHD 0.9 keeps 28 bytes and believes the length */
	/* By TCP any user of this host comes: some are kept for the Unix socket. */
	const unsigned most = peer.ss_family == AF_UNIX ? ADMIN_LISTENER_CONNECTIONS
							: ADMIN_LISTENER_CONNECTIONS * 3 / 4;
	if (atomic_load(&listener->connections) >= most) {
		refuse(fd);
		return;
	}
	atomic_fetch_add(&listener->connections, 1);
	if (MHD_add_connection(listener->daemon, fd, (struct sockaddr *)&peer, length) !=
	    MHD_YES) /* which has closed it */
		atomic_fetch_sub(&listener->connections, 1);
}

static void *run(void *context)
{
	struct admin_listener *listener = context;
	const size_t count = listener->fd_count;
	struct pollfd *fds = calloc(count + 1, sizeof(*fds));

	for (size_t i = 0; fds != NULL && i < count; i++)
		fds[i] = (struct pollfd){ .fd = listener->fds[i], .events = POLLIN };
	if (fds != NULL)
		fds[count] = (struct pollfd){ .fd = listener->stop_fd, .events = POLLIN };
	while (fds != NULL && !atomic_load(&listener->stopping)) {
		if (poll(fds, count + 1, -1) < 0)
			continue;
		for (size_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				accept_one(listener, fds[i].fd);
	}
	free(fds);
	return NULL;
}

/* --- life --- */

static int open_all(struct admin_listener *listener, char *fault)
{
	const struct text_list *addresses = listener->options.addresses;

	listener->fds = calloc(addresses->count * ADMIN_SOCKET_MAX, sizeof(int));
	listener->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (listener->fds == NULL || listener->stop_fd < 0) {
		snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < addresses->count; i++) {
		int opened = admin_socket_open(addresses->list[i], listener->fds + listener->fd_count);

		if (opened < 0) {
			snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: can't listen on %s: %s", addresses->list[i],
				 strerror(-opened));
			return opened;
		}
		listener->fd_count += (size_t)opened;
	}
	return 0;
}

int admin_listener_open(struct admin_listener **listener, const struct admin_listener_options *options,
			char fault[ADMIN_LISTENER_FAULT_BYTES])
{
	struct admin_listener *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL) {
		snprintf(fault, ADMIN_LISTENER_FAULT_BYTES, "admin: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	made->options = *options;
	error = open_all(made, fault);
	if (error != 0) {
		admin_listener_close(made);
		return error;
	}
	*listener = made;
	return 0;
}

int admin_listener_start(struct admin_listener *listener)
{
	const unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			       MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, listener },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)connection_changed, listener },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_NEVER, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, NULL },
		{ MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	int error;

	listener->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, listener, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
					    NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (listener->daemon == NULL)
		return -ENOMEM;
	error = pthread_create(&listener->thread, NULL, run, listener);
	if (error != 0)
		return -error;
	listener->running = true;
	pthread_setname_np(listener->thread, "ranged-admin");
	return 0;
}

int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid)
{
	int error = 0;

	for (size_t i = 0; i < listener->fd_count && error == 0; i++)
		error = admin_socket_give(listener->fds[i], uid, gid);
	return error;
}

bool admin_listener_close(struct admin_listener *listener)
{
	uint64_t one = 1;

	if (listener == NULL)
		return true;
	atomic_store(&listener->stopping, true);
	if (listener->running && write(listener->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(listener->thread, NULL);
	for (unsigned waited_ms = 0; atomic_load(&listener->calls) > 0 && waited_ms < PATIENCE_MS; waited_ms += STEP_MS)
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * CLOCK_NS_PER_MS }, NULL);
	if (atomic_load(&listener->calls) > 0)
		return false;
	if (listener->daemon != NULL)
		MHD_stop_daemon(listener->daemon);
	for (size_t i = 0; i < listener->fd_count; i++)
		admin_socket_close(listener->fds[i]);
	if (listener->stop_fd >= 0)
		close(listener->stop_fd);
	free(listener->fds);
	free(listener);
	return true;
}

char *admin_listener_address(const struct admin_listener *listener, size_t i, char *text, size_t text_bytes)
{
	return i < listener->fd_count ? admin_socket_address(listener->fds[i], text, text_bytes) : NULL;
}
