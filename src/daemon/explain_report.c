/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output of --explain. After each step of the request, the results of the step are printed, with the keys and lines
 * of the configuration that caused them. This file only reads the fields of the request and makes no decisions.
 *
 * explain_report_step() recognizes a step by its name in the table of steps/steps.c, and ignores steps that have no
 * output.
 */
#include "daemon/explain_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/escape.h"
#include "config/config_key.h"
#include "http/negotiate.h"
#include "steps/gate.h"
#include "steps/variant.h"
#include "store/span.h"

#define READS_SHOWN 8

static void print(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints a line with a label. The label is "" on the second and later lines of a subject. */
static void print(const char *label, const char *format, ...)
{
	va_list arguments;

	printf("%-15s ", label);
	va_start(arguments, format);
	escape_vprintf(stdout, format, arguments);
	va_end(arguments);
	putchar('\n');
}

static const char *config_name(const struct options *options)
{
	return options->config_path != NULL ? options->config_path : "command line";
}

static void print_settings(const struct settings *settings)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (config_key_setting(i) != SETTING_COUNT && settings_has(settings, config_key_setting(i)))
			printf(" %s", config_key(i));
	putchar('\n');
}

static void print_site(const struct options *options, const struct site *site)
{
	char place[CONFIG_PLACE_BYTES];

	if (site->host != NULL)
		print("site", "\"%s\" (%s)", site->host,
		      config_places_format(&options->config.places, site->line, place));
	else
		print("site", "no site block matches (%s)", config_name(options));
}

static void print_blocks(const struct options *options, const struct match *match)
{
	for (unsigned i = 0; i < match->count; i++) {
		const struct rule *rule = match->rules[i];
		char place[CONFIG_PLACE_BYTES];

		if (rule != NULL)
			escape_printf(stdout, "%-15s %s: location \"%s\":", i == 0 ? "blocks" : "",
				      config_places_format(&options->config.places, rule->line, place), rule->pattern);
		else
			printf("%-15s %s:", i == 0 ? "blocks" : "", i == 0 ? "outside all blocks" : "the site itself");
		print_settings(match->chain[i]);
	}
}

static void print_file(const struct request *request)
{
	struct file *file = request->selected.file;
	struct descriptor *descriptor = file_descriptor(file);
	time_t seconds = (time_t)(file->version.mtime_ns / (int64_t)CLOCK_NS_PER_S);
	char time[32];
	struct tm tm;

	strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &tm));
	print("file", "%s/%s", request->match.root->path, request_path_below_root(request, request->path.file));
	print("", "%" PRIu64 " bytes, modified %s UTC", file->version.size, time);
	if (descriptor != NULL && descriptor->direct)
		print("", "read with O_DIRECT, with an alignment of %u bytes", file->offset_alignment);
	else
		print("", "read by the offload threads, because its filesystem does not support O_DIRECT");
	print("", "looked up again after %" PRIu64 " ms (revalidate); %s", request_settings(request)->revalidate_ms,
	      file->remote ? "on a network filesystem or FUSE, so the server is asked" : "on a local filesystem");
	descriptors_unref(descriptor);
}

static void print_address(const struct request *request, enum step_result result)
{
	const struct settings *settings = request_settings(request);
	char text[ADDRESS_TEXT_BYTES];

	if (!settings_has(settings, SETTING_ALLOW) && !settings_has(settings, SETTING_DENY))
		return;
	print("address", "%s is %s by the keys allow and deny", address_format(&request->origin.client_address, text),
	      gate_verdict(&request->match, &request->origin.client_address) == GATE_DENIED ? "denied" : "allowed");
	if (settings->satisfy == RULE_SATISFY_ANY && settings->auth_file != NULL && result == STEP_NEXT)
		print("", "the client %s a password (satisfy = any)",
		      request->login.waived ? "does not need" : "needs");
}

static void print_health(const struct request *request)
{
	print("health", "the path is that of the key health, so a file of this name is not served");
	print_address(request, request->reply.status == 403 ? STEP_REPLY : STEP_NEXT);
}

static void print_password(const struct request *request, enum step_result result)
{
	const char *file = request_settings(request)->auth_file;

	if (file == NULL || result == STEP_WAIT)
		return;
	if (request->login.user == NULL)
		print("password", "the request has no password (%s)", file);
	else
		print("password", "the password of user \"%s\" is %s (%s)", request->login.user,
		      result == STEP_NEXT ? "correct" : "wrong", file);
}

static void print_signature(const struct request *request)
{
	print("signature", "%s (%s)", signature_description(request->signature.verdict),
	      request_settings(request)->sign_keys);
	if (request->signature.rate_bytes > 0)
		print("", "the signature limits the response to %" PRIu64 " bytes per second",
		      request->signature.rate_bytes);
}

/* Describes why the path leads to no file. */
static const char *describe_lookup(const struct request *request)
{
	int error = request->lookup.want.error;

	if (error == -EISDIR)
		return "the path leads to a directory";
	if (error == -EXDEV)
		return "a symbolic link leads out of the root";
	if (error == -ENOENT &&
	    beneath_is_misspelled(request->match.root->fd, request_path_below_root(request, request->path.file),
				  request->site->config.symlinks))
		return "the filesystem finds the name, but the directory stores it with another spelling";
	return strerror(-error);
}

static void print_found(const struct request *request)
{
	if (request->selected.file != NULL)
		print_file(request);
	else
		print("", "%s", describe_lookup(request));
}

static void print_rejected_variants(const struct file_siblings *siblings)
{
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++)
		if (siblings->faults[i] != ENCODING_FINE)
			print("", "%s is not sent: %s", sibling_suffix((enum sibling)i),
			      encoding_fault_text((enum encoding_fault)siblings->faults[i]));
}

static const char *describe_variant(const struct request *request, const struct variant *variant, unsigned quality)
{
	if (variant == request->selected.variant)
		return "selected";
	if (quality == 0)
		return "not accepted";
	return request->selected.as_is ? "not used for a range, unless If-Range contains its ETag"
				       : "not preferred, or no longer present";
}

/* Prints the variants of the file with their quality for the client, and the selected variant. */
static void print_variants(const struct request *request, enum step_result result)
{
	const struct file *original = request->selected.original != NULL ? request->selected.original
									 : request->selected.file;
	const struct file_siblings *siblings = file_siblings(original);
	const char *field = request->input.fields.accept_encoding;
	unsigned identity = negotiate_encoding(field, "identity");

	if (!request_settings(request)->precompressed || !request_settings(request)->siblings) {
		print("variants", request_settings(request)->siblings ? "precompressed is off" : "siblings is off");
		return;
	}
	if (siblings->variants == 0) {
		print("variants", "none (.zst, .br, .gz)");
		print_rejected_variants(siblings);
		return;
	}
	print("variants", "Accept-Encoding: %s", field != NULL ? field : "(not sent)");
	for (unsigned i = 0; i < SIBLING_VARIANTS; i++) {
		const struct variant *variant = variant_of((enum sibling)i);
		unsigned quality = negotiate_encoding(field, variant->coding);

		if (siblings->variants >> i & 1)
			print("", "%s, q=%u.%03u: %s", variant->coding, quality / 1000, quality % 1000,
			      describe_variant(request, variant, quality));
	}
	print_rejected_variants(siblings);
	print("", "unencoded, q=%u.%03u: %s", identity / 1000, identity % 1000,
	      result == STEP_REPLY		  ? "rejected"
	      : request->selected.variant != NULL ? "not preferred"
	      : request->selected.as_is		  ? "selected, because the request has a Range field"
						  : "selected");
}

static void print_condition(const char *name, const char *value, bool *any)
{
	if (value == NULL)
		return;
	print(*any ? "" : "preconditions", "%s: %s", name, value);
	*any = true;
}

static void print_preconditions(const struct request *request, enum step_result result)
{
	const struct precondition_fields *fields = &request->input.fields.conditions;
	bool any = false;

	if (request->validator.etag[0] != '\0')
		print("validators", "ETag %s%s", request->validator.etag,
		      request->validator.weak
			      ? " (weak, because the file or its digest changed just now and may change again with the "
				"same mtime; If-Range does not match)"
			      : "");
	print_condition("If-Match", fields->if_match, &any);
	print_condition("If-Unmodified-Since", fields->if_unmodified_since, &any);
	print_condition("If-None-Match", fields->if_none_match, &any);
	print_condition("If-Modified-Since", fields->if_modified_since, &any);
	print_condition("If-Range", fields->if_range, &any);
	if (!any)
		print("preconditions", "none");
	else if (result == STEP_REPLY)
		print("", "result: %u", request->reply.status);
	else if (fields->if_range != NULL)
		print("", request->content.whole ? "If-Range does not match: the whole file is served"
						 : "If-Range matches: the range is served");
	else
		print("", "no effect; the request is processed");
}

static void print_ranges(const struct request *request, enum step_result result)
{
	if (request->input.fields.range == NULL) {
		print("ranges", "not requested");
		return;
	}
	print("ranges", "requested: %s%s", request->input.fields.range,
	      request->input.fields.ranges > 1 ? " and further Range fields, which are ignored" : "");
	if (result == STEP_REPLY)
		return;
	if (request->reply.status != 206) {
		print("", "the whole file is served");
		return;
	}
	for (unsigned i = 0; i < request->content.ranges.count; i++)
		print("", "served: %" PRIu64 "-%" PRIu64, request->content.ranges.ranges[i].first,
		      request->content.ranges.ranges[i].last);
}

/* Prints the disk read for a span that is not in the cache. */
static void print_read(const struct request *request, uint64_t offset, size_t length)
{
	const struct file *file = request->selected.file;
	struct cache_span span = {
		.version = &file->version, .alignment = file->offset_alignment, .offset = offset, .length = length
	};
	struct cache_extent *extent;
	struct span read;

	if (cache_find(request->site->process.cache, &span, &extent, &read) == CACHE_MISS)
		print("", "%" PRIu64 "-%" PRIu64 ": reads %zu bytes at offset %" PRIu64, offset, offset + length - 1,
		      read.length, read.offset);
}

/* Divides the body into reads as a transfer does. No read crosses the end of an extent. */
static void print_reads(const struct request *request)
{
	unsigned shown = 0;
	uint64_t left = 0;

	if (request->reply.length == 0)
		return;
	print("cache", "%s; the reads below assume an empty cache",
	      (const char *const[]){ "cached (cache = auto)", "not cached (cache = never)",
				     "pinned (cache = pin)" }[request_settings(request)->cache]);
	printf("%-15s from the disk, at aligned offsets:\n", "reads");
	for (unsigned i = 0; i < request->content.ranges.count; i++) {
		const struct byte_range *range = &request->content.ranges.ranges[i];
		bool one = cache_in_one_extent(&request->selected.file->version, range->first, range->last);

		for (uint64_t at = range->first; at <= range->last;) {
			uint64_t end = one ? range->last : align_down(at, SHARD_EXTENT_BYTES) + SHARD_EXTENT_BYTES - 1;

			if (end > range->last)
				end = range->last;
			if (shown++ < READS_SHOWN)
				print_read(request, at, (size_t)(end - at + 1));
			else
				left++;
			at = end + 1;
		}
	}
	if (left > 0)
		print("", "and %" PRIu64 " more", left);
}

void explain_report_reply(const struct request *request)
{
	const struct reply *reply = &request->reply;

	print("status", "%u", reply->status);
	for (unsigned i = 0; i < reply->header_count; i++)
		escape_print_line(stdout, "%-15s %s: %s", i == 0 ? "fields" : "", reply->headers[i].name,
				  reply->headers[i].value);
	if (reply->listing && reply->status == 200)
		print("", "Transfer-Encoding: chunked");
	else if (reply->status != 204 && !reply->listing)
		print("", "Content-Length: %" PRIu64, reply->length);
}

void explain_report_step(const struct options *options, const struct request *request, const struct request_step *step,
			 enum step_result result)
{
	if (strcmp(step->name, "health") == 0 && result == STEP_REPLY)
		print_health(request);
	else if (strcmp(step->name, "site") == 0 && request->match.site != NULL)
		print_site(options, request->match.site);
	else if (strcmp(step->name, "signature") == 0 && request_settings(request)->sign_keys != NULL)
		print_signature(request);
	else if (strcmp(step->name, "address") == 0)
		print_address(request, result);
	else if (strcmp(step->name, "password") == 0)
		print_password(request, result);
	else if (strcmp(step->name, "find") == 0)
		print("lookup", "/%s", request->path.file);
	else if (strcmp(step->name, "rules") == 0)
		print_blocks(options, &request->match);
	else if (strcmp(step->name, "found") == 0 && result != STEP_WAIT)
		print_found(request);
	else if (strcmp(step->name, "variant") == 0 && result != STEP_WAIT)
		print_variants(request, result);
	else if (strcmp(step->name, "preconditions") == 0)
		print_preconditions(request, result);
	else if (strcmp(step->name, "range") == 0)
		print_ranges(request, result);
	else if (strcmp(step->name, "listing") == 0 && result != STEP_WAIT)
		print("listing", "/%s", request->path.file);
	else if (strcmp(step->name, "read") == 0)
		print_reads(request);
}

void explain_report_request(const char *target)
{
	print("request", "GET %s", target);
}
