/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes ended exchanges to the access log of their site, and counts them. The reactor's thread packs an exchange into
 * a record and enqueues the record. A thread of the log formats the line (site/access.c). Therefore no function here
 * blocks. A record has no pointers into the exchange.
 *
 * The bytes of a body are counted by source, by file and by client. transfer.c counts the bytes of a transfer by source
 * while it copies them. The source of the first bytes is recorded when the reply is made, because the want may be
 * released before the exchange ends.
 */
#include "mhd/exchange_log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum access_source exchange_log_source(const struct request *request)
{
	static const enum access_source sources[] = {
		[STORE_CACHE] = ACCESS_HIT, [STORE_COALESCED] = ACCESS_COALESCED, [STORE_DISK] = ACCESS_MISS
	};
	const struct store_want *want = NULL;

	if (request->reply.body == REPLY_PREBUILT)
		return ACCESS_HIT;
	if (request->reply.body == REPLY_SPAN || request->reply.body == REPLY_COPY)
		want = &request->body.want;
	else if (request->reply.body == REPLY_TRANSFER)
		want = request_first_want(request);
	return want != NULL ? sources[want->source] : ACCESS_NOWHERE;
}

/* Returns why the request failed, or COUNTERS_NO_REASON. */
static enum counters_reason reason_of(const struct exchange *exchange, unsigned status, bool whole)
{
	const enum counters_reason rejection = exchange->request.reason, end = exchange->connection->reason;

	if (exchange->refused != 0)
		return COUNTERS_BAD_REQUEST;
	if ((status >= 400 || status == 0) && rejection != COUNTERS_NO_REASON)
		return rejection;
	if (status >= 400 && !exchange->seen) /* libmicrohttpd itself has sent this error reply */
		return COUNTERS_BAD_REQUEST;
	if (whole)
		return COUNTERS_NO_REASON;
	if (end >= COUNTERS_REJECTIONS && end != COUNTERS_NO_REASON)
		return end;
	if (exchange->failed)
		return COUNTERS_BODY_FAILED;
	return status == 0 ? COUNTERS_CLIENT_BEFORE_RESPONSE : COUNTERS_CLIENT_IN_RESPONSE;
}

/* Returns the status of a request that ended before its response, for the reason `reason`. */
static unsigned status_without_response(enum counters_reason reason)
{
	switch (reason) {
	case COUNTERS_HEADER_TIMEOUT:
	case COUNTERS_IDLE_TIMEOUT:
	case COUNTERS_MAX_TRANSFER_TIME:
		return 408;
	case COUNTERS_DRAIN:
	case COUNTERS_SHUTDOWN:
	case COUNTERS_MEMORY:
		return 503;
	default:
		return COUNTERS_CLIENT_LEFT;
	}
}

/* Returns the text, or NULL if it is empty. */
static const char *present(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/*
 * Writes an entry to the log of its site. If the site is not known (NULL), the entry belongs to the site that a request
 * without a host selects. If there is no such site, the entry names no site, see rules_log_of_strangers().
 */
static void write_entry(struct access_entry *entry, const struct request_site *request_site, const struct site *site,
			unsigned listener)
{
	const struct rules *rules = request_site->config.rules;
	const struct site *log_of;
	_Alignas(8) char record[ACCESS_RECORD_BYTES];

	if (site == NULL)
		site = rules_find_site(rules, listener, NULL, 0);
	log_of = site != NULL ? site : rules_log_of_strangers(rules, listener);
	if (log_of->log == 0)
		return;
	entry->port = rules->ports[listener];
	entry->texts[ACCESS_SITE] = site != NULL ? site->host : NULL;
	log_request(log_of->log, log_of->log_form, record, access_pack(entry, record));
}

static void add_entry(const struct exchange *exchange, unsigned status, enum counters_reason reason,
		      uint64_t sent_bytes)
{
	const struct request *request = &exchange->request;
	const struct connection *connection = exchange->connection;
	const uint64_t now_ns = clock_now_ns();
	struct access_entry entry = {
		.client = request->origin.client_address,
		.time_ns = clock_wall_ns() - (int64_t)(now_ns - exchange->start_ns),
		.wait_ns = (exchange->reply_ns != 0 ? exchange->reply_ns : now_ns) - exchange->start_ns,
		.duration_ns = now_ns - exchange->start_ns,
		.sent_bytes = sent_bytes,
		.status = status,
		.tls = connection->peer.tls,
		.source = exchange->source,
		.reason = counters_reason_name(reason),
		.texts = { [ACCESS_USER] = request->login.user,
			   [ACCESS_METHOD] = present(exchange->method),
			   [ACCESS_TARGET] = request->input.target,
			   [ACCESS_VERSION] = present(exchange->version),
			   [ACCESS_REFERER] = request->input.fields.referer,
			   [ACCESS_USER_AGENT] = request->input.fields.user_agent,
			   [ACCESS_RANGE] = request->input.fields.range,
			   [ACCESS_HOST] = request->input.fields.host,
			   [ACCESS_FORWARDED_FOR] = request->input.fields.forwarded_for },
	};

	write_entry(&entry, exchange->site, request->match.site, connection->peer.listener);
}

static void count(const struct exchange *exchange, unsigned status, enum counters_reason reason, uint64_t sent_bytes)
{
	static const enum counters_source sources[] = { [ACCESS_NOWHERE] = COUNTERS_OTHER,
							[ACCESS_HIT] = COUNTERS_CACHE,
							[ACCESS_COALESCED] = COUNTERS_COALESCED,
							[ACCESS_MISS] = COUNTERS_DISK };
	const struct request *request = &exchange->request;
	struct client *client = request_client(request);
	struct counters *counters = request->site->worker.counters;

	counters_request(counters, request->input.method, status);
	if (reason == COUNTERS_BAD_REQUEST && (exchange->refused != 0 || !exchange->seen))
		counters_reject(counters, COUNTERS_BAD_REQUEST);
	if (reason == COUNTERS_CLIENT_BEFORE_RESPONSE || reason == COUNTERS_CLIENT_IN_RESPONSE ||
	    reason == COUNTERS_BODY_FAILED) /* sweep.c has counted all others */
		counters_disconnect(counters, reason);
	if (request->reply.body != REPLY_TRANSFER)
		counter_add(&counters->bytes[sources[exchange->source]], sent_bytes);
	if (client != NULL)
		clients_add_sent(client, sent_bytes);
	if (request->selected.file != NULL)
		file_count_request(request->selected.file, sent_bytes);
}

void exchange_log_body_failed(struct exchange *exchange, int error)
{
	const struct request *request = &exchange->request;

	exchange->failed = true;
	log_fault(error == -ESTALE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
		  "/%s: at offset %" PRIu64 ": %s; transfer aborted after %" PRIu64 " of %" PRIu64 " bytes",
		  request->path.file, transfer_offset(request->body.transfer),
		  error == -ESTALE ? "the file changed" : strerror(-error), exchange->sent_bytes,
		  request->reply.length);
}

void exchange_log_rejected(const struct request_site *site, const struct peer *peer, unsigned status,
			   enum counters_reason reason)
{
	struct access_entry entry = {
		.client = peer->from,
		.time_ns = clock_wall_ns(),
		.status = status,
		.tls = peer->tls,
		.source = ACCESS_NOWHERE,
		.reason = counters_reason_name(reason),
	};

	write_entry(&entry, site, NULL, peer->listener);
}

void exchange_log_unparsed(const struct connection *connection)
{
	enum counters_reason reason = connection->reason;
	unsigned status = connection->refused;

	if (status != 0 || connection->protocol == COUNTERS_PLAIN_TLS ||
	    (reason == COUNTERS_NO_REASON && !connection->input_closed && !connection_is_reset(connection))) {
		if (status == 0) /* MHD has closed the connection without a reply */
			status = 400;
		reason = connection->protocol;
		counters_reject(connection->counters, reason);
	} else {
		if (reason == COUNTERS_NO_REASON) {
			reason = COUNTERS_CLIENT_BEFORE_RESPONSE;
			counters_disconnect(connection->counters, reason);
		}
		status = status_without_response(reason);
	}
	exchange_log_rejected(connection->site, &connection->peer, status, reason);
}

void exchange_log(const struct exchange *exchange, unsigned status, bool whole)
{
	const struct reply *reply = &exchange->request.reply;
	const enum counters_reason reason = reason_of(exchange, status, whole);
	uint64_t sent_bytes = reply->body == REPLY_LENGTH_ONLY ? 0 : reply->length;

	if (!whole && sent_bytes > 0)
		sent_bytes = connection_acked_body_bytes(exchange->connection, sent_bytes);
	if (status == 0)
		status = status_without_response(reason);
	count(exchange, status, reason, sent_bytes);
	exchange->connection->logged = true;
	if (!exchange->request.unlogged && request_settings(&exchange->request)->access_log == RULE_LOG_ON)
		add_entry(exchange, status, reason, sent_bytes);
}
