/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report is a page of 80 columns. The page consists of a headline, a line with a mark for each property that was
 * checked, the text of the warnings, and the tables of table.c.
 *
 * Text is wrapped between words. Marks and bars use Unicode and colours if the terminal supports them. The program has
 * one thread.
 */
#include "probe/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/units.h"
#include "probe/table.h"

#define TEXT_COLUMN 18
#define EAGAIN_SHARE 4 /* ranged stops using RWF_NOWAIT if more than one in four reads fails with EAGAIN */

struct report {
	const struct probe_style *style;
	const struct probe_result *result;
	const struct probe_verdict *verdict;
};

/* Prints a text that starts at TEXT_COLUMN and is wrapped between words. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = TEXT_COLUMN;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column > TEXT_COLUMN && column + 1 + length > PROBE_COLUMNS - 1) {
			fprintf(out, "\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (column > TEXT_COLUMN) {
			fputc(' ', out);
			column++;
		}
		escape_printf(out, "%.*s", (int)length, text);
		column += length;
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

enum mark { MARK_GOOD, MARK_BAD, MARK_NONE };

/* Prints a line with a mark and a label. */
static void __attribute__((format(printf, 4, 5)))
line(const struct report *report, enum mark mark, const char *label, const char *format, ...)
{
	static const char *const unicode[] = { "✓", "!", " " }, *const ascii[] = { "+", "!", " " };
	static const enum probe_colour colours[] = { PROBE_GREEN, PROBE_YELLOW, PROBE_PLAIN };
	const struct probe_style *style = report->style;
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs("  ", style->out);
	probe_style_colour(style, colours[mark]);
	fputs((style->unicode ? unicode : ascii)[mark], style->out);
	probe_style_colour(style, PROBE_PLAIN);
	fprintf(style->out, " %-*s", TEXT_COLUMN - 4, label);
	print_wrapped(style->out, text);
}

static double ms(uint64_t ns)
{
	return (double)ns / (double)CLOCK_NS_PER_MS;
}

static double mib_per_s(const struct probe_transfer *transfer)
{
	return (double)transfer->bytes / 1048576.0 * (double)CLOCK_NS_PER_S / (double)(transfer->spent_ns + 1);
}

static const char *headline(const struct report *report)
{
	if (report->verdict->suitability == PROBE_WELL)
		return "ranged will run well here.";
	if (report->verdict->suitability == PROBE_WITH_CARE)
		return "ranged will run here. Read the notes marked with \"!\".";
	return report->result->file.direct == PROBE_DIRECT_MEMORY
		       ? "ranged will run here, but the files are in memory and not on a disk."
		       : "ranged will run here, but without O_DIRECT.";
}

static void print_head(const struct report *report)
{
	const struct probe_style *style = report->style;
	const struct probe_file *file = &report->result->file;
	bool well = report->verdict->suitability == PROBE_WELL;

	probe_style_colour(style, PROBE_BOLD);
	probe_style_colour(style, well ? PROBE_GREEN : PROBE_YELLOW);
	fprintf(style->out, "%s\n", headline(report));
	probe_style_colour(style, PROBE_PLAIN);
	escape_print_line(style->out, "%s: %s on %s", file->directory, file->mount.type, file->mount.source);
	fputc('\n', style->out);
}

static void print_setting(const struct report *report)
{
	const struct calibration *calibration = &report->result->calibration;
	double rate = calibration->bytes_per_s / 1048576.0;

	if (!report->result->measured)
		return;
	line(report, MARK_NONE, "set", "disk_depth = %u, disk_inflight_bytes = %" PRIu64 "M", calibration->depth,
	     calibration->depth_bytes >> 20);
	line(report, MARK_NONE, "",
	     "%u reads of 64 KiB in flight reach 90 %% of the maximum throughput (%.*f MiB/s, %.0f reads/s). The "
	     "recommended depth is four times as large, for smaller reads. ranged measures the same values when it "
	     "starts, "
	     "unless they are set.",
	     calibration->knee, probe_style_decimals(rate), rate, calibration->iops);
	fputc('\n', report->style->out);
}

static void print_direct(const struct report *report)
{
	const struct probe_result *result = report->result;

	switch (result->file.direct) {
	case PROBE_DIRECT_REAL:
		if (result->resident < 0)
			line(report, MARK_GOOD, "O_DIRECT",
			     "supported (the filesystem does not report which pages are cached)");
		else
			line(report, MARK_GOOD, "O_DIRECT",
			     "supported: %.0f %% of the file is in the page cache after reading",
			     100 * result->resident);
		break;
	case PROBE_DIRECT_BUFFERED:
		line(report, MARK_BAD, "O_DIRECT", "accepted, but the reads use the page cache");
		break;
	case PROBE_DIRECT_MEMORY:
		line(report, MARK_BAD, "O_DIRECT", "accepted without effect: %s keeps files in memory",
		     result->file.mount.type);
		break;
	case PROBE_DIRECT_NONE:
		line(report, MARK_BAD, "O_DIRECT", "not supported");
	}
}

static void print_submits(const struct report *report)
{
	static const char *const words[] = { "does not block", "sometimes blocks until the disk responds",
					     "is synchronous" };
	const struct probe_submits *submits = &report->result->submits;
	const struct probe_verdict *verdict = report->verdict;

	if (!report->result->measured)
		return;
	line(report, verdict->blocking == PROBE_BLOCKS_NEVER ? MARK_GOOD : MARK_BAD, "io_submit",
	     "%s: p99 %.2f ms, longest call %.1f ms (a read of 64 KiB takes %.2f ms)", words[verdict->blocking],
	     ms(submits->p99_ns), ms(submits->longest_ns), ms(verdict->read_p50_ns));
}

static void print_nowait(const struct report *report)
{
	const struct probe_nowait *nowait = &report->result->nowait;

	if (!report->result->measured || nowait->reads == 0)
		return;
	if (nowait->unsupported > 0)
		line(report, MARK_NONE, "RWF_NOWAIT",
		     "not supported by this filesystem (EOPNOTSUPP); ranged works without it");
	else
		line(report, MARK_NONE, "RWF_NOWAIT", "supported; %.0f %% of the reads failed with EAGAIN%s",
		     100.0 * (double)nowait->eagain / (double)nowait->reads,
		     nowait->eagain > nowait->reads / EAGAIN_SHARE ? ", so ranged will not use it" : "");
}

static void print_bytes(const struct report *report)
{
	const struct probe_result *result = report->result;
	char size[16];

	line(report, MARK_GOOD, "data", "%s written, read back and compared%s",
	     units_format_size(result->verify.bytes, size, sizeof(size)),
	     result->shortened ? " (a smaller file, because writing was slow; use --size to force a size)" : "");
	line(report, MARK_NONE, "", "write %.0f MiB/s, fsync %.0f ms, read %.0f MiB/s", mib_per_s(&result->write),
	     ms(result->fsync_ns), mib_per_s(&result->verify));
}

static double us(uint64_t ns)
{
	return (double)ns / 1000.0;
}

static void print_lookup(const struct report *report, const char *label, const char *what,
			 const struct probe_lookup *lookup)
{
	if (lookup->warm_count == 0)
		return;
	line(report, MARK_NONE, label, "%s: p50 %.0f us, p99 %.0f us; the first time p50 %.0f us, p99 %.0f us", what,
	     us(lookup->warm_p50_ns), us(lookup->warm_p99_ns), us(lookup->cold_p50_ns), us(lookup->cold_p99_ns));
}

/* Prints the kind of the filesystem, and the durations of lookups. */
static void print_lookups(const struct report *report)
{
	const struct probe_lookups *lookups = &report->result->lookups;

	if (lookups->network)
		line(report, MARK_BAD, "lookups",
		     "%s is a network filesystem or FUSE: each lookup asks its server, on the offload threads",
		     report->result->file.mount.type);
	else
		line(report, MARK_GOOD, "lookups", "a local filesystem, so known names need no thread");
	print_lookup(report, "", "an existing name", &lookups->present);
	print_lookup(report, "", "a missing name", &lookups->absent);
	print_lookup(report, "", "open and close", &lookups->open);
	if (lookups->names == 0)
		line(report, MARK_NONE, "", "the directory has no files, so only missing names were looked up");
}

static void print_alignment(const struct report *report)
{
	const struct probe_file *file = &report->result->file;

	if (report->result->measured)
		line(report, MARK_NONE, "alignment", "offsets %u, memory %u%s", file->offset_alignment,
		     file->memory_alignment,
		     file->alignment_known ? "" : " (assumed, because the filesystem does not report it)");
}

static void print_warnings(const struct report *report)
{
	const struct probe_verdict *verdict = report->verdict;

	if (verdict->warning_count > 0)
		fputc('\n', report->style->out);
	for (unsigned i = 0; i < verdict->warning_count; i++)
		line(report, MARK_BAD, i == 0 ? "notes" : "", "%s", verdict->warnings[i].text);
}

void probe_report_print(const struct probe_style *style, const struct probe_result *result,
			const struct probe_verdict *verdict)
{
	struct report report = { style, result, verdict };

	print_head(&report);
	print_setting(&report);
	print_direct(&report);
	print_submits(&report);
	print_lookups(&report);
	print_bytes(&report);
	print_nowait(&report);
	print_alignment(&report);
	print_warnings(&report);
	if (result->measured)
		probe_table_print(style, result);
}
