/* SPDX-License-Identifier: MIT */
#include "tests/proof/proof.h"

#include <string.h>

#define PROOF_TEXT(name, text) text,
static const char *const looks[] = {PROOF_LOOKS(PROOF_TEXT)};
static const char *const places[] = {PROOF_PLACES(PROOF_TEXT)};
#undef PROOF_TEXT

void proof_expect(struct proof_result *result)
{
	*result = (struct proof_result){.own_network = true, .yes.commands = 1};
	for (size_t i = 0; i < LOOK_COUNT; i++)
		result->yes.found.count[i] = 1;
	for (size_t i = 0; i < proof_way_count; i++)
		result->ways[i].commands = 1;
	for (size_t i = 0; i < proof_word_count; i++)
		result->words[i].commands = 1;
}

static void write_heading(FILE *to, const char *first, const char *const *columns, size_t count)
{
	fprintf(to, "| %s |", first);
	for (size_t i = 0; i < count; i++)
		fprintf(to, " %s |", columns[i]);
	fputs("\n|---|", to);
	for (size_t i = 0; i < count; i++)
		fputs("---|", to);
	fputc('\n', to);
}

/* `wanted`: what each column reads when it is as it must be; the other word, and what it was, when it is not. */
static void write_row(FILE *to, const char *name, const struct proof_row *row, size_t count, const char *none,
		      const char *some)
{
	fprintf(to, "| %s |", name);
	for (size_t i = 0; i < count; i++) {
		if (row->commands == 0)
			fputs(" not tried |", to);
		else if (row->found.count[i] == 0)
			fprintf(to, " %s |", none);
		else if (row->found.first[i][0] == '\0')
			fprintf(to, " %s |", some);
		else
			fprintf(to, " **%s** |", some);
	}
	fputc('\n', to);
}

static void write_commands(FILE *to)
{
	const char *last = "";

	fputs("`up`", to);
	for (size_t i = 0; i < proof_command_count; i++) {
		const char *name = proof_commands[i].argv[0];

		if (strcmp(name, last) != 0 && strcmp(name, "up") != 0 && strchr(name, '-') == NULL &&
		    (strcmp(name, "telemetry") != 0 || strcmp(proof_commands[i].argv[1], "status") == 0))
			fprintf(to, ", `%s`", name);
		last = name;
	}
}

static void write_paths(FILE *to)
{
	for (size_t i = 0; i < proof_path_count; i++)
		if (proof_paths[i].text != NULL)
			fprintf(to, "- %s\n", proof_paths[i].text);
}

void proof_write(FILE *to, const struct proof_result *result)
{
	fputs("`make proof` runs the built programs under `strace`", to);
	fputs(result->own_network ? ", in a network namespace that has no connection to anything" : "", to);
	fputs(",\nand looks at every call of upfront's own processes and at every file that is there afterwards. With "
	      "statistics off, whatever\n"
	      "the reason, and with every command (",
	      to);
	write_commands(to);
	fputs("):\n\n", to);
	write_heading(to, "statistics are off because", looks, LOOK_COUNT);
	for (size_t i = 0; i < proof_way_count; i++)
		write_row(to, proof_ways[i].name, &result->ways[i], LOOK_COUNT, "none", "FOUND");
	write_row(to, "*for comparison: a yes, which must be seen*", &result->yes, LOOK_COUNT, "NOT SEEN", "seen");
	fputs("\nThe stack of the last way has probes and a port, for which upfront must use sockets; the others have "
	      "none. What is\n"
	      "made on disk without a yes, and nothing else:\n\n",
	      to);
	write_paths(to);
	fputs("\nWith statistics on, a word that nobody is to learn is put in each of these places, and looked for in "
	      "all that arrives at\n"
	      "the receiver and in all that is kept:\n\n",
	      to);
	write_heading(to, "a word in", places, PLACE_COUNT);
	for (size_t i = 0; i < proof_word_count; i++)
		write_row(to, proof_word_places[i], &result->words[i], PLACE_COUNT, "not there", "FOUND");
	fputs("\nA word that the stack file declares as a property is found in what was sent and in the ledger, as it "
	      "must be.\n",
	      to);
}
