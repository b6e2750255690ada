/* SPDX-License-Identifier: MIT */
/*
 * The control API: HTTP/1.1 and JSON on a unix socket (evhttp), described in openapi.yaml beside this file. Peers of another
 * user are refused; bodies are at most 64 KB, connections at most 64 (ctl_gate.h says who makes room). The route table in ctl_routes.c is what holds:
 *
 *   GET  /v1/stack                       phase, project, app, failure, consent
 *   POST /v1/stack/down {"grace_ms":N}   orderly stop; answers 202 at once
 *   POST /v1/stack/detach
 *   POST /v1/stack/start|stop|restart|kill   {"services":[...], "no_deps":B, "timeout_ms":N, "signal":S, "dry_run":B}
 *   POST /v1/stack/reload                {"files":[...], "env_files":[...], "profiles":[...], "dry_run":B}
 *   GET  /v1/services                    all units
 *   GET  /v1/services/{name}
 *   GET  /v1/services/{name}/detail      its story: definition, probe answers, ends, processes, environment
 *   POST /v1/services/{name}/start|stop|restart|kill   {"signal":"SIGTERM"} for kill
 *   GET  /v1/services/{name}/terminal    stream: the bytes of its terminal
 *   POST /v1/services/{name}/terminal    bytes, which are typed into it
 *   POST /v1/services/{name}/terminal/size   {"rows":N, "columns":N}
 *   GET  /v1/graph                       which service needs which
 *   GET  /v1/stats                       what each unit, and upfront itself, uses now
 *   POST /v1/services/{name}/scale       {"replicas":N}
 *   GET  /v1/events?usage=               stream, one JSON object a line: first a "snapshot", then changes; with usage=MS figures, too
 *   GET  /v1/logs?service=&follow=&tail=&wake= stream of frames, see below
 *   GET  /v1/telemetry                   what holds and why
 *   POST /v1/telemetry/withdraw
 *   POST /v1/telemetry/command           a client tells of the command that it was
 *
 * A log frame is one header line "UNIT STREAM TIME_MS SIZE FLAGS\n" (FLAGS: '-' or 'p' for a partial line), then SIZE bytes, then "\n".
 * The flag 'd' marks lines that were left out for a reader that was too slow: the text is their number. With wake=1 no lines come, only
 * empty frames with the flag 'w': there is more in the log files, which were written before.
 *
 *   ctl            listening, and the server
 *   ctl_gate       who is let in, how many and how fast
 *   ctl_routes     the table of endpoints and what answers each
 *   ctl_act        those of the answers that change services
 *   ctl_terminal   those that belong to a service's own terminal
 *   ctl_telemetry  what is reported of it, and what is known of telemetry
 *   ctl_stream     followers of events, logs and terminals, with back-pressure
 *   ctl_usage      what units use, followed
 *   ctl_json       what is said, as JSON; ctl_json_stats: what is measured; ctl_json_detail: one unit's story
 *   ctl_address    socket addresses of any length, shared with the client
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_H

/* Bytes typed by one request, and the longest side of a terminal. */
#define CTL_TERMINAL_TYPED_MAX 4096u
#define CTL_TERMINAL_SIDE_MAX 10000u

struct ctl;
struct err;
struct event_base;
struct supervisor;

/*
 * Binds and listens at `path`: socket 0600 in a folder made by paths_make_private; a stale socket file is replaced only by the
 * holder of the project's lock (the caller). Longer paths than a socket address holds go through /proc/self/fd.
 * Returns the descriptor (close-on-exec, non-blocking) or a negative errno.
 */
int ctl_listen(const char *path, struct err *err);

/* Serves `listen_fd` (not owned) on the loop. */
struct ctl *ctl_create(struct event_base *base, int listen_fd, struct supervisor *supervisor, struct err *err);
/* Ends streams with what is due to them, then frees. */
void ctl_destroy(struct ctl *self);

#endif
