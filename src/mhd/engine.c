/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starts and runs a daemon of libmicrohttpd (MHD). The server owns the engine. All functions run on the reactor's
 * thread.
 *
 * TLS needs a guard against a busy loop. While a handshake waits for its client, MHD always reports that it has more
 * work. After FRUITLESS_MAX passes without progress, the engine therefore rests, which means that it runs no passes for
 * some time. Progress is a callback of MHD, a resumed connection, or an event on MHD's epoll descriptor. The time of a
 * rest doubles from REST_MIN_MS to REST_MAX_MS while there is no progress. Over TLS, a pass sends one record of at most
 * 16 KiB. For longer bodies, sender.c uses callbacks, so that each pass counts as progress.
 */
#include "mhd/engine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/certificates.h"
#include "base/clock.h"
#include "base/log.h"
#include "mhd/event_limit.h"
#include "mhd/exchange.h"
#include "mhd/handler.h"

#define REPLY_MEMORY (4 * 1024) /* pool memory in bytes for a reply, in addition to the request header */
#define CONNECTIONS_MAX 2000000 /* higher than any max_connections, which clients.c enforces */
/*
 * Flags and options that libmicrohttpd 0.9.75 does not have, with their values in microhttpd.h of 1.0.1. The program
 * may run with another version of the library than it was built with, so the version at run time decides whether these
 * flags and options are used.
 */
#define MHD1_USE_NO_THREAD_SAFETY (1u << 19)
#define MHD1_OPTION_CLIENT_DISCIPLINE_LVL 38
/*
 * Maximum number of events that one pass fetches. Each event may close a connection, or send a response of up to some
 * hundred KiB. Over TLS, each event may be a handshake, which costs a millisecond.
 */
#define PASS_EVENTS 32
#define PASS_EVENTS_TLS 8
#define FRUITLESS_MAX 3
#define REST_MIN_MS 2
#define REST_MAX_MS 64

/* Parses the version text, because MHD_get_version_bin() does not exist in version 0.9.75. */
bool engine_library_is_1_or_later(void)
{
	return atoi(MHD_get_version()) >= 1;
}

bool engine_sends_directly(void)
{
	const char *choice = getenv("RANGED_SEND"); /* for tests */

	return engine_library_is_1_or_later() && (choice == NULL || strcmp(choice, "callback") != 0);
}

__attribute__((format(printf, 2, 0))) static void log_mhd(void *cls, const char *format, va_list arguments)
{
	static const char rejects[] = "Error processing request (HTTP response code is %u";
	static const char direct[] =
		"The response has application-defined \"Content-Length\""; /* on purpose: direct.c */
	struct exchange_shared *shared = cls;
	char text[512];
	size_t length;
	va_list again;

	if (strncmp(format, direct, strlen(direct)) == 0)
		return;
	va_copy(again, arguments);
	vsnprintf(text, sizeof(text), format, arguments);
	if (strncmp(format, rejects, strlen(rejects)) == 0)
		handler_parser_failed(shared, va_arg(again, unsigned));
	va_end(again);
	length = strlen(text);
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	log_debug("libmicrohttpd: %s", text); /* most of these messages report connections that clients closed */
}

/*
 * Returns the size of the memory pool of each connection. MHD replies 431 to a header block that does not fit, so a
 * higher limit in the configuration takes effect after a restart.
 */
static size_t connection_memory(const struct exchange_shared *shared)
{
	size_t header_bytes = shared->site->config.header_limits.header_bytes;

	return (header_bytes > FIELDS_HEADER_USUAL ? header_bytes : FIELDS_HEADER_USUAL) + REPLY_MEMORY;
}

/*
 * From version 1.0 on, a thread-safe daemon enqueues an added connection and announces it in the next MHD_run(). By
 * then, other connections may have been added. A daemon without thread safety announces the connection within
 * MHD_add_connection(), like version 0.9.75, and needs no eventfd to resume connections.
 *
 * Level 1 of the client discipline of 1.0 rejects spaces in a target, bare LF and folded lines with 400. Level 0
 * accepts them, and replies to spaces in a target with a redirect that ranged never sees. Level 2 also rejects the CRLF
 * that some clients send after a body (RFC 9112 section 2.2).
 */
static struct MHD_Daemon *start_daemon(bool tls, struct exchange_shared *shared, MHD_NotifyConnectionCallback notify,
				       void *context)
{
	const bool since_1 = engine_library_is_1_or_later();
	const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET |
			       (tls ? MHD_USE_TLS : MHD_USE_TURBO) | (since_1 ? MHD1_USE_NO_THREAD_SAFETY : 0);
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)handler_keep_escapes, NULL },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)handler_begin, shared },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)handler_completed, shared },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify, context },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)connection_memory(shared), NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL }, /* connection.c enforces the timeouts */
		{ since_1 ? (enum MHD_OPTION)MHD1_OPTION_CLIENT_DISCIPLINE_LVL : MHD_OPTION_STRICT_FOR_CLIENT, since_1,
		  NULL },
		{ tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (char *)CERTIFICATES_PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)certificates_retrieve },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, handler_call, shared, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, shared,
				MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

int engine_start(struct engine *engine, bool tls, struct exchange_shared *shared, MHD_NotifyConnectionCallback notify,
		 void *context)
{
	if (engine->daemon != NULL)
		return 0;
	if (tls && MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) != MHD_YES) {
		log_error("TLS is not available: libmicrohttpd was built without TLS support");
		return -EPROTONOSUPPORT;
	}
	errno = 0;
	engine->tls = tls;
	engine->daemon = start_daemon(tls, shared, notify, context);
	if (engine->daemon != NULL)
		return 0;
	return errno != 0 ? -errno : -ENOMEM;
}

void engine_stop(struct engine *engine)
{
	if (engine->daemon != NULL)
		MHD_stop_daemon(engine->daemon);
	records_pool_fini(&engine->records);
}

/* Lets the engine rest if the last passes made no progress. */
static void update_rest(struct engine *engine, bool progress)
{
	unsigned rest_ms = REST_MIN_MS;

	if (progress || !engine->more) {
		engine->fruitless = 0;
		engine->rests_until_ns = 0;
		return;
	}
	if (++engine->fruitless < FRUITLESS_MAX)
		return;
	for (unsigned i = FRUITLESS_MAX; i < engine->fruitless && rest_ms < REST_MAX_MS; i++)
		rest_ms *= 2;
	engine->rests_until_ns = clock_now_ns() + rest_ms * CLOCK_NS_PER_MS;
	engine->more = false;
}

void engine_run(struct engine *engine, struct exchange_shared *shared, uint64_t now_ns)
{
	const uint64_t calls = shared->calls;
	const bool readable = engine->readable;
	bool *rerun = &shared->rerun[engine->tls];
	MHD_UNSIGNED_LONG_LONG timeout;

	if (engine->daemon == NULL || (!readable && !*rerun && now_ns < engine->rests_until_ns))
		return;
	/* Version 0.9.75 does not always announce that it has work to do. */
	if (!readable && !*rerun && !engine->more && !shared->lenient && engine->rests_until_ns == 0)
		return;
	engine->readable = *rerun = false;
	event_limit_begin(engine->tls ? PASS_EVENTS_TLS : PASS_EVENTS);
	MHD_run(engine->daemon);
	engine->more = event_limit_end();
	engine->more |= MHD_get_timeout(engine->daemon, &timeout) == MHD_YES && timeout == 0;
	if (!engine->tls)
		return;
	update_rest(engine, readable || *rerun || shared->calls != calls);
	records_end_pass(&engine->records, engine->more);
}
