/* SPDX-License-Identifier: MIT */
/*
 * One resolution while it is under way: from parsed files to one tree. Private to the stack_* files. In this order,
 * as Compose does it:
 *
 *   stack_fill      a copy of one file with its variables replaced
 *   stack_normal    each service in normal form: lists of "KEY=value" become maps, short forms long ones, paths absolute
 *   stack_extends   services that extend others get what those say
 *   stack_load      files named by `include` are added, files given later laid over (stack_merge)
 *   stack_finish    what only the whole can tell: kind of service, words of commands, profiles
 *
 * Content errors are collected in `err` and loading goes on as long as that makes sense; a negative result ends it.
 */
#ifndef UPFRONT_CONFIG_STACK_LOAD_H
#define UPFRONT_CONFIG_STACK_LOAD_H

#include "config/err.h"
#include "config/node.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;
struct secrets;
struct stack;
struct stack_file;
struct stack_source;
struct strmap;

/* What extends, include and interpolation may make of a file that is itself within its limits. */
#define STACK_NODES_MAX 1000000u
#define STACK_TEXT_BYTES_MAX (64u * 1024u * 1024u)
#define STACK_NESTING_MAX 64u

/* What a file is read by: its folder, and the variables that includes add below those of the stack. */
struct stack_scope {
	const struct stack_scope *parent;
	const char *dir;
	const struct strmap *dotenv; /* of the include; NULL: none */
};

/* A file filled and in normal form, once for each scope that needs it. */
struct stack_document {
	struct stack_document *next;
	const struct stack_file *file;
	const struct stack_scope *scope;
	struct node *root;
	struct node *extended; /* services whose `extends` are resolved, by name; NODE_NULL: being worked on */
};

struct stack_load {
	struct stack_source *source;
	struct pool *pool; /* goes with the load */
	struct pool *kept; /* stays with the stack */
	const struct strmap *overrides;
	bool mask; /* secrets are starred: for printing */
	struct secrets *secrets; /* their values are added to it; NULL: nobody wants them */
	struct node *declared; /* variables that the stack declares secret, by name; NULL: not looked for */
	const char *project; /* as it was given */
	struct err_place project_place; /* where it stands, if a file says it */
	const char *project_spelled; /* NULL: not known yet */
	struct err *err;
	struct err *warnings; /* NULL: nobody wants them */
	struct strmap *asked; /* names of all variables that were looked up; NULL: nobody wants them */
	struct node *warned; /* names of unset variables already warned of */
	struct stack_document *documents;
	struct strmap *include_envs; /* an array; finished with the load */
	size_t include_env_count;
	const char **files; /* absolute paths, in order of use */
	size_t file_count;
	struct node *inactive; /* services that no active profile wants, by name */
	size_t nodes; /* made so far */
	size_t text_bytes;
};

/* Everything merged, or NULL when an error makes going on useless. `self` is zeroed but for source, pools, overrides, mask, err. */
struct node *stack_load_tree(struct stack_load *self);
/*
 * What x-upfront of the files given says of these keys (NULL behind the last), filled and merged, and of nothing else: it can be had of files
 * that as a whole lack a variable. NULL: nothing, or an error was added.
 */
struct node *stack_load_upfront(struct stack_load *self, const char *const *keys);
void stack_load_finish(struct stack_load *self);

/* Counts nodes; false, with an error said once, beyond the limit. */
bool stack_load_count(struct stack_load *self, size_t nodes, struct err_place place);
/* The file filled and in normal form. */
int stack_load_document(struct stack_load *self, const struct stack_file *file, const struct stack_scope *scope,
			struct stack_document **document);

/* Notes that a variable's value counts. */
void stack_load_ask(const struct stack_load *self, const char *name);
/* A variable's value as the file sees it: overrides, environment, .env, .env of includes. */
const char *stack_load_variable(const struct stack_load *self, const struct stack_scope *scope, const char *name);
int stack_fill(struct stack_load *self, const struct stack_scope *scope, const struct node *from, struct node **filled);
/* The same for one text; NULL after an error. In the pool. */
const char *stack_fill_text(struct stack_load *self, const struct stack_scope *scope, const char *text,
			    struct err_place place);

void stack_normal(struct stack_load *self, struct node *root, const struct stack_scope *scope);
/* Short and long port forms become a list of long ones, ranges spelled out. */
struct node *stack_normal_ports(struct stack_load *self, const struct node *ports);
/* The same for volumes. */
struct node *stack_normal_volumes(struct stack_load *self, const struct node *volumes, const char *dir);

/* `over` laid over `base` by Compose's rules for a whole file; both stay as they are. */
struct node *stack_merge(struct stack_load *self, const struct node *base, const struct node *over);
/* The same for one service. */
struct node *stack_merge_service(struct stack_load *self, const struct node *base, const struct node *over);

/* Replaces each service of the document by what it is with its `extends` resolved. */
int stack_extends(struct stack_load *self, struct stack_document *document);

/* ---- Secrets (stack_mask.c) ---- */

/* The variables declared secret in the files given: for `declared`. */
struct node *stack_load_declared(struct stack_load *self);
bool stack_load_is_secret(const struct stack_load *self, const char *name);
/* Stars for entries whose names speak of secrets, and for passwords in URLs: in a service, in any other section of the file. */
void stack_mask_service(struct stack_load *self, struct node *service);
void stack_mask_section(struct stack_load *self, const char *key, struct node *section);
/* Adds the values of such entries, and those passwords, of a service and of all the tree. */
void stack_mask_collect(struct stack_load *self, const struct stack *stack);
/* Stars for the values collected, wherever they stand. */
void stack_mask_values(struct pool *pool, const struct secrets *secrets, struct node *node);

/* What upfront reads and prints: services of the active profiles, commands in words, folders absolute. */
struct node *stack_finish(struct stack_load *self, const struct node *merged);

#endif
