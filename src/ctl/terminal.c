/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals are blocked and read from a signalfd, as keys are read from the terminal. So the program ends in one place,
 * and no signal interrupts it elsewhere. Only signals of a crash, such as SIGSEGV, have handlers. The handlers restore
 * the terminal, and the default action then ends the process.
 *
 * The state of the terminal is in static variables, because a signal handler needs the state. The program has one
 * thread.
 */
#include "ctl/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/*
 * ENTER switches to the alternate screen and disables the cursor and line wrapping. LEAVE reverts these changes and
 * resets the colours.
 */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[0m\033[?1049l"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };
static const int faults[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

static struct termios before;	      /* settings to restore */
static volatile sig_atomic_t entered; /* the alternate screen is active */
static sigset_t mask_before;

enum ctl_colours ctl_terminal_colours(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *colorterm = getenv("COLORTERM");

	if (!isatty(fd) || term == NULL || strcmp(term, "dumb") == 0)
		return CTL_NO_CODES;
	if ((no_color != NULL && *no_color != '\0') || strncmp(term, "vt", 2) == 0 || strstr(term, "-mono") != NULL)
		return CTL_MONOCHROME;
	if (strstr(term, "256color") != NULL || (colorterm != NULL && *colorterm != '\0'))
		return CTL_COLOURS_256;
	return CTL_COLOURS_8;
}

static void size_of_environment(const char *name, unsigned *size)
{
	const char *text = getenv(name);
	unsigned long value = text != NULL ? strtoul(text, NULL, 10) : 0;

	if (value > 0 && value <= 1000)
		*size = (unsigned)value;
}

void ctl_terminal_size(int fd, unsigned *width, unsigned *height)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
		*width = size.ws_col < 1000 ? size.ws_col : 1000;
		*height = size.ws_row < 1000 ? size.ws_row : 1000;
		return;
	}
	size_of_environment("COLUMNS", width);
	size_of_environment("LINES", height);
}

int ctl_terminal_write(const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, count);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };

			poll(&room, 1, 1000);
		} else if (written < 0 && errno != EINTR) {
			return -errno;
		} else if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
	return 0;
}

/* Restores the terminal. May be called in a signal handler. */
static void leave(void)
{
	if (!entered)
		return;
	entered = 0;
	ctl_terminal_write(LEAVE, sizeof(LEAVE) - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static int enter(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return -errno;
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
		return -errno;
	entered = 1;
	return ctl_terminal_write(ENTER, sizeof(ENTER) - 1);
}

/* Signal handler. SA_RESETHAND has restored the default action, so raise() ends the process. */
static void end_by_fault(int number)
{
	leave();
	raise(number);
}

int ctl_terminal_open(struct ctl_terminal *terminal)
{
	struct sigaction action = { .sa_handler = end_by_fault, .sa_flags = SA_RESETHAND | SA_NODEFER };
	sigset_t mask;
	int error;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&mask, caught[i]);
	*terminal = (struct ctl_terminal){ .fds = { STDIN_FILENO, signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK) } };
	if (terminal->fds[1] < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &action, NULL);
	error = enter();
	if (error != 0)
		ctl_terminal_close(terminal);
	return error;
}

void ctl_terminal_close(struct ctl_terminal *terminal)
{
	leave();
	close(terminal->fds[1]);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* Restores the terminal and suspends the process. After SIGCONT, switches to full-screen mode again. */
static enum ctl_event stop(struct ctl_terminal *terminal)
{
	leave();
	raise(SIGSTOP);
	if (enter() == 0)
		return CTL_EVENT_REDRAW;
	terminal->signal = SIGHUP;
	return CTL_EVENT_ENDED;
}

static enum ctl_event read_signal(struct ctl_terminal *terminal)
{
	struct signalfd_siginfo info;

	if (read(terminal->fds[1], &info, sizeof(info)) != sizeof(info))
		return CTL_EVENT_NONE;
	switch (info.ssi_signo) {
	case SIGINT:
		return CTL_EVENT_QUIT;
	case SIGTSTP:
		return stop(terminal);
	case SIGWINCH:
	case SIGCONT:
		return CTL_EVENT_REDRAW;
	}
	terminal->signal = (int)info.ssi_signo;
	return CTL_EVENT_ENDED;
}

static enum ctl_event read_key(struct ctl_terminal *terminal)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;
	ssize_t count;

	if (poll(&input, 1, 0) <= 0)
		return CTL_EVENT_NONE;
	count = read(STDIN_FILENO, &key, 1);
	if (count == 1)
		return key == 'q' || key == 'Q' ? CTL_EVENT_QUIT : key == '\f' ? CTL_EVENT_REDRAW : CTL_EVENT_NONE;
	/* If the terminal is readable but there is no key, the terminal was closed. */
	if (count < 0 && errno == EAGAIN)
		return CTL_EVENT_NONE;
	terminal->signal = SIGHUP;
	return CTL_EVENT_ENDED;
}

enum ctl_event ctl_terminal_event(struct ctl_terminal *terminal)
{
	enum ctl_event event = read_signal(terminal);

	return event != CTL_EVENT_NONE ? event : read_key(terminal);
}
