/* SPDX-License-Identifier: MIT */
/*
 * svg - a screen as a picture: a terminal's window with a title, text in runs of one look, lines and bars drawn as shapes so that they join in any
 * font. What changes from one time to the next - times of day, process numbers, folders of this run - is told as always the same.
 */
#ifndef UPFRONT_TESTS_PICTURES_SVG_H
#define UPFRONT_TESTS_PICTURES_SVG_H

struct vt;

struct svg_options {
	const char *title;
	unsigned rows, columns; /* of the terminal */
	const char *folder, *folder_told; /* stands for the folder of this run; NULL: none */
};

/* Writes the screen as it is into the file; fails the running test when it cannot. */
void svg_write(const struct vt *vt, const struct svg_options *options, const char *path);

#endif
