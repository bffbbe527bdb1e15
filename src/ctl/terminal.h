/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The terminal of `top`, in full-screen mode. The former state of the terminal is restored however the program ends.
 * Only one terminal can be open at a time, and only one thread may use it.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "ctl/canvas.h"

enum ctl_event { CTL_EVENT_NONE, CTL_EVENT_QUIT, CTL_EVENT_ENDED, CTL_EVENT_REDRAW };

struct ctl_terminal {
	int fds[2]; /* descriptors for keys and signals; readable when an event may be pending */
	int signal; /* number of the signal that caused CTL_EVENT_ENDED */
};

/*
 * Returns the colour support of a descriptor: no codes if it is not a terminal, no colours if NO_COLOR is set or the
 * terminal type in TERM has no colours.
 */
enum ctl_colours ctl_terminal_colours(int fd);
/*
 * Stores the size of the terminal, or the values of COLUMNS and LINES in the environment. If neither is known, the size
 * is unchanged.
 */
void ctl_terminal_size(int fd, unsigned *width, unsigned *height);

/* Switches to the alternate screen and to input without line buffering. Returns 0 or -errno. */
int ctl_terminal_open(struct ctl_terminal *terminal);
/* Restores the terminal and the signal mask. */
void ctl_terminal_close(struct ctl_terminal *terminal);

/* Returns the next event, or CTL_EVENT_NONE. Does not wait for an event. On SIGTSTP (Ctrl-Z), suspends the process. */
enum ctl_event ctl_terminal_event(struct ctl_terminal *terminal);

/* Writes all bytes to standard output. Returns 0 or -errno. */
int ctl_terminal_write(const char *bytes, size_t count);

#endif
