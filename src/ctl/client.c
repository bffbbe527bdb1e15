/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All requests use a multi handle of libcurl, so that `top` can wait for the terminal and for ranged at the same time.
 * If libcurl cannot connect to a Unix socket, the client tries once more with connect(), because only the errno of
 * connect() shows how the user can solve the problem.
 *
 * The client owns its libcurl handles and the stored body. A failure message names the object first, then the reason,
 * then a remedy.
 */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/value.h"

#define CONNECT_MS 5000L
#define BODY_BYTES_MAX ((size_t)64 << 20)
#define FDS_MAX 4

struct ctl_client {
	const char *socket_path, *url;
	CURLM *multi;
	CURL *easy;
	bool running;  /* a request is in progress */
	CURLcode code; /* result of the request */
	ctl_client_body_fn on_body;
	void *context;
	char *body;
	size_t body_bytes, body_room;
	long status;
	char fault[CTL_CLIENT_FAULT_BYTES];
};

/* Appends bytes to the stored body. Returns count, or 0 if the body is too large or memory runs out. */
static size_t keep(struct ctl_client *client, const char *bytes, size_t count)
{
	size_t needed = client->body_bytes + count + 1;

	if (needed > BODY_BYTES_MAX)
		return 0;
	if (needed > client->body_room) {
		size_t room = 2 * needed;
		char *body = realloc(client->body, room);

		if (body == NULL)
			return 0;
		client->body = body;
		client->body_room = room;
	}
	memcpy(client->body + client->body_bytes, bytes, count);
	client->body_bytes += count;
	client->body[client->body_bytes] = '\0';
	return count;
}

/* The write callback of libcurl. */
static size_t receive_bytes(char *bytes, size_t size, size_t count, void *context)
{
	struct ctl_client *client = context;

	curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &client->status);
	if (client->on_body == NULL || client->status != 200)
		return keep(client, bytes, size * count);
	client->on_body(client->context, bytes, size * count);
	return size * count;
}

struct ctl_client *ctl_client_open(const char *socket_path, const char *url)
{
	struct ctl_client *client = calloc(1, sizeof(*client));

	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(client);
		return NULL;
	}
	client->socket_path = socket_path;
	client->url = url;
	client->multi = curl_multi_init();
	client->easy = curl_easy_init();
	if (client->multi != NULL && client->easy != NULL)
		return client;
	ctl_client_close(client);
	return NULL;
}

void ctl_client_close(struct ctl_client *client)
{
	if (client == NULL)
		return;
	if (client->running)
		curl_multi_remove_handle(client->multi, client->easy);
	curl_easy_cleanup(client->easy);
	curl_multi_cleanup(client->multi);
	curl_global_cleanup();
	free(client->body);
	free(client);
}

/* Sets all options of libcurl. Proxies and ~/.netrc are ignored, because the server is on this host. */
static bool set_options(struct ctl_client *client, bool post, const char *url)
{
	CURL *easy = client->easy;

	curl_easy_reset(easy);
	if (curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") != CURLE_OK ||
	    (client->socket_path != NULL &&
	     curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->socket_path) != CURLE_OK))
		return false;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "ranged-ctl/" PACKAGE_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	if (client->on_body == NULL)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)CTL_CLIENT_ANSWER_MS);
	if (post) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
	}
	return true;
}

int ctl_client_start(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		     void *context)
{
	const char *base = client->url != NULL ? client->url : "http://localhost";
	char *url = NULL;
	bool set;

	client->on_body = on_body;
	client->context = context;
	client->status = 0;
	client->body_bytes = 0;
	client->fault[0] = '\0';
	client->code = CURLE_OK;
	if (asprintf(&url, "%s%s", base, resource) < 0) {
		strcpy(client->fault, "out of memory");
		return EX_OSERR;
	}
	set = set_options(client, post, url);
	free(url);
	if (!set || curl_multi_add_handle(client->multi, client->easy) != CURLM_OK) {
		snprintf(client->fault, sizeof(client->fault), "\"%s\" is not a valid address",
			 client->socket_path != NULL ? client->socket_path : base);
		return EX_USAGE;
	}
	client->running = true;
	return 0;
}

static bool has_ended(struct ctl_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		client->code = message->data.result;
		return true;
	}
	return false;
}

bool ctl_client_wait(struct ctl_client *client, const int *fds, unsigned count, int milliseconds)
{
	struct curl_waitfd waits[FDS_MAX] = { { 0 } };
	int running;

	for (unsigned i = 0; i < count && i < FDS_MAX; i++)
		waits[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
	curl_multi_perform(client->multi, &running);
	if (has_ended(client))
		return true;
	curl_multi_poll(client->multi, waits, count < FDS_MAX ? count : FDS_MAX, milliseconds, NULL);
	curl_multi_perform(client->multi, &running);
	return has_ended(client);
}

/* --- failure messages --- */

/* Tries to connect to a Unix socket. Returns 0, or the errno of connect(). */
static int try_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Sets a message that says whether the directory or the socket denies access, and which users have access. */
static void report_denied(struct ctl_client *client)
{
	const char *path = client->socket_path;
	struct stat about;
	struct group *group;

	if (stat(path, &about) != 0) {
		snprintf(client->fault, sizeof(client->fault),
			 "%s: permission denied: you have no access to its directory", path);
		return;
	}
	group = getgrgid(about.st_gid);
	if (group != NULL && (about.st_mode & S_IWGRP) != 0)
		snprintf(client->fault, sizeof(client->fault),
			 "%s: permission denied: only root and the group \"%s\" have access", path, group->gr_name);
	else
		snprintf(client->fault, sizeof(client->fault),
			 "%s: permission denied: only root and the owner have access", path);
}

/* Sets the message of a failed connection. Returns the exit status. */
static int explain_connect(struct ctl_client *client)
{
	const char *path = client->socket_path;
	int error;

	if (path == NULL) {
		snprintf(client->fault, sizeof(client->fault),
			 "%s: connection failed; check that ranged is running and that \"admin\" is set in ranged.conf",
			 client->url);
		return EX_UNAVAILABLE;
	}
	error = try_connect(path);
	switch (error) {
	case EACCES:
	case EPERM:
		report_denied(client);
		return EX_NOPERM;
	case ENOENT:
		snprintf(client->fault, sizeof(client->fault),
			 "%s does not exist; check that ranged is running and that \"admin\" is set in ranged.conf",
			 path);
		return EX_UNAVAILABLE;
	case ECONNREFUSED:
		snprintf(client->fault, sizeof(client->fault),
			 "%s: no process listens on the socket; ranged is not running", path);
		return EX_UNAVAILABLE;
	case 0: /* the second attempt succeeded */
		snprintf(client->fault, sizeof(client->fault), "%s: the connection failed; try again", path);
		return EX_TEMPFAIL;
	}
	snprintf(client->fault, sizeof(client->fault), "%s: %s", path, strerror(error));
	return error == ENAMETOOLONG ? EX_USAGE : EX_UNAVAILABLE;
}

/* Sets the message of an error of libcurl. Returns the exit status. */
static int explain_code(struct ctl_client *client)
{
	const char *where = client->socket_path != NULL ? client->socket_path : client->url;

	switch (client->code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return explain_connect(client);
	case CURLE_OPERATION_TIMEDOUT:
		snprintf(client->fault, sizeof(client->fault), "%s: ranged did not answer in time", where);
		return EX_TEMPFAIL;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		snprintf(client->fault, sizeof(client->fault),
			 "%s: the connection was closed in the middle of the answer", where);
		return EX_TEMPFAIL;
	case CURLE_WRITE_ERROR:
		snprintf(client->fault, sizeof(client->fault), "%s: the answer is larger than 64 MiB", where);
		return EX_PROTOCOL;
	default:
		snprintf(client->fault, sizeof(client->fault), "%s: %s", where, curl_easy_strerror(client->code));
		return EX_PROTOCOL;
	}
}

/* Returns the text of {"error": text}, or the first line of the body. The caller releases *json. */
static const char *text_of_error(struct ctl_client *client, json_t **json, size_t *length)
{
	const char *text = client->body_bytes > 0 ? client->body : "";

	*json = json_loadb(text, client->body_bytes, 0, NULL);
	if (*ctl_value_text(*json, "error") != '\0')
		text = ctl_value_text(*json, "error");
	*length = strcspn(text, "\r\n");
	return text;
}

/* Sets the message of an error response. The programs escape it when they print it. Returns the exit status. */
static int explain_status(struct ctl_client *client)
{
	size_t length;
	json_t *json;
	const char *text = text_of_error(client, &json, &length);

	if (length > 0 && length < sizeof(client->fault) - 40)
		snprintf(client->fault, sizeof(client->fault), "ranged: %.*s (status %ld)", (int)length, text,
			 client->status);
	else
		snprintf(client->fault, sizeof(client->fault), "ranged answered with status %ld", client->status);
	json_decref(json);
	switch (client->status) {
	case 400:
	case 414:
		return EX_DATAERR;
	case 401:
	case 403:
		return EX_NOPERM;
	case 404:
	case 410:
		return EX_NOINPUT;
	case 409:
		return EX_CONFIG;
	case 503:
		return EX_TEMPFAIL;
	default:
		return client->status < 500 ? EX_PROTOCOL : EX_UNAVAILABLE;
	}
}

int ctl_client_end(struct ctl_client *client)
{
	if (!client->running)
		return EX_SOFTWARE;
	curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &client->status);
	curl_multi_remove_handle(client->multi, client->easy);
	client->running = false;
	if (client->body == NULL && keep(client, "", 0) != 0)
		return EX_OSERR;
	if (client->code != CURLE_OK)
		return explain_code(client);
	return client->status == 200 ? 0 : explain_status(client);
}

int ctl_client_request(struct ctl_client *client, bool post, const char *resource, ctl_client_body_fn on_body,
		       void *context)
{
	int status = ctl_client_start(client, post, resource, on_body, context);

	if (status != 0)
		return status;
	while (!ctl_client_wait(client, NULL, 0, 1000))
		;
	return ctl_client_end(client);
}

const char *ctl_client_body(const struct ctl_client *client, size_t *bytes)
{
	*bytes = client->body_bytes;
	return client->body != NULL && client->body_bytes > 0 ? client->body : "";
}

unsigned ctl_client_status(const struct ctl_client *client)
{
	return client->status > 0 ? (unsigned)client->status : 0;
}

const char *ctl_client_fault(const struct ctl_client *client)
{
	return client->fault;
}

char *ctl_client_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = escaped != NULL ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

const char *ctl_client_library(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
