/* SPDX-License-Identifier: MIT */
/*
 * template - x-upfront.files: a file that is missing is made from a template, with the stack's variables filled in as in a stack file (`${V}`,
 * `${V:-default}`, `$$` for a dollar sign). Which are those of the environment and of .env, and COMPOSE_PROJECT_NAME; never what services
 * are told of telemetry.
 *
 * Nothing outside of the stack's folder is read or made: paths are walked step by step, through no link. What is there already is
 * left as it is, whatever it is. A new file appears whole or not at all.
 */
#ifndef UPFRONT_CONFIG_TEMPLATE_H
#define UPFRONT_CONFIG_TEMPLATE_H

#include "config/interpolate.h"

#include <stdbool.h>
#include <stddef.h>

struct err;
struct stack_source;
struct stack_template;

/*
 * The text with its variables replaced; errors name line and column of `name`. The caller frees *filled. -EINVAL for what is no text, too.
 */
int template_fill(const char *name, const char *text, size_t size_bytes, const struct interpolate_source *variables,
		  char **filled, size_t *filled_size_bytes, struct err *err);

/*
 * Makes the file if it is missing, and the folders it lies in; *made says whether. `project` is the stack's name. ERR_CONFIG says what was in the
 * way; a variable that is not set is filled in as nothing, and `warnings` says so.
 */
int template_make(const struct stack_source *source, const char *project, const struct stack_template *template,
		  bool *made, struct err *warnings, struct err *err);

#endif
