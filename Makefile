# SPDX-License-Identifier: MIT
# upfront: one Makefile, no configure step. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

# VARIANT chooses compiler and flags; each has a build folder of its own.
#   release (gcc, optimised)   clang   asan (clang, ASan+UBSan)   coverage (gcc --coverage)
VARIANT ?= release
B ?= build/$(VARIANT)

ifeq ($(VARIANT),clang)
override CC := clang
else ifeq ($(VARIANT),asan)
override CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif

PACKAGES_CONFIG := libfyaml libcjson
PACKAGES_TELEMETRY := libcjson uuid
PACKAGES_SENDER := libcurl sqlite3 zlib libcjson libevent uuid
PACKAGES_UI := ncursesw
PACKAGES_LAUNCHER := libevent libcjson
PACKAGES_TEST := cmocka vterm libevent libcjson zlib

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings
HARDEN := -fstack-protector-strong -fPIE
OPTIMISE := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifeq ($(VARIANT),asan)
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LINK_HARDEN := -pie -fsanitize=address,undefined
else ifeq ($(VARIANT),coverage)
OPTIMISE := -O0 -g --coverage
LINK_HARDEN := -pie --coverage
endif
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DUPFRONT_VERSION='"$(VERSION)"' -DUPFRONT_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-I. $(WARNINGS) $(HARDEN) $(OPTIMISE) -MMD -MP $(ROOM_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDEN) $(LDFLAGS)

Q := @
ifeq ($(V),1)
Q :=
endif
say = $(if $(Q),@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- Rooms: each is an archive; a room links only those below it, so a wrong dependency does not even link. ----

ROOMS := config ui telemetry sender process engine supervisor command
DIR_config := config
DIR_ui := ui
DIR_telemetry := telemetry
DIR_sender := telemetry/sender
DIR_process := launcher/process
DIR_engine := launcher/engine
DIR_supervisor := launcher/supervisor
DIR_command := launcher/command

MAINS := launcher/main.c telemetry/sender/main.c
SRC_command := $(filter-out launcher/main.c,$(wildcard launcher/*.c)) $(wildcard launcher/command/*.c)
SRC_sender := $(filter-out telemetry/sender/main.c,$(wildcard telemetry/sender/*.c))
$(foreach r,$(filter-out command sender,$(ROOMS)),$(eval SRC_$(r) := $(wildcard $(DIR_$(r))/*.c)))
$(foreach r,$(ROOMS),$(eval OBJ_$(r) := $(SRC_$(r):%.c=$(B)/%.o)))
$(foreach r,$(ROOMS),$(eval $(B)/lib$(r).a: $(OBJ_$(r))))
lib = $(foreach r,$(1),$(B)/lib$(r).a)

BELOW_config := config
BELOW_ui := ui config
BELOW_telemetry := telemetry config
BELOW_sender := sender config
BELOW_process := process config
BELOW_engine := engine process config
BELOW_supervisor := supervisor engine process telemetry config
BELOW_command := command supervisor engine process telemetry ui config

LIBS_config = $(call pkg,--libs,$(PACKAGES_CONFIG))
LIBS_ui = $(call pkg,--libs,$(PACKAGES_UI)) $(LIBS_config)
LIBS_telemetry = $(call pkg,--libs,$(PACKAGES_TELEMETRY)) $(LIBS_config)
LIBS_sender = $(call pkg,--libs,$(PACKAGES_SENDER)) $(LIBS_config)
LIBS_process = $(call pkg,--libs,libevent) $(LIBS_config)
LIBS_engine = $(LIBS_process)
LIBS_supervisor = $(call pkg,--libs,$(PACKAGES_LAUNCHER) uuid) $(LIBS_config)
LIBS_command = $(call pkg,--libs,$(PACKAGES_LAUNCHER) uuid $(PACKAGES_UI)) $(LIBS_config)

BIN := $(B)/upfront $(B)/upfront-telemetry

.PHONY: all
all: $(BIN)

$(B)/upfront: $(B)/launcher/main.o $(call lib,$(BELOW_command))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_command)

$(B)/upfront-telemetry: $(B)/telemetry/sender/main.o $(call lib,$(BELOW_sender))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_sender)

$(B)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && mkdir -p $(@D) && $(AR) rcs $@ $^

$(B)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -c -o $@ $<

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- Tests: tests/<kind>/<room>/test_*.c links that room and those below it. ----

TEST_KINDS := unit terminal e2e faults
$(foreach k,$(TEST_KINDS),$(eval TESTS_$(k) := $(patsubst %.c,$(B)/%,$(wildcard tests/$(k)/*/test_*.c tests/$(k)/test_*.c))))
TEST_LIB_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c))
$(B)/libtest.a: $(TEST_LIB_OBJ)
TEST_LIBS = $(call pkg,--libs,$(PACKAGES_TEST))

define test_rule
$(B)/tests/$(1)/$(2)/test_%: $(B)/tests/$(1)/$(2)/test_%.o $(B)/libtest.a $$(call lib,$$(BELOW_$(2)))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(TEST_LIBS) $$(LIBS_$(2))
endef
$(foreach k,unit terminal,$(foreach r,$(ROOMS),$(eval $(call test_rule,$(k),$(r)))))

# Tests of the whole program stand on no room: they run the binaries.
$(B)/tests/e2e/test_%: $(B)/tests/e2e/test_%.o $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)
$(B)/tests/faults/test_%: $(B)/tests/faults/test_%.o $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)

# Helper programs that tests run: tests/helpers/*.c, one program a file.
HELPERS := $(patsubst %.c,$(B)/%,$(wildcard tests/helpers/*.c))
$(B)/tests/helpers/%: $(B)/tests/helpers/%.o $(B)/libtest.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS)

# `make unit terminal e2e` run what is there; one line at the end sums up.
.PHONY: unit terminal e2e faults
unit terminal e2e faults: all $(HELPERS)
	$(Q)$(MAKE) --no-print-directory $(TESTS_$@)
	$(Q)tests/run.sh $(TESTS_$@)
