/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal of `top`: full screen, with its former state restored however the program ends. There is one at a time,
 * and one thread uses it.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "ctl/canvas.h"

enum ctl_event { CTL_EVENT_NONE, CTL_EVENT_QUIT, CTL_EVENT_ENDED, CTL_EVENT_REDRAW };

struct ctl_terminal {
	int fds[2]; /* readable when an event may be pending: keys, signals */
	int signal; /* the signal of CTL_EVENT_ENDED */
};

/*
 * Returns the abilities of a stream: no codes if it is not a terminal, no colours if NO_COLOR is set or TERM has none.
 */
enum ctl_colours ctl_terminal_colours(int fd);
/* Stores the size of the terminal, or COLUMNS and LINES of the environment; otherwise the size stays unchanged. */
void ctl_terminal_size(int fd, unsigned *width, unsigned *height);

/* Switches to the alternate screen and to input without line buffering. Returns 0 or -errno. */
int ctl_terminal_open(struct ctl_terminal *terminal);
/* Restores the terminal and the signal mask. */
void ctl_terminal_close(struct ctl_terminal *terminal);

/* Returns the next event without waiting for one. Suspends the process itself on SIGTSTP (^Z). */
enum ctl_event ctl_terminal_event(struct ctl_terminal *terminal);

/* Writes all bytes to standard output. Returns 0 or -errno. */
int ctl_terminal_write(const char *bytes, size_t count);

#endif
