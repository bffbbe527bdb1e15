/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Health checks. The process is ready or not, whatever file, site or client a request names. The step therefore only
 * compares the path, checks the address, and asks the process. This needs no system call that could wait.
 *
 * Load balancers check often, so a check is logged only if its result differs from that of the previous check of the
 * process. The first check is logged. The workers share the previous result.
 */
#include "steps/health.h"

#include <string.h>

#include "steps/gate.h"

#define RETRY_AFTER_S "1"

bool health_is_check(const struct request *request)
{
	const char *health = request->site->config.health;

	return health != NULL && !request->path.slash && strcmp(request->path.file, health + 1) == 0;
}

/* Makes the reply. `fault` is NULL, or states why the process is not ready. */
static void reply(struct request *request, const char *fault)
{
	struct reply *reply = &request->reply;

	if (fault == NULL && request->input.method == METHOD_OPTIONS) {
		reply_empty(reply, 204);
		reply_header(reply, "Allow", FIELDS_ALLOWED);
	} else {
		reply->status = fault == NULL ? 200 : 503;
		reply->data = fault == NULL ? "ok\n" : fault;
		reply->length = strlen(reply->data);
		reply->body = request->input.method == METHOD_HEAD ? REPLY_LENGTH_ONLY : REPLY_TEXT;
		reply_header(reply, "Content-Type", "text/plain; charset=utf-8");
		reply_header(reply, "X-Content-Type-Options", "nosniff");
	}
	reply_header(reply, "Cache-Control", "no-store");
	if (fault != NULL)
		reply_header(reply, "Retry-After", RETRY_AFTER_S);
}

/* Returns true if the previous check of the process had the same result, with any method. */
static bool is_repeated(const struct request_site_process *process, const char *fault)
{
	const unsigned status = fault == NULL ? 200 : 503;

	/* Relaxed order, because the status publishes no other data. */
	return process->health_status != NULL &&
	       atomic_exchange_explicit(process->health_status, status, memory_order_relaxed) == status;
}

enum step_result health_answer(struct request *request)
{
	const struct request_site *site = request->site;
	const struct rules *rules = site->config.rules;
	const char *fault;
	int error;

	if (!health_is_check(request))
		return STEP_NEXT;
	error = rules_match(rules, &rules->sites[0], request->path.file, false, &request->match);
	if (error != 0)
		return request_fail_errno(request, error, 0);
	if (gate_address_only(request) != STEP_NEXT)
		return STEP_REPLY;
	fault = site->process.find_fault != NULL ? site->process.find_fault(site->process.fault_context) : NULL;
	reply(request, fault);
	request->own_fields = true;
	request->not_reusable = true;
	request->unlogged = is_repeated(&site->process, fault);
	return STEP_REPLY;
}
