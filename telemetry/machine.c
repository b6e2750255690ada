/* SPDX-License-Identifier: MIT */
#include "telemetry/machine.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

const char *machine_node_arch(const char *arch)
{
	static const struct {
		const char *uname, *node;
	} names[] = {
		{"x86_64", "x64"},    {"i386", "ia32"},       {"i586", "ia32"},           {"i686", "ia32"},
		{"aarch64", "arm64"}, {"armv6l", "arm"},      {"armv7l", "arm"},          {"armv8l", "arm"},
		{"ppc64le", "ppc64"}, {"ppc64", "ppc64"},     {"s390x", "s390x"},         {"mips", "mips"},
		{"mips64", "mipsel"}, {"riscv64", "riscv64"}, {"loongarch64", "loong64"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].uname, arch) == 0)
			return names[i].node;
	}
	return "other";
}

void machine_release(const char *release, char *version, unsigned size_bytes)
{
	unsigned major, minor;

	if (sscanf(release, "%4u.%4u", &major, &minor) != 2)
		major = minor = 0;
	snprintf(version, size_bytes, "%u.%u", major, minor);
}

void machine_init(struct machine *self)
{
	struct utsname name;

	memset(self, 0, sizeof(*self));
	if (uname(&name) < 0)
		memset(&name, 0, sizeof(name));
	machine_release(name.release, self->platform_version, sizeof(self->platform_version));
	snprintf(self->arch, sizeof(self->arch), "%.31s", name.machine[0] ? name.machine : "unknown");
	self->node_arch = machine_node_arch(self->arch);
}

void machine_memory(int64_t values[5])
{
	struct mallinfo2 heap = mallinfo2();
	long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%*s %lld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	values[0] = (int64_t)pages * sysconf(_SC_PAGESIZE);
	values[1] = (int64_t)heap.arena;
	values[2] = (int64_t)heap.uordblks;
	values[3] = (int64_t)heap.hblkhd;
	values[4] = 0;
}

void machine_cpu(int64_t values[2])
{
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	values[0] = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
	values[1] = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
}
