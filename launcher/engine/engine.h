/* SPDX-License-Identifier: MIT */
/*
 * What an engine is: it does (starts, signals, reports) and never decides. The supervisor calls an engine's operations, the
 * engine reports back through engine_events from the same loop, never from inside an operation that could surprise its
 * caller: reports come later, from the loop. One file an engine: native.c, compose.c, later swarm.c.
 *
 * A unit is one replica of one service, named by the supervisor's small integer, never by a pointer.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_ENGINE_H
#define UPFRONT_LAUNCHER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct compose_setup;
struct err;
struct event_base;
struct notify_message;
struct oom_sources;
struct service;
struct spawn_users;
struct stack;
struct stack_source;
struct strmap;

/* How a unit ended. */
struct engine_exit {
	bool signaled;
	int code; /* exit code, when not signaled */
	int signal; /* signal number, when signaled */
	bool core; /* dumped core */
	bool oom; /* ended by the kernel for memory */
	bool leftovers; /* processes it had started are still there; `cleared` follows when they are gone */
	bool restarting; /* the engine starts it again by itself: `started` follows, and nobody else is to */
};

enum engine_stream { ENGINE_STDOUT, ENGINE_STDERR };

struct engine_start {
	pid_t pid; /* of the main process; 0: it is none of this machine's */
	bool has_health; /* the engine asks by itself whether it is well: `health` follows */
	const char *id; /* of the container, short; NULL: none */
};

/* What an engine is busy with before a unit can start. */
enum engine_work { ENGINE_PULLING, ENGINE_BUILDING, ENGINE_CREATING };
struct engine_progress {
	enum engine_work work;
	int64_t done, total; /* bytes pulled, steps built; total 0: not known */
	const char *text; /* what exactly: an image, a step; may be NULL */
};

struct engine_events {
	/* The program runs (its exec succeeded). */
	void (*started)(void *context, unsigned unit, const struct engine_start *start);
	/* Before that; NULL: nothing is being worked on any more. The listener may be NULL, too. */
	void (*progress)(void *context, unsigned unit, const struct engine_progress *progress);
	/* It could not be started: `why` is borrowed and says what and why. */
	void (*start_failed)(void *context, unsigned unit, const struct err *why);
	void (*exited)(void *context, unsigned unit, const struct engine_exit *how);
	/* What the unit's main process had left behind has ended (only after `exited` with leftovers). */
	void (*cleared)(void *context, unsigned unit);
	/* Health as the engine itself knows it (containers); native units are probed by the supervisor. */
	void (*health)(void *context, unsigned unit, bool well, const char *detail);
	/*
	 * What a unit of a service with `ready: {notify: true}` says of itself (process/notify.h): after `started`, and all that was said
	 * before the end comes before `exited`. NULL: nobody listens.
	 */
	void (*notified)(void *context, unsigned unit, const struct notify_message *message);
	/*
	 * Bytes a unit wrote, as read: any bytes, any cut; time_ms: wall clock of their first byte, 0: now. Returns false to hold that
	 * unit's output back (see resume).
	 */
	bool (*output)(void *context, unsigned unit, enum engine_stream stream, const char *bytes, size_t size_bytes,
		       int64_t time_ms);
	/* All output of the unit's last run has been delivered (comes after `exited` unless a descendant holds the pipe). */
	void (*output_ended)(void *context, unsigned unit);
	/*
	 * What does the work (a daemon) is not there any more, and `why`; or is again: NULL. In between units are as they were last heard of, and
	 * what is asked of them is done once it is back. NULL: an engine that is always there.
	 */
	void (*reachable)(void *context, const struct err *why);
	/* The answer to `close`: what is still there, and why; NULL: nothing. */
	void (*closed)(void *context, const struct err *why);
	/* True for a child that whoever made the engine started itself: nothing a unit left. NULL: there are none such. */
	bool (*is_other)(void *context, pid_t pid);
};

struct engine_options {
	struct event_base *base;
	const struct stack *stack;
	const struct strmap *environment; /* of the `up`, without upfront's own variables; outlives the engine */
	const struct strmap *telemetry; /* laid over every unit's environment; outlives the engine */
	struct spawn_users
		*users; /* whom services run as, looked up before; outlives the engine. NULL: looked up at each start */
	const char *marker; /* NAME=value put into every unit's environment, so that strays are known */
	const struct oom_sources *oom; /* where kills for want of memory are counted; NULL: where the kernel does */
	const struct engine_events *events;
	void *context;
	/* Engines of containers only. */
	const struct compose_setup *compose; /* as found before; outlives the engine */
	const struct stack_source *source; /* NULL, or forgotten: the user's own files are not to be had */
	const struct strmap
		*interpolation; /* of `telemetry`: what files are filled in with, over all else; outlives the engine */
	const char *state_dir;
	const char *runtime_dir; /* ours, 0700: for files that may hold secrets */
};

/* What a unit and its descendants use; all zero when it does not run. */
struct engine_stats {
	int64_t rss_bytes;
	int64_t cpu_user_us, cpu_system_us;
	int processes, threads;
	int fds; /* open descriptors; -1 when they cannot be seen */
};

/* The same in short, as it is followed; all zero when it does not run. */
struct engine_sample {
	int64_t rss_bytes;
	int64_t cpu_us; /* falls when a descendant ends whose time nobody inherits */
	int processes;
};

struct engine;

struct engine_ops {
	const char *name;
	struct engine *(*create)(const struct engine_options *options, struct err *err);
	/* Starts one unit of `service`; replica counts from 1. Every outcome is reported by an event. */
	void (*start)(struct engine *self, unsigned unit, const struct service *service, int replica);
	/*
	 * Asks the unit to end: by `signal`, or by its own stop signal where the engine knows of one. What still runs after grace_ms is `kill`ed by
	 * the caller, or by the engine itself. -ESRCH when there is nothing to stop.
	 */
	int (*stop)(struct engine *self, unsigned unit, int signal, int64_t grace_ms);
	/*
	 * Sends a signal to the unit's process group; when the main process has ended, to what it left behind, except those of the
	 * group if that had this signal already. -ESRCH when there is nothing to signal.
	 */
	int (*signal)(struct engine *self, unsigned unit, int signal);
	/* SIGKILL to the group and to every descendant that left it. */
	void (*kill)(struct engine *self, unsigned unit);
	/*
	 * From here on every unit is to end, and none starts. Then nobody needs to be looked up before it is signalled: what turns up
	 * without a parent and is nobody else's comes from the units that end.
	 */
	void (*ending)(struct engine *self);
	/* The unit is no more, and ended: what the engine keeps of it goes. NULL: nothing is kept. */
	void (*forget)(struct engine *self, unsigned unit);
	/*
	 * The stack, or what `telemetry` and `interpolation` of the options hold, is another from here on; what runs goes on. NULL: nothing
	 * is kept of either.
	 */
	void (*renew)(struct engine *self, const struct stack *stack, const struct stack_source *source);
	/* All units have ended: what else was made for them goes, with their volumes if that is wanted; `closed` follows. NULL: nothing. */
	void (*close)(struct engine *self, bool volumes);
	/* Reads output of this unit again. */
	void (*resume_output)(struct engine *self, unsigned unit);
	/*
	 * Types into the unit's terminal, after all that was typed before; never waits. -ESRCH: it does not run; -ENOTTY: it has no
	 * terminal; -EACCES: it takes no input; -EIO: it has closed it; -ENOBUFS: too much waits already, and none of this was taken.
	 */
	int (*type)(struct engine *self, unsigned unit, const char *bytes, size_t size_bytes);
	/* Its terminal's size from here on, also of later runs; the program is told even when it is the same. -ESRCH, -ENOTTY. */
	int (*resize)(struct engine *self, unsigned unit, unsigned rows, unsigned columns);
	/* What these units use now, measured in one pass. 0 or -errno. */
	int (*stats)(struct engine *self, const unsigned *units, size_t count, struct engine_stats *stats);
	/*
	 * The same for who asks again and again: as cheap as can be. `units` NULL: nobody asks any more, and what was kept for it goes. 0 or
	 * -errno, and then nothing is said.
	 */
	int (*sample)(struct engine *self, const unsigned *units, size_t count, struct engine_sample *samples);
	/* A child of this process ended that the engine may not know; true when it was one of its units. */
	bool (*reaped)(struct engine *self, pid_t pid, const struct engine_exit *how);
	/*
	 * True for a child of this process, not reaped yet, that the engine started for its own work: nothing a unit of another engine has
	 * left. NULL: there are none such.
	 */
	bool (*owns)(const struct engine *self, pid_t pid);
	void (*destroy)(struct engine *self);
};

extern const struct engine_ops engine_native;
extern const struct engine_ops engine_compose; /* launcher/engine/compose.h */

#endif
