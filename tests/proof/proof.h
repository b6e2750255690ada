/* SPDX-License-Identifier: MIT */
/*
 * The proof of what README says on privacy, with the built programs:  proof  |  proof --markdown
 *
 *   off    Every way in which statistics are off x every command, under strace -f, in a network namespace without any connection. Looked
 *          for in what upfront's own processes do and leave behind: the columns of PROOF_LOOKS. The same is then done with a yes,
 *          where each of them must be seen: a look that cannot fail proves nothing.
 *   on     With a yes, words that nobody is to learn stand wherever a program can find something about a person: in no body that
 *          arrives, in no record on disk. One word that the stack file declares must arrive, so that the search is known to find.
 *
 *   proof          begins, keeps the results, ends
 *   proof_ways     the tables: ways to be off, commands
 *   proof_play     plays one way with commands
 *   proof_watch    what a trace and the files show
 *   proof_words    the second part
 *   proof_report   the results as a person reads them, and as README has them
 *
 * PROOF=full plays every command in every way, else (PROOF=quick) every way with the commands of a stack's life, and every command in one of
 * them. In the build folder, tests/proof/report.txt is the result. With --markdown nothing is played: README's block is printed.
 */
#ifndef UPFRONT_TESTS_PROOF_PROOF_H
#define UPFRONT_TESTS_PROOF_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct world;

/* X(name, heading). What upfront's own processes must not do, and not leave, without a yes. */
#define PROOF_LOOKS(X)                                \
	X(LOOK_SOCKET, "network sockets")             \
	X(LOOK_LOOKUP, "name look-ups")               \
	X(LOOK_SENDER, "starts of upfront-telemetry") \
	X(LOOK_FILE, "files not listed below")        \
	X(LOOK_ID, "identifiers")
#define PROOF_ENUMERATOR(name, text) name,
enum proof_look { PROOF_LOOKS(PROOF_ENUMERATOR) LOOK_COUNT };

/* X(name, heading). Where no word about a person may turn up after a yes. */
#define PROOF_PLACES(X)                              \
	X(PLACE_SENT, "what was sent")               \
	X(PLACE_LEDGER, "the ledger and the outbox") \
	X(PLACE_RECEIPT, "the receipts")             \
	X(PLACE_LOG, "upfront's own records of what it ran")
enum proof_place { PROOF_PLACES(PROOF_ENUMERATOR) PLACE_COUNT };
#undef PROOF_ENUMERATOR

#define PROOF_COLUMNS_MAX 8

/* Of the stack with probes, in a network of its own. */
#define PROOF_HTTP_PORT "7001"
#define PROOF_TCP_PORT "7002"

/* What was found, column by column (LOOK_COUNT or PLACE_COUNT of them). */
struct proof_found {
	size_t count[PROOF_COLUMNS_MAX];
	char first[PROOF_COLUMNS_MAX][300];
	size_t probes; /* declared addresses that were used, as they may be */
};

struct proof_row {
	struct proof_found found;
	size_t commands; /* played; 0: not tried */
};

/* ---- proof_ways ---- */

struct proof_way {
	const char *name; /* as README says it */
	const char *argv[8];
	const char *environment[2];
	const char *file, *text; /* a file of the world, written beforehand */
	const char *typed; /* on a terminal: the answer */
	bool terminal;
	bool by_line; /* the dialog is no screen that goes away once answered */
	bool policy; /* `text` is /etc/upfront/config.yaml, in a mount namespace */
	bool scripted; /* what scripts see: the quick form, too, plays every command here */
	bool probed; /* the stack declares probes and a port, so sockets for these are looked away from; network of its own, with loopback */
	bool withdrawn; /* begins with a yes, which is taken back */
	bool keeps_receipt, keeps_settings;
};

extern const struct proof_way proof_ways[];
extern const size_t proof_way_count;
extern const struct proof_way proof_yes; /* what every look must see */

/* In the order of a stack's life; all but the last few while it runs. */
struct proof_command {
	const char *argv[6]; /* behind "upfront"; argv[0]: the command, as `upfront help` lists it */
	bool always; /* played in every way, also by the quick form */
	bool endless; /* ends with the stack */
};

extern const struct proof_command proof_commands[];
extern const size_t proof_command_count;

/* A path that may come to be while statistics are off, below the world's folder (as fnmatch has it), and what README says of it. */
struct proof_path {
	const char *pattern;
	const char *text; /* NULL: a part of the one above */
	bool receipt, settings; /* only where an answer is kept */
	bool record; /* only after a withdrawal: what was sent before stands in it, ids and all */
};

extern const struct proof_path proof_paths[];
extern const size_t proof_path_count;

/* ---- proof_play ---- */

/* Plays one way with all commands, or those of a stack's life only, in a fresh world. */
void proof_play(const struct proof_way *way, bool all, struct proof_row *row);
/* Fails when upfront has a command that is not in the table. */
void proof_assert_commands(void);

/* ---- proof_watch ---- */

/* `from`: bytes of the trace that do not count. */
void proof_watch_trace(const char *file, const struct world *world, const struct proof_way *way, size_t from,
		       struct proof_found *found);
void proof_watch_files(const struct world *world, const struct proof_way *way, struct proof_found *found);
void proof_note(struct proof_found *found, size_t column, const char *what, const char *where);

/* ---- proof_words ---- */

extern const char *const proof_word_places[]; /* where the words stand, as README says it */
extern const size_t proof_word_count;

/* One row a word, and one more for the word that is declared. */
void proof_words(struct proof_row *rows);

/* ---- proof_report ---- */

struct proof_result {
	struct proof_row ways[32], yes;
	struct proof_row words[16];
	bool own_network; /* the first part had a network namespace of its own */
};

/* As it is when all was tried and nothing was found. */
void proof_expect(struct proof_result *result);
void proof_write(FILE *to, const struct proof_result *result);

/*
 * Mounts of this process's own, with `more` namespaces (CLONE_NEWUTS). False: they are not to be had, and nothing has changed - where root is
 * no mount point, paths of programs would be lost with half of it.
 */
bool proof_own_mounts(int more);

#endif
