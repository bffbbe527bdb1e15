/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the table of statistics.h and puts each row that has a path into a tree of JSON objects. The path is relative
 * to the object of its item: the root, or one object in the arrays "root_list", "devices", "workers" and "logs".
 * Missing objects on the path are created. The lists of the top files and clients are added at the end. The lists are
 * not part of the table, because only /status contains them.
 *
 * If memory runs out, jansson returns NULL, and jansson functions accept NULL arguments. The error is recorded in
 * output->failed and reported once at the end. The functions run on the thread of the connection and keep no memory
 * between calls.
 */
#include "admin/status.h"

#include <jansson.h>
#include <string.h>

#include "admin/statistics.h"
#include "base/escape.h"
#include "base/text.h"

struct output {
	const struct snapshot *snapshot;
	json_t *root;
	json_t *arrays[STATISTICS_SCOPES]; /* the arrays of the scopes except the process; owned by `root` */
	bool failed;			   /* memory ran out */
};

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Returns a JSON string. Bytes that are not valid UTF-8 become U+FFFD. NULL becomes null. */
static json_t *string(const char *bytes)
{
	struct text text = { 0 };
	json_t *made;

	if (bytes == NULL)
		return json_null();
	text_utf8(&text, bytes, strlen(bytes));
	made = text.failed ? NULL : json_stringn_nocheck(text.bytes != NULL ? text.bytes : "", text.used);
	text_fini(&text);
	return made;
}

/* Adds a member to an object. Takes ownership of value, which may be NULL. */
static void put(struct output *output, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		output->failed = true;
}

/* Appends a value to an array. Takes ownership of value, which may be NULL. */
static void append(struct output *output, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		output->failed = true;
}

/*
 * Returns a histogram as an object. Its "buckets" are the buckets that are not empty, as pairs of an upper bound in
 * microseconds and a count.
 */
static json_t *histogram(struct output *output, const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t count = counter_read(&histogram->counts[i]);

		if (count > 0)
			append(output, buckets,
			       json_pack("[I, I]", (json_int_t)histogram_upper_us(i), (json_int_t)count));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "count", number(histogram_count(histogram)), "sum_us",
			 number(counter_read(&histogram->sum_ns) / 1000), "p50_us",
			 number(histogram_quantile_us(histogram, 500)), "p90_us",
			 number(histogram_quantile_us(histogram, 900)), "p99_us",
			 number(histogram_quantile_us(histogram, 990)), "buckets", buckets);
}

static json_t *value(struct output *output, const struct statistics_row *row, unsigned item, unsigned member)
{
	const struct snapshot *snapshot = output->snapshot;

	switch (row->kind) {
	case STATISTICS_RATIO:
		return json_real(statistics_ratio(row, snapshot));
	case STATISTICS_TRUTH:
		return json_boolean(statistics_number(row, snapshot, item, member) != 0);
	case STATISTICS_TEXT:
		return string(statistics_text(row, snapshot, item));
	case STATISTICS_TIMES:
		return histogram(output, statistics_times(row, snapshot, item));
	default:
		return number(statistics_number_in_unit(row, snapshot, item, member));
	}
}

/* Returns the member of `object` with this key, which is created if it does not exist. `object` owns the result. */
static json_t *child(struct output *output, json_t *object, const char *key, size_t length)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)length, key);
	if (json_object_get(object, name) == NULL)
		put(output, object, name, json_object());
	return json_object_get(object, name);
}

static void put_row(struct output *output, const struct statistics_row *row, json_t *object, unsigned item)
{
	const char *key = row->path;

	for (const char *dot; (dot = strchr(key, '.')) != NULL; key = dot + 1)
		object = child(output, object, key, (size_t)(dot - key));
	if (row->set == NULL) {
		put(output, object, key, value(output, row, item, 0));
		return;
	}
	object = child(output, object, key, strlen(key));
	for (unsigned i = 0; i < row->set->count; i++) {
		char name[STATISTICS_NAME_BYTES];

		if (!row->sparse || statistics_number(row, output->snapshot, item, i) > 0)
			put(output, object, statistics_member_name(row->set, i, name), value(output, row, item, i));
	}
}

/* Creates the array of a scope, with an empty object for each item. */
static void add_array(struct output *output, enum statistics_scope scope)
{
	static const char *const keys[STATISTICS_SCOPES] = { [STATISTICS_ROOT] = "root_list",
							     [STATISTICS_DEVICE] = "devices",
							     [STATISTICS_WORKER] = "workers",
							     [STATISTICS_LOG] = "logs" };
	json_t *array = json_array();

	put(output, output->root, keys[scope], array);
	for (unsigned i = 0; i < statistics_items(output->snapshot, scope); i++)
		append(output, array, json_object());
	output->arrays[scope] = array;
}

static void put_table(struct output *output)
{
	for (unsigned i = 0; i < statistics_count; i++) {
		const struct statistics_row *row = &statistics_table[i];

		if (row->path == NULL)
			continue;
		if (row->scope == STATISTICS_PROCESS) {
			put_row(output, row, output->root, 0);
			continue;
		}
		if (output->arrays[row->scope] == NULL)
			add_array(output, row->scope);
		for (unsigned item = 0; item < statistics_items(output->snapshot, row->scope); item++)
			put_row(output, row, json_array_get(output->arrays[row->scope], item), item);
	}
}

static json_t *top(struct output *output, const struct snapshot_top *top)
{
	json_t *files = json_array(), *clients = json_array();

	for (unsigned i = 0; i < top->file_count; i++) {
		const struct snapshot_file *file = &top->files[i];

		append(output, files,
		       json_pack("{s:o, s:o, s:o, s:o}", "path", string(file->path), "site", string(file->site),
				 "bytes", number(file->bytes), "requests", number(file->requests)));
	}
	for (unsigned i = 0; i < top->client_count; i++) {
		const struct clients_rank *client = &top->clients[i];

		append(output, clients,
		       json_pack("{s:s, s:o, s:I}", "address", client->address, "bytes", number(client->bytes),
				 "connections", (json_int_t)client->connections));
	}
	return json_pack("{s:o, s:o}", "files", files, "clients", clients);
}

char *status_format(const struct snapshot *snapshot)
{
	struct output output = { .snapshot = snapshot, .root = json_object() };
	char *text;

	put_table(&output);
	if (snapshot->top != NULL)
		put(&output, output.root, "top", top(&output, snapshot->top));
	text = output.failed ? NULL : escape_json_document(json_dumps(output.root, JSON_COMPACT));
	json_decref(output.root);
	return text;
}

void status_answer(struct admin_call *call)
{
	struct snapshot *snapshot;
	char *text = NULL;

	if (snapshot_take(&snapshot, call->process, true) == 0) {
		text = status_format(snapshot);
		snapshot_free(snapshot);
	}
	admin_call_answer_owned(call, 200, ADMIN_CALL_JSON, text, text != NULL ? strlen(text) : 0);
}
