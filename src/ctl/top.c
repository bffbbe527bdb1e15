/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop of `top`: request /status, draw, wait. A failed request does not end the program, because the user may be
 * watching a restart. The screen then shows the time since the last answer. Only the first request must succeed, so
 * that a wrong address is reported as an error.
 *
 * The loop waits for the server, for keys and for signals at the same time. The program has one thread.
 */
#include "ctl/top.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "ctl/terminal.h"
#include "ctl/view.h"

#define SLOW_MS 2500 /* after this time without an answer, the screen shows a message */
#define WIDTH 80
#define HEIGHT 40

struct top {
	struct ctl_client *client;
	struct ctl_history history;
	struct ctl_terminal terminal;
	bool unicode, requesting;
	uint64_t interval_ns, next_ns; /* time of the next request */
	uint64_t answered_ns;	       /* time of the last answer */
	char trouble[CTL_CLIENT_FAULT_BYTES];
	int status;
};

/* Adds the answer to the history. Returns 0, or an exit status with the reason in top->trouble. */
static int add_answer(struct top *top)
{
	int status = ctl_client_end(top->client);
	size_t bytes;
	const char *body = ctl_client_body(top->client, &bytes);
	json_t *sample = status == 0 ? json_loadb(body, bytes, 0, NULL) : NULL;

	if (status == 0 && !json_is_object(sample)) {
		json_decref(sample);
		sample = NULL;
		status = EX_PROTOCOL;
		strcpy(top->trouble, "the server is not ranged: its answer to /status is not a JSON object");
	} else if (status != 0) {
		snprintf(top->trouble, sizeof(top->trouble), "%s", ctl_client_fault(top->client));
	} else {
		top->trouble[0] = '\0';
		top->answered_ns = clock_now_ns();
	}
	ctl_history_add(&top->history, sample);
	return status;
}

static int request_status(struct top *top)
{
	int status = ctl_client_start(top->client, false, "/status", NULL, NULL);

	if (status != 0) {
		snprintf(top->trouble, sizeof(top->trouble), "%s", ctl_client_fault(top->client));
		return status;
	}
	while (!ctl_client_wait(top->client, NULL, 0, 1000))
		;
	return add_answer(top);
}

/* Returns the frame as text, which the caller frees with free(). Returns NULL if memory runs out. */
static char *draw(const struct top *top, unsigned width, unsigned height, bool still, enum ctl_colours colours,
		  size_t *bytes)
{
	struct ctl_view view = { .history = &top->history,
				 .still = still,
				 .interval_ms = top->interval_ns / CLOCK_NS_PER_MS };
	struct ctl_canvas canvas;
	char *text = NULL;

	view.trouble_s = (clock_now_ns() - top->answered_ns) / CLOCK_NS_PER_S;
	if (top->trouble[0] != '\0')
		view.trouble = top->trouble;
	else if (top->requesting && view.trouble_s * 1000 >= SLOW_MS && !still)
		view.trouble = "ranged has not answered yet";
	if (ctl_canvas_init(&canvas, width, height, top->unicode) == 0) {
		ctl_view_draw(&canvas, &view);
		text = ctl_canvas_render(&canvas, colours, !still, bytes);
	}
	ctl_canvas_fini(&canvas);
	return text;
}

static int print_error(const struct top *top, int status)
{
	escape_print_line(stderr, "ranged-ctl: %s", top->trouble);
	return status;
}

int ctl_top_once(struct ctl_client *client, uint64_t interval_ms, bool unicode)
{
	static struct top top;
	unsigned width = WIDTH, height = HEIGHT;
	size_t bytes;
	char *text;
	int status;

	top = (struct top){ .client = client, .unicode = unicode, .interval_ns = interval_ms * CLOCK_NS_PER_MS };
	status = request_status(&top);
	if (status == 0) {
		usleep((useconds_t)(interval_ms * 1000));
		status = request_status(&top);
	}
	if (status != 0) {
		ctl_history_fini(&top.history);
		return print_error(&top, status);
	}
	ctl_terminal_size(STDOUT_FILENO, &width, &height);
	text = draw(&top, width, height, true, CTL_NO_CODES, &bytes);
	ctl_history_fini(&top.history);
	if (text == NULL)
		return EX_OSERR;
	fwrite(text, 1, bytes, stdout);
	free(text);
	return 0;
}

/* --- live --- */

static void show(struct top *top)
{
	unsigned width = WIDTH, height = HEIGHT;
	size_t bytes;
	char *text;

	ctl_terminal_size(STDOUT_FILENO, &width, &height);
	text = draw(top, width, height, false, ctl_terminal_colours(STDOUT_FILENO), &bytes);
	if (text != NULL && ctl_terminal_write(text, bytes) != 0) {
		top->terminal.signal = SIGHUP;
		top->status = EX_IOERR;
	}
	free(text);
}

static void start_request(struct top *top, uint64_t now_ns)
{
	top->next_ns += top->interval_ns;
	if (top->next_ns < now_ns)
		top->next_ns = now_ns + top->interval_ns;
	top->requesting = ctl_client_start(top->client, false, "/status", NULL, NULL) == 0;
}

static int time_left_ms(const struct top *top, uint64_t now_ns)
{
	/* While a request is pending, the screen is updated twice a second with the time since the last answer. */
	if (top->requesting || top->next_ns <= now_ns)
		return top->requesting ? 500 : 0;
	return (int)((top->next_ns - now_ns) / CLOCK_NS_PER_MS) + 1;
}

/* Waits for an event and handles it. Returns false if the program must end. */
static bool step(struct top *top)
{
	uint64_t now_ns = clock_now_ns();
	enum ctl_event event;
	bool ended;

	if (!top->requesting && now_ns >= top->next_ns)
		start_request(top, now_ns);
	ended = ctl_client_wait(top->client, top->terminal.fds, 2, time_left_ms(top, now_ns));
	if (top->requesting && ended) {
		top->requesting = false;
		add_answer(top);
		show(top);
	} else if (top->requesting && clock_now_ns() - top->answered_ns >= SLOW_MS * CLOCK_NS_PER_MS) {
		show(top);
	}
	while ((event = ctl_terminal_event(&top->terminal)) == CTL_EVENT_REDRAW)
		show(top);
	return event == CTL_EVENT_NONE && top->status == 0;
}

int ctl_top_run(struct ctl_client *client, uint64_t interval_ms, bool unicode)
{
	static struct top top;
	int status, error, number;

	top = (struct top){ .client = client, .unicode = unicode, .interval_ns = interval_ms * CLOCK_NS_PER_MS };
	status = request_status(&top);
	if (status != 0) {
		ctl_history_fini(&top.history);
		return print_error(&top, status);
	}
	top.next_ns = clock_now_ns() + top.interval_ns;
	error = ctl_terminal_open(&top.terminal);
	if (error != 0) {
		ctl_history_fini(&top.history);
		fprintf(stderr, "ranged-ctl: cannot use the terminal: %s\n", strerror(-error));
		return EX_IOERR;
	}
	show(&top);
	while (step(&top))
		;
	number = top.terminal.signal;
	ctl_terminal_close(&top.terminal);
	ctl_history_fini(&top.history);
	if (number != 0 && top.status == 0) {
		signal(number, SIG_DFL);
		raise(number);
	}
	return top.status;
}
