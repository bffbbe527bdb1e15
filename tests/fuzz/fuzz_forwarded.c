/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libFuzzer target of forwarded_walk(). The input is the part of the field that the client sent. The element that the
 * proxy appended must determine the result, whatever the client sent.
 */
#include "http/forwarded.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct text_list trusted = { 0 };

static void check(const char *text, const char *added, bool standard)
{
	struct address client = { .local = true }, real;
	char *field = malloc(strlen(text) + strlen(added) + 1);
	struct forwarded_fields fields = { 0 };
	enum forwarded_proto proto;
	strcpy(stpcpy(field, text), added);
	*(standard ? &fields.forwarded : &fields.forwarded_for) = field;
	proto = forwarded_walk(&fields, &trusted, &client);
	assert(address_parse("192.0.2.1", 9, &real) == 0);
	assert(address_same(&client, &real));
	assert(proto == (standard ? FORWARDED_PROTO_HTTPS : FORWARDED_PROTO_UNKNOWN));
	free(field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct address client = { .local = true };
	struct forwarded_fields fields = { .forwarded = text };
	check(text, ", for=192.0.2.1;proto=https", true);
	check(text, ", for=\"192.0.2.1:80\";by=\"_a\\\"b\";proto=https", true);
	check(text, ", 192.0.2.1", false);
	forwarded_walk(&fields, &trusted, &client);
	fields = (struct forwarded_fields){ .forwarded_for = text, .forwarded_proto = text };
	forwarded_walk(&fields, &trusted, &client);
	free(text);
	return 0;
}
