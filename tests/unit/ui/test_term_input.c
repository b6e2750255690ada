/* SPDX-License-Identifier: MIT */
/* Bytes of a terminal to keys: whole and cut sequences, mouse reports, pastes, characters, answers; and the clipboard's sequence. */
#include "ui/keys.h"
#include "ui/term_clipboard.h"
#include "ui/term_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the bytes come to: names of keys, separated by blanks. '|' stands for a moment in which nothing comes. */
static void play(struct term_input *input, const char *bytes, char *out)
{
	*out = '\0';
	for (; *bytes != '\0'; bytes++) {
		char name[KEY_NAME_MAX];
		uint32_t key;
		bool got;
		if (*bytes == '|') {
			got = term_input_pause(input, &key);
		} else if (*bytes == '\033' && !term_input_is_open(input) && (bytes[1] == '[' || bytes[1] == 'O')) {
			term_input_begin(input, *++bytes);
			continue;
		} else {
			got = term_input_byte(input, (unsigned char)*bytes, &key);
		}
		if (!got)
			continue;
		key_spell(key, name);
		if (key == UI_KEY_PASTE || key == UI_KEY_PASTE_END)
			snprintf(name, sizeof(name), key == UI_KEY_PASTE ? "<" : ">");
		if (key == UI_KEY_MOUSE)
			snprintf(name, sizeof(name), "%c%u,%u", "pdr+-"[input->mouse.kind], input -> mouse.row,
				 input->mouse.column);
		out += sprintf(out, "%s%s", key == UI_KEY_OTHER ? "other" : name, bytes[1] != '\0' ? " " : "");
	}
}

static void check(bool text, const char *bytes, const char *expected)
{
	struct term_input input = {.text = text};
	char out[512];

	play(&input, bytes, out);
	while (out[0] != '\0' && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
	assert_string_equal(out, expected);
}

static void sequences_are_read(void **state)
{
	static const struct {
		const char *bytes, *keys;
	} table[] = {
		{"a\033[Ab", "a Up b"},
		{"\033OA\033[Z\033OP\033[15~\033[20~\033[3~", "Up Shift-Tab F1 F5 F9 Delete"},
		{"\033[5~\033[6~\033[1~\033[4~", "Page Up Page Down Home End"},
		/* Known to nobody: swallowed whole, said to be another key. */
		{"\033[1;5Ca", "other a"},
		{"\033[21~a", "other a"},
		{"\033[I\033[97;5ua", "other other a"},
		{"\033[\003a", "other a"},
		/* Answers to what was asked, or to what was not. */
		{"\033[?2026;2$ya", "a"},
		{"\033[?1;2ca", "other a"},
		/* Cut: its rest is awaited, and never read as keys. */
		{"\033[1|;5|Ca", "other a"},
		{"\033[<0;12|;5Ma", "p4,11 a"},
		/* Alt and a bracket. */
		{"\033[|a", "other a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check(true, table[i].bytes, table[i].keys);
	/* The question takes no text: what is cut is over at once there. */
	check(false, "\033[1|a", "other a");
}

static void a_sequence_without_end_is_noise(void **state)
{
	struct term_input input = {.text = true};
	char bytes[200] = "\033[", out[1024];

	(void)state;
	memset(bytes + 2, '1', sizeof(bytes) - 3);
	play(&input, bytes, out);
	assert_string_equal(out + strlen(out) - 1, "1");
	assert_int_equal(strncmp(out, "other 1", 7), 0);
	assert_false(term_input_is_open(&input));
}

static void mice_are_read(void **state)
{
	static const struct {
		const char *bytes, *keys;
	} table[] = {
		{"\033[<0;1;1M", "p0,0"},
		{"\033[<0;80;24m", "r23,79"},
		{"\033[<32;3;4M", "d3,2"},
		{"\033[<64;3;4M\033[<65;3;4M", "+3,2 -3,2"},
		{"\033[<16;3;4M", "p3,2"}, /* with Ctrl */
		/* Other buttons, other wheels, moves without a button: nobody's. */
		{"\033[<1;3;4M\033[<2;3;4M\033[<35;3;4M\033[<66;3;4M\033[<128;1;1Ma", "a"},
		{"\033[<0;3Ma\033[<M", "a"},
		{"\033[<0;0;0M", "p0,0"},
		{"\033[<0;99999999999;1M", "p0,99998"},
		/* Of old: three bytes that are no keys. */
		{"\033[M !!a", "a"},
		{"\033[M !|!a", "a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check(true, table[i].bytes, table[i].keys);
}

static void pastes_hold_characters_only(void **state)
{
	static const struct {
		const char *bytes, *keys;
	} table[] = {
		{"\033[200~a b\033[201~", "< a Space b >"},
		{"\033[200~x\r\n\ty\033[201~\r", "< x Space Space Space y > Enter"},
		{"\033[200~\001\177q\033[A\033OP\033[201~", "< q >"},
		{"\033[200~\033[<0;1;1Mq\033[201~", "< q >"},
		{"\033[200~\303\244\033[201~", "< \303\244 >"},
		/* An end that was lost: Ctrl-C is the way out. */
		{"\033[200~ab\003\003", "< a b > Ctrl-C"},
		{"\033[201~a\033[200~\033[200~b\033[201~", "a < b >"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check(true, table[i].bytes, table[i].keys);
	check(false, "\033[200~y", "y");
}

static void characters_are_read(void **state)
{
	static const struct {
		bool text;
		const char *bytes, *keys;
	} table[] = {
		{true, "\303\244\345\225\206\360\237\230\200", "\303\244 \345\225\206 \360\237\230\200"},
		{true, "\303|\244", "\303\244"},
		/* What is no character takes nothing along. */
		{true, "\303a", "a"},
		{true, "\303\303\244", "\303\244"},
		{true, "\345\225q\206", "q other"},
		{true, "\377a\200\301a", "other a other other a"},
		{true, "\355\240\200a", "other a"},
		{false, "\303\244y", "other other y"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check(table[i].text, table[i].bytes, table[i].keys);
}

static void answers_are_kept(void **state)
{
	static const struct {
		const char *bytes;
		bool answered, synchronised;
	} table[] = {
		{"\033[?2026;2$y", true, true},  {"\033[?2026;1$y", true, true},   {"\033[?2026;0$y", true, false},
		{"\033[?2026;4$y", true, false}, {"\033[?1004;1$y", false, false}, {"\033[?2026;2", false, false},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct term_input input = {.text = true};
		play(&input, table[i].bytes, out);
		assert_string_equal(out, "");
		assert_int_equal(input.answered, table[i].answered);
		assert_int_equal(input.synchronised, table[i].synchronised);
	}
}

static void the_clipboard_is_spelled(void **state)
{
	static const struct {
		const char *bytes;
		bool tmux;
		const char *sequence;
	} table[] = {
		{"", false, "\033]52;c;\007"},
		{"f", false, "\033]52;c;Zg==\007"},
		{"fo", false, "\033]52;c;Zm8=\007"},
		{"foo", false, "\033]52;c;Zm9v\007"},
		{"\377\376\375\303", false, "\033]52;c;//79ww==\007"},
		{"foo", true, "\033]52;c;Zm9v\007\033Ptmux;\033\033]52;c;Zm9v\007\033\\"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t size;
		char *sequence = term_clipboard_sequence(table[i].bytes, strlen(table[i].bytes), table[i].tmux, &size);
		assert_non_null(sequence);
		assert_int_equal(size, strlen(table[i].sequence));
		assert_memory_equal(sequence, table[i].sequence, size);
		free(sequence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_are_read),
		cmocka_unit_test(a_sequence_without_end_is_noise),
		cmocka_unit_test(mice_are_read),
		cmocka_unit_test(pastes_hold_characters_only),
		cmocka_unit_test(characters_are_read),
		cmocka_unit_test(answers_are_kept),
		cmocka_unit_test(the_clipboard_is_spelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
