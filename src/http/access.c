/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client sent is escaped, so that a line of the log is one request whatever was in it, and each of its parts is cut at
 * its own bound, so that a long target can't push out the status. Times are UTC: local time costs a lock in libc and is
 * ambiguous twice a year.
 */
#include "http/access.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define PART_BYTES 640 /* of the target; others get less */

static const char *escaped(const char *text, char *buffer, size_t buffer_bytes)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	if (text == NULL || *text == '\0')
		return "-";
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0' && used + 5 < buffer_bytes; p++) {
		if (*p >= ' ' && *p != '"' && *p != '\\' && *p != 0x7f) {
			buffer[used++] = (char)*p;
			continue;
		}
		buffer[used++] = '\\';
		buffer[used++] = 'x';
		buffer[used++] = hex[*p >> 4];
		buffer[used++] = hex[*p & 15];
	}
	buffer[used] = '\0';
	return buffer;
}

static const char *stamp(int64_t seconds, char *text, size_t text_bytes)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t time = (time_t)seconds;
	struct tm tm;

	gmtime_r(&time, &tm);
	snprintf(text, text_bytes, "%02d/%s/%04d:%02d:%02d:%02d +0000", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	return text;
}

size_t access_format(const struct access_entry *entry, char line[ACCESS_LINE_BYTES])
{
	char time[64], method[32], target[PART_BYTES], referer[PART_BYTES / 2], agent[PART_BYTES / 2], range[PART_BYTES / 4];
	int n = snprintf(line, ACCESS_LINE_BYTES,
			 "%s - - [%s] \"%s %s %s\" %u %" PRIu64 " \"%s\" \"%s\" \"%s\" %" PRIu64 ".%06" PRIu64, entry->client,
			 stamp(entry->time, time, sizeof(time)), escaped(entry->method, method, sizeof(method)),
			 escaped(entry->target, target, sizeof(target)), entry->version, entry->status, entry->sent_bytes,
			 escaped(entry->referer, referer, sizeof(referer)), escaped(entry->user_agent, agent, sizeof(agent)),
			 escaped(entry->range, range, sizeof(range)), entry->taken_ns / 1000000000,
			 entry->taken_ns / 1000 % 1000000);

	return n < ACCESS_LINE_BYTES ? (size_t)n : ACCESS_LINE_BYTES - 1;
}
