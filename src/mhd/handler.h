/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The callbacks of libmicrohttpd for a request, in the order in which MHD calls them. They are passed as options to
 * MHD_start_daemon(). The argument `cls` is the struct exchange_shared of the server. MHD calls them on the reactor's
 * thread.
 */
#ifndef MHD_HANDLER_H
#define MHD_HANDLER_H

#include <microhttpd.h>
#include <stddef.h>

struct exchange;
struct exchange_shared;

/* MHD_OPTION_URI_LOG_CALLBACK: creates the exchange. Returns NULL if memory runs out. */
void *handler_begin(void *cls, const char *target, struct MHD_Connection *mhd);
/* MHD_OPTION_UNESCAPE_CALLBACK: does not change the target. Returns the length of the target. */
size_t handler_keep_escapes(void *cls, struct MHD_Connection *mhd, char *text);
/* MHD_AccessHandlerCallback: checks and runs the request. Returns MHD_NO if MHD is to close the connection. */
enum MHD_Result handler_call(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
			     const char *version, const char *upload_data, size_t *upload_data_size, void **req_cls);
/* MHD_OPTION_NOTIFY_COMPLETED: logs and ends the exchange. */
void handler_completed(void *cls, struct MHD_Connection *mhd, void **req_cls, enum MHD_RequestTerminationCode code);

/* Removes an exchange from shared->heads, because its connection has ended. */
void handler_forget(struct exchange *exchange);

/*
 * Notes that MHD rejects the input that it is parsing, for the log and the counters. Before version 1.0, also sends an
 * error reply in place of MHD's reply, because MHD sends the head of its reply twice if the Content-Length or Cookie
 * fields are invalid. Must be called when MHD logs the error, which is before MHD creates its reply. The socket is shut
 * down for writing, so it discards MHD's reply.
 */
void handler_parser_failed(struct exchange_shared *shared, unsigned status);

#endif
