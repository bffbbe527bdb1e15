/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides whether a client may access a path. Cheap checks run before expensive checks: first addresses, then
 * signatures (signing.c), then passwords. If no block of the configuration requires a check, a request only tests a few
 * bits.
 *
 * Hashing a password takes milliseconds, so an offload thread computes the hash and the request waits. The state of the
 * wait is a struct gate on the heap, because the result may arrive after the request has ended. The request owns the
 * struct gate. If the request ends before the result arrives, password_checked() frees the struct. All functions run on
 * the reactor's thread.
 */
#include "steps/gate.h"

#include <stdlib.h>
#include <string.h>

#include "auth/login.h"
#include "base/container_of.h"
#include "base/networks.h"
#include "http/forwarded.h"

#define ADDRESS_SETTINGS (UINT64_C(1) << SETTING_ALLOW | UINT64_C(1) << SETTING_DENY)

/* The password check of one request. */
struct gate {
	struct login_waiter want;
	struct request *request; /* NULL: the request has ended */
	struct login_file *file; /* the password file of the last check */
	bool waiting;		 /* a call of password_checked() is pending */
};

/* --- identity of the client --- */

/* Accepts the client's address and protocol from the fields of a trusted proxy. Returns 0 or -ENOMEM. */
static int believe_proxy(struct request *request)
{
	const struct fields *fields = &request->input.fields;
	const struct forwarded_fields forwarded = { .forwarded = fields->forwarded,
						    .forwarded_for = fields->forwarded_for,
						    .forwarded_proto = fields->forwarded_proto };
	struct address peer = request->origin.client_address;
	enum forwarded_proto proto =
		forwarded_walk(&forwarded, request->site->config.trusted_proxies, &request->origin.client_address);

	request->origin.proxied = true;
	request->origin.contradicted = proto == FORWARDED_CONTRADICTION;
	if (request->origin.contradicted) {
		request->origin.client_address = peer;
		return 0;
	}
	if (proto != FORWARDED_PROTO_UNKNOWN)
		request->origin.secure = proto == FORWARDED_PROTO_HTTPS;
	if (address_same(&peer, &request->origin.client_address) || request->site->process.clients == NULL)
		return 0;
	return clients_enter_request(request->site->process.clients, &request->origin.client_address,
				     &request->origin.client);
}

int gate_identify(struct request *request)
{
	const struct text_list *trusted = request->site->config.trusted_proxies;

	if (trusted != NULL && trusted->count > 0 && networks_narrowest(trusted, &request->origin.client_address) >= 0)
		return believe_proxy(request);
	return 0;
}

/* --- addresses --- */

enum gate_verdict gate_verdict(const struct match *match, const struct address *address)
{
	for (unsigned i = match->count; i-- > 0;) {
		const struct settings *block = match->chain[i];
		int allowed = networks_narrowest(&block->allow, address),
		    denied = networks_narrowest(&block->deny, address);

		if (allowed >= 0 || denied >= 0)
			return allowed > denied ? GATE_ALLOWED : GATE_DENIED;
		if (block->allow.count > 0)
			return GATE_DENIED;
	}
	return GATE_UNDECIDED;
}

/* --- passwords --- */

static void password_checked(struct login_waiter *want)
{
	struct gate *gate = container_of(want, struct gate, want);

	gate->waiting = false;
	if (gate->request != NULL)
		gate->request->wake(gate->request);
	else
		free(gate);
}

static void end_gate(struct request *request)
{
	request->login.gate->request = NULL;
	if (!request->login.gate->waiting)
		free(request->login.gate);
	request->login.gate = NULL;
}

/* Returns the state for a check against this password file, or NULL if memory runs out. */
static struct gate *gate_for(struct request *request, struct login_file *file)
{
	struct gate *gate = request->login.gate;

	if (gate == NULL) {
		gate = request->login.gate = calloc(1, sizeof(*gate));
		if (gate == NULL)
			return NULL;
		gate->request = request;
		request->login.end_gate = end_gate;
	}
	if (gate->file != file)
		gate->want =
			(struct login_waiter){ .reactor = request->site->worker.reactor, .done = password_checked };
	gate->file = file;
	return gate;
}

static enum step_result challenge(struct request *request)
{
	const char *realm = request_settings(request)->auth_realm;

	request_note_rejection(request, COUNTERS_ACCESS);
	request_fail(request, 401);
	reply_header_format(&request->reply, "WWW-Authenticate", "Basic realm=\"%s\", charset=\"UTF-8\"",
			    realm != NULL ? realm : "");
	return STEP_REPLY;
}

static enum step_result reject_guesses(struct request *request)
{
	request_note_rejection(request, COUNTERS_ACCESS);
	request_fail(request, 429);
	reply_header(&request->reply, "Retry-After", "1");
	return STEP_REPLY;
}

static enum step_result apply_result(struct request *request, enum login_result result)
{
	switch (result) {
	case LOGIN_WAIT:
		request->login.gate->waiting = true;
		return STEP_WAIT;
	case LOGIN_GOOD:
		return STEP_NEXT;
	case LOGIN_BAD:
		return challenge(request);
	case LOGIN_TOO_MANY:
		return reject_guesses(request);
	case LOGIN_BUSY:
	case LOGIN_ERROR:
		break;
	}
	return request_fail(request, 503);
}

static enum step_result check_password(struct request *request)
{
	struct login *login = request->site->process.login;
	struct login_file *file = login_file(login, request_settings(request)->auth_file);
	struct gate *gate = gate_for(request, file);
	enum login_result result;
	struct basic basic;

	if (gate == NULL)
		return request_fail(request, 503);
	if (request->input.fields.authorizations != 1 || basic_parse(request->input.fields.authorization, &basic) != 0)
		return challenge(request);
	if (request->login.user == NULL)
		request->login.user = strdup(basic.user); /* for the log, even if the password is wrong */
	result = login_check(login, file, &basic, &request->origin.client_address, &gate->want);
	basic_wipe(&basic);
	return apply_result(request, result);
}

/* Checks the address. If `or_password` is true, a client with another address may send a password instead. */
static enum step_result check_address(struct request *request, bool or_password)
{
	enum gate_verdict verdict = GATE_UNDECIDED;

	if (request->origin.contradicted) {
		request_note_rejection(request, COUNTERS_BAD_REQUEST);
		return request_fail(request, 400);
	}
	if ((request_settings(request)->set & ADDRESS_SETTINGS) != 0)
		verdict = gate_verdict(&request->match, &request->origin.client_address);
	request->login.waived = or_password && verdict == GATE_ALLOWED;
	if (or_password || verdict != GATE_DENIED)
		return STEP_NEXT;
	request_note_rejection(request, COUNTERS_ACCESS);
	return request_fail(request, 403);
}

enum step_result gate_address(struct request *request)
{
	const struct settings *settings = request_settings(request);

	return check_address(request, settings->satisfy == RULE_SATISFY_ANY && settings->auth_file != NULL);
}

enum step_result gate_address_only(struct request *request)
{
	return check_address(request, false);
}

enum step_result gate_password(struct request *request)
{
	return request_settings(request)->auth_file == NULL || request->login.waived ? STEP_NEXT
										     : check_password(request);
}
