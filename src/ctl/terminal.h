/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal of `top`: taken over whole, and given back as it was whatever ends the program. One at a time; one
 * thread. */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "ctl/canvas.h"

enum ctl_event { CTL_EVENT_NONE, CTL_EVENT_QUIT, CTL_EVENT_ENDED, CTL_EVENT_REDRAW };

struct ctl_terminal {
	int fds[2]; /* to wait for: keys, signals */
	int signal; /* CTL_EVENT_ENDED: the one that did */
};

/* What a stream shows: no codes if it is no terminal, no colours with NO_COLOR or where TERM knows none. */
enum ctl_colours ctl_terminal_colours(int fd);
/* That of `fd`, else COLUMNS and LINES, else what is there already. */
void ctl_terminal_size(int fd, unsigned *width, unsigned *height);

/* Switches to the alternate screen, with keys as they are typed. 0 or -errno. */
int ctl_terminal_open(struct ctl_terminal *terminal);
void ctl_terminal_close(struct ctl_terminal *terminal);

/* What has come by fds; does not wait. A stop (^Z) is in here. */
enum ctl_event ctl_terminal_event(struct ctl_terminal *terminal);

/* 0 or -errno. */
int ctl_terminal_write(const char *bytes, size_t count);

#endif
