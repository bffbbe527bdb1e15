/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps go from cheap to dear: addresses, signatures (signing.c), passwords. A request without a block that asks
 * for any of it pays for a look at a few bits. What waits for a password is on the heap, since it may come back after
 * its request has gone.
 */
#include "steps/gate.h"

#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "base/networks.h"
#include "http/forwarded.h"

#define ADDRESS_SETTINGS (UINT64_C(1) << SETTING_ALLOW | UINT64_C(1) << SETTING_DENY)

/* What is kept of a request that was asked for a password. */
struct gate {
	struct login_want want;
	struct request *request; /* NULL: it has gone */
	struct login_file *file;
	bool waiting;
};

/* --- whom it is from --- */

static int believe_proxy(struct request *request)
{
	const struct fields *fields = &request->fields;
	const struct forwarded_fields said = { .forwarded = fields->forwarded,
					       .forwarded_for = fields->forwarded_for,
					       .forwarded_proto = fields->forwarded_proto };
	struct address peer = request->client_address;
	enum forwarded_proto proto = forwarded_walk(&said, request->site->trusted_proxies, &request->client_address);

	request->proxied = true;
	request->contradicted = proto == FORWARDED_CONTRADICTION;
	if (request->contradicted) {
		request->client_address = peer;
		return 0;
	}
	if (proto != FORWARDED_PROTO_UNKNOWN)
		request->secure = proto == FORWARDED_PROTO_HTTPS;
	if (address_same(&peer, &request->client_address) || request->site->clients == NULL)
		return 0;
	return clients_attend(request->site->clients, &request->client_address, &request->client);
}

int gate_identify(struct request *request)
{
	const struct text_list *trusted = request->site->trusted_proxies;

	if (trusted != NULL && trusted->count > 0 && networks_narrowest(trusted, &request->client_address) >= 0)
		return believe_proxy(request);
	return 0;
}

/* --- addresses --- */

bool gate_allows(const struct match *match, const struct address *address)
{
	for (unsigned i = match->count; i-- > 0;) {
		const struct settings *block = match->chain[i];
		int allowed = networks_narrowest(&block->allow, address),
		    denied = networks_narrowest(&block->deny, address);

		if (allowed >= 0 || denied >= 0)
			return allowed > denied;
		if (block->allow.count > 0)
			return false;
	}
	return true;
}

/* --- passwords --- */

static void password_checked(struct login_want *want)
{
	struct gate *gate = (struct gate *)want;

	gate->waiting = false;
	if (gate->request != NULL)
		gate->request->wake(gate->request);
	else
		free(gate);
}

static void end_gate(struct request *request)
{
	request->gate->request = NULL;
	if (!request->gate->waiting)
		free(request->gate);
	request->gate = NULL;
}

/* NULL: no memory. */
static struct gate *gate_for(struct request *request, struct login_file *file)
{
	struct gate *gate = request->gate;

	if (gate == NULL) {
		gate = request->gate = calloc(1, sizeof(*gate));
		if (gate == NULL)
			return NULL;
		gate->request = request;
		request->end_gate = end_gate;
	}
	if (gate->file != file)
		gate->want = (struct login_want){ .reactor = request->site->reactor, .done = password_checked };
	gate->file = file;
	return gate;
}

static enum step_result challenge(struct request *request)
{
	const char *realm = request_settings(request)->auth_realm;

	counters_reject(request->site->counters, COUNTERS_ACCESS);
	request_refuse(request, 401);
	reply_header_format(&request->reply, "WWW-Authenticate", "Basic realm=\"%s\", charset=\"UTF-8\"",
			    realm != NULL ? realm : "");
	return STEP_REPLY;
}

static enum step_result refuse(struct request *request, unsigned status)
{
	request_refuse(request, status);
	if (status == 429)
		reply_header(&request->reply, "Retry-After", "1");
	return STEP_REPLY;
}

static enum step_result answer(struct request *request, enum login_result result)
{
	switch (result) {
	case LOGIN_WAIT:
		request->gate->waiting = true;
		return STEP_WAIT;
	case LOGIN_GOOD:
		return STEP_NEXT;
	case LOGIN_BAD:
		return challenge(request);
	case LOGIN_TOO_MANY:
		counters_reject(request->site->counters, COUNTERS_ACCESS);
		return refuse(request, 429);
	case LOGIN_BUSY:
	case LOGIN_BROKEN:
		break;
	}
	return refuse(request, 503);
}

static enum step_result check_password(struct request *request)
{
	struct login *login = request->site->login;
	struct login_file *file = login_file(login, request_settings(request)->auth_file);
	struct gate *gate = gate_for(request, file);
	enum login_result result;
	struct basic basic;

	if (gate == NULL)
		return refuse(request, 503);
	if (request->fields.authorizations != 1 || basic_parse(request->fields.authorization, &basic) != 0)
		return challenge(request);
	if (request->user == NULL)
		request->user = strdup(basic.user); /* for the log, right or wrong: the status says which */
	result = login_check(login, file, &basic, &request->client_address, &gate->want);
	basic_wipe(&basic);
	return answer(request, result);
}

enum step_result gate_address(struct request *request)
{
	if (request->contradicted) {
		counters_reject(request->site->counters, COUNTERS_BAD_REQUEST);
		return request_refuse(request, 400);
	}
	if ((request_settings(request)->set & ADDRESS_SETTINGS) == 0 ||
	    gate_allows(&request->match, &request->client_address))
		return STEP_NEXT;
	counters_reject(request->site->counters, COUNTERS_ACCESS);
	return request_refuse(request, 403);
}

enum step_result gate_password(struct request *request)
{
	return request_settings(request)->auth_file == NULL ? STEP_NEXT : check_password(request);
}
