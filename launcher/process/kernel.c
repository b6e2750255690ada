/* SPDX-License-Identifier: MIT */
#include "launcher/process/kernel.h"

#include "config/err.h"

#include <stdio.h>
#include <sys/utsname.h>

int kernel_check(struct err *err)
{
	struct utsname name;
	int major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return 0;
	if (major > 5 || (major == 5 && minor >= 10))
		return 0;
	return err_set(err, ERR_MISSING, "this kernel is %s, but Linux 5.10 or newer is needed", name.release);
}
