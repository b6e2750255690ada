# SPDX-License-Identifier: MIT
# upfront: one Makefile, no configure step. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

# VARIANT chooses compiler and flags; each has a build folder of its own.
#   release (gcc, optimised)   clang   asan (clang, ASan+UBSan)   fuzz (clang, ASan+UBSan+libFuzzer)   coverage (gcc --coverage)
VARIANT ?= release
B ?= build/$(VARIANT)

# A plain `make` builds; recipes that build again use all processors unless -j was given.
.DEFAULT_GOAL := all
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = +$(Q)$(MAKE) --no-print-directory $(PARALLEL)

ifeq ($(VARIANT),clang)
override CC := clang
else ifneq ($(filter asan fuzz,$(VARIANT)),)
override CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif

PACKAGES_CONFIG := libfyaml libcjson
PACKAGES_TELEMETRY := libcjson uuid libmd
PACKAGES_SENDER := libcurl sqlite3 zlib libcjson libevent uuid libmd
PACKAGES_UI := ncursesw
PACKAGES_LAUNCHER := libevent libcjson
PACKAGES_LOGS := libpcre2-8
PACKAGES_TEST := cmocka vterm libevent_openssl libevent openssl libcjson zlib

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings
HARDEN := -fstack-protector-strong -fPIE
OPTIMISE := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifeq ($(VARIANT),asan)
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LINK_HARDEN := -pie -fsanitize=address,undefined
else ifeq ($(VARIANT),fuzz)
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_HARDEN := -pie -fsanitize=address,undefined
else ifeq ($(VARIANT),coverage)
OPTIMISE := -O0 -g --coverage
LINK_HARDEN := -pie --coverage
endif
ifneq ($(shell uname -s),Linux)
$(error upfront needs Linux)
endif

# Libraries whose archives are there go into the program itself: the dynamic loader would take longer for them than a start takes.
# LINK_STATIC= (empty) takes the shared ones.
LINK_STATIC ?= $(if $(filter release clang,$(VARIANT)),event fyaml md uuid ncursesw tinfo pcre2-8)
archive = $(shell test -f "$$($(CC) -print-file-name=lib$(1).a)" && echo $(1))
STATIC_HERE := $(foreach l,$(LINK_STATIC),$(call archive,$(l)))
prefer_static = $(foreach l,$(1),$(if $(filter $(STATIC_HERE:%=-l%),$(l)),-Wl$(comma)-Bstatic $(l) -Wl$(comma)-Bdynamic,$(l)))
comma := ,

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DUPFRONT_VERSION='"$(VERSION)"' -DUPFRONT_SYSCONFDIR='"$(SYSCONFDIR)"' \
	-I. $(WARNINGS) $(HARDEN) $(OPTIMISE) -MMD -MP $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDEN) $(LDFLAGS)

Q := @
ifeq ($(V),1)
Q :=
endif
say = $(if $(Q),@printf '  %-7s %s\n' '$(1)' '$(2)')

# ---- Rooms: each is an archive; a room links only those below it, so a wrong dependency does not even link. ----

ROOMS := config ui telemetry sender process engine supervisor client logs screen command
DIR_config := config
DIR_ui := ui
DIR_telemetry := telemetry
DIR_sender := telemetry/sender
DIR_process := launcher/process
DIR_engine := launcher/engine
DIR_supervisor := launcher/supervisor
DIR_client := launcher/client
DIR_logs := launcher/logs
DIR_screen := launcher/screen
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
BELOW_sender := sender telemetry config
BELOW_process := process config
BELOW_engine := engine process config
BELOW_supervisor := supervisor engine process telemetry config
BELOW_client := client supervisor engine process telemetry config
BELOW_logs := logs process ui config
BELOW_screen := screen client logs supervisor engine process telemetry ui config
BELOW_command := command screen client logs supervisor engine process telemetry ui config

LIBS_config = $(call pkg,--libs,$(PACKAGES_CONFIG))
LIBS_ui = $(call pkg,--libs,$(PACKAGES_UI)) $(LIBS_config)
LIBS_telemetry = $(call pkg,--libs,$(PACKAGES_TELEMETRY)) $(LIBS_config)
LIBS_sender = $(call pkg,--libs,$(PACKAGES_SENDER)) -lm $(LIBS_config)
LIBS_process = $(call pkg,--libs,libevent) $(LIBS_config)
LIBS_engine = $(LIBS_process)
LIBS_supervisor = $(call pkg,--libs,$(PACKAGES_LAUNCHER) $(PACKAGES_TELEMETRY)) $(LIBS_config)
LIBS_client = $(LIBS_supervisor)
LIBS_logs = $(call pkg,--libs,$(PACKAGES_LOGS)) $(LIBS_process)
LIBS_screen = $(LIBS_command)
LIBS_command = $(call pkg,--libs,$(PACKAGES_LAUNCHER) $(PACKAGES_TELEMETRY) $(PACKAGES_UI) $(PACKAGES_LOGS)) $(LIBS_config)

BIN := $(B)/upfront $(B)/upfront-telemetry

.PHONY: all
all: $(BIN)

$(B)/upfront: $(B)/launcher/main.o $(call lib,$(BELOW_command))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call prefer_static,$(LIBS_command))

$(B)/upfront-telemetry: $(B)/telemetry/sender/main.o $(call lib,$(BELOW_sender))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_sender)

$(B)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && mkdir -p $(@D) && $(AR) rcs $@ $^

$(B)/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(if $(filter 1,$(WERROR)),-Werror) -c -o $@ $<

# Other flags than last time: everything is compiled again.
FLAGS := $(CC) $(ALL_CFLAGS)

# Test programs run for moments and are compiled for longer than that.
OPTIMISE_TESTS := $(filter-out -O% -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE%,$(OPTIMISE)) -O0
$(foreach k,unit terminal e2e engine faults lib,$(eval $(B)/tests/$(k)/%.o: OPTIMISE := $(OPTIMISE_TESTS)))
$(B)/flags: FORCE
	@mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@.new && if cmp -s $@.new $@; then rm -f $@.new; else mv $@.new $@; fi
.PHONY: FORCE
FORCE:

.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- Tests: tests/<kind>/<room>/test_*.c links that room and those below it. ----

TEST_KINDS := unit terminal e2e engine faults
$(foreach k,$(TEST_KINDS),$(eval TESTS_$(k) := $(patsubst %.c,$(B)/%,$(wildcard tests/$(k)/*/test_*.c tests/$(k)/test_*.c))))
# Real clients are not built by us: one pass over them is enough.
ifneq ($(filter asan coverage,$(VARIANT)),)
TESTS_e2e := $(filter-out %/test_relay_sdk,$(TESTS_e2e))
endif
# E2E=quick leaves out those that mostly wait, or whose programs others run as well; E2E=sdk is real clients, which are fetched, and E2E=rest all others.
ifeq ($(E2E),quick)
TESTS_e2e := $(filter-out $(addprefix %/test_,tasks tasks_mouse sender_stack sender_faults sender_keeping sender_kills withdraw logs_flood parts meanwhile \
	off relay_life completion shop health command_events),$(TESTS_e2e))
else ifeq ($(E2E),sdk)
TESTS_e2e := $(filter %/test_relay_sdk,$(TESTS_e2e))
else ifeq ($(E2E),rest)
TESTS_e2e := $(filter-out %/test_relay_sdk,$(TESTS_e2e))
endif
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
# The same on a container engine of their own.
$(B)/tests/engine/test_%: $(B)/tests/engine/test_%.o $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)
$(B)/tests/faults/test_%: $(B)/tests/faults/test_%.o $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)

# What fault tests preload (tests/faults/shim.c says how it is told). It stands in front of libc, so it is built without what wraps libc.
SHIM := $(B)/tests/faults/shim.so
$(SHIM): tests/faults/shim.c $(B)/flags
	$(call say,SHIM,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_GNU_SOURCE $(WARNINGS) -O2 -g -fPIC -shared -U_FORTIFY_SOURCE \
		$(if $(filter 1,$(WERROR)),-Werror) -o $@ $<

# Helper programs that tests run: tests/helpers/*.c, one program a file.
HELPERS := $(patsubst %.c,$(B)/%,$(wildcard tests/helpers/*.c))
$(B)/tests/helpers/%: $(B)/tests/helpers/%.o $(B)/libtest.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS)

# Long tests, a program a folder: they run the binaries, and speak to the control API as upfront's own clients do.
LONG_KINDS := chaos soak
define long_rule
$(B)/tests/$(1)/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard tests/$(1)/*.c)) $(B)/libtest.a $(call lib,$(BELOW_command))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(TEST_LIBS) $$(LIBS_command)
endef
$(foreach k,$(LONG_KINDS),$(eval $(call long_rule,$(k))))

# RUNS of chaos, the first one made from SEED; ROUNDS of soak. As short as here for `make check`.
RUNS ?= 15
SEED ?= 1
ROUNDS ?= 3
.PHONY: chaos soak
chaos soak: all $(HELPERS)
	$(SUBMAKE) $(B)/tests/$@/$@
	$(Q)RUNS=$(RUNS) SEED=$(SEED) ROUNDS=$(ROUNDS) TEST_DEADLINE=$${TEST_DEADLINE:-86400} tests/run.sh $(B)/tests/$@/$@

# `make unit terminal e2e engine` run what is there; one line at the end sums up.
.PHONY: unit terminal e2e engine faults
unit terminal e2e engine: all $(HELPERS)
	$(SUBMAKE) $(TESTS_$@)
	$(Q)tests/run.sh $(TESTS_$@)

# Every fault by name; `make faults FAULTS=quick` is the short form that `make check` takes: all of them, sweeps thinned.
FAULTS ?= full
faults: all $(HELPERS) $(SHIM)
	$(SUBMAKE) $(TESTS_faults)
	$(Q)FAULTS=$(FAULTS) TEST_NAMES=1 TEST_DEADLINE=1800 tests/run.sh $(TESTS_faults)

# Writes the expected screens of the terminal tests anew; read the difference before you keep it.
.PHONY: golden
golden: all $(HELPERS)
	$(SUBMAKE) $(TESTS_unit) $(TESTS_terminal)
	$(Q)UPDATE_GOLDEN=1 tests/run.sh $(filter $(B)/tests/unit/ui/%,$(TESTS_unit)) $(TESTS_terminal)

# Pictures of the screen for README: the program on a real terminal, as SVG. Takes some minutes; PICTURES=quick has no sparklines.
PICTURES_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/pictures/*.c))
$(B)/tests/pictures/pictures: $(PICTURES_OBJ) $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)
.PHONY: pictures
pictures: all
	$(SUBMAKE) $(B)/tests/pictures/pictures
	$(Q)mkdir -p tests/golden/pictures
	$(Q)PICTURES_DIR=tests/golden/pictures $(if $(PICTURES),PICTURES=$(PICTURES)) tests/run.sh $(B)/tests/pictures/pictures

# Fuzz targets: tests/fuzz/<room>/fuzz_<name>.c links that room and those below it, tests/fuzz/fuzz_<name>.c all of upfront;
# inputs that are kept lie in corpus/<name>/ beside them.
FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/*/fuzz_*.c tests/fuzz/fuzz_*.c))
define fuzz_rule
$(B)/tests/fuzz/$(1)fuzz_%: $(B)/tests/fuzz/$(1)fuzz_%.o $$(call lib,$$(BELOW_$(2)))
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS_$(2)) \
		$$(if $$(filter $(B)/tests/lib/%,$$^),$$(TEST_LIBS))
endef
# What the dashboard is fuzzed with: the stack and the logs of its tests.
$(B)/tests/fuzz/ui/fuzz_dash: $(B)/tests/lib/dash_sample.o $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/log_s*.c))
$(foreach r,$(ROOMS),$(eval $(call fuzz_rule,$(r)/,$(r))))
$(eval $(call fuzz_rule,,command))
.PHONY: fuzz
fuzz:
ifeq ($(VARIANT),fuzz)
	$(SUBMAKE) $(FUZZERS)
	$(Q)tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)
else
	$(SUBMAKE) VARIANT=fuzz B=$(if $(filter command line,$(origin B)),$(B)-fuzz,build/fuzz) fuzz
endif

# What README says on privacy, proven with the built programs and printed; PROOF=quick is the short form that `make check` takes.
PROOF ?= full
PROOF_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/proof/*.c))
$(B)/tests/proof/proof: $(PROOF_OBJ) $(B)/libtest.a $(call lib,config)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_config)
.PHONY: proof
proof: all $(HELPERS)
	$(SUBMAKE) $(B)/tests/proof/proof
	$(Q)PROOF=$(PROOF) TEST_NAMES=1 TEST_DEADLINE=1800 tests/run.sh $(B)/tests/proof/proof
	$(Q)cat $(B)/tests/proof/report.txt

# What upfront reads of Compose files against what Compose programs read of them; tests/compose/conform.py says how.
# GENERATED cases are made beside those that are kept, from SEED on.
GENERATED ?= 100
COMPOSE_VIEW := $(B)/tests/compose/view
$(COMPOSE_VIEW): $(B)/tests/compose/view.o $(call lib,$(BELOW_supervisor))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_supervisor)
.PHONY: compose compose-golden
compose:
	$(SUBMAKE) $(COMPOSE_VIEW)
	$(Q)COMPOSE_VIEW=$(COMPOSE_VIEW) GENERATED=$(GENERATED) SEED=$(SEED) tests/run.sh $(CURDIR)/tests/compose/conform.py
# Asks Compose v2, which has to be there, for its reading of each case; read the difference before you keep it.
compose-golden:
	$(Q)tests/compose/golden.py

# Measurements: floors and subject in turns; `make bench BENCH=quick` is the short form that `make check` takes.
BENCH ?= full
BENCHES := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libtest.a $(call lib,$(BELOW_telemetry))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_LIBS) $(LIBS_telemetry)
$(B)/tests/bench/bench_log_text: $(B)/tests/bench/bench_log_text.o $(call lib,$(BELOW_logs))
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call prefer_static,$(LIBS_logs))
.PHONY: bench
bench: all $(HELPERS)
	$(SUBMAKE) $(BENCHES)
	$(Q)failed=0; for bench in $(filter-out %_peers,$(filter $(B)/tests/bench/bench%,$(BENCHES))); do \
		$$bench $(BENCH) || failed=1; done; exit $$failed
# The same rows of whichever other supervisors are installed here.
.PHONY: bench-peers
bench-peers: all $(HELPERS)
	$(SUBMAKE) $(BENCHES)
	$(Q)$(B)/tests/bench/bench_peers $(BENCH)

.PHONY: asan
asan:
	$(SUBMAKE) VARIANT=asan B=build/asan unit terminal e2e

# Unit tests, and the commands that start nothing, under memcheck; tests/valgrind.skip says what cannot run there.
.PHONY: valgrind
valgrind: all
	$(SUBMAKE) $(TESTS_unit)
	$(Q)B=$(B) tests/valgrind.sh $(TESTS_unit)

.PHONY: coverage
coverage:
	$(SUBMAKE) VARIANT=coverage B=build/coverage unit terminal e2e
	$(Q)tests/coverage.sh build/coverage

.PHONY: lint
lint: all
	$(SUBMAKE) $(B)/tests/proof/proof
	$(Q)B=$(B) tests/lint/run.sh

# ---- The first commands a newcomer types: nothing but make and git need to be there before. ----

.PHONY: deps deps-check
deps:
	$(Q).ci/install-packages build
deps-check:
	$(Q).ci/install-packages check

.PHONY: run demo
run: deps
	$(SUBMAKE) all
	$(Q)config/examples/try.sh $(B)/upfront
demo: deps
	$(SUBMAKE) all
	$(Q)config/examples/try.sh $(B)/upfront demo

.PHONY: check
check: deps deps-check
	+$(Q)MAKE='$(MAKE)' PARALLEL='$(PARALLEL)' tests/check.sh

# ---- Installing ----

BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/upfront
DATADIR = $(PREFIX)/share/upfront
MANDIR = $(PREFIX)/share/man/man1
MANUALS := $(patsubst launcher/%.scd,$(B)/%,$(wildcard launcher/*.1.scd))
EXAMPLES := $(shell find config/examples -type f 2>/dev/null)

$(B)/%.1: launcher/%.1.scd
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D) && scdoc <$< >$@.new && mv $@.new $@

.PHONY: install uninstall dist clean
install: all $(MANUALS)
	install -D -m 755 $(B)/upfront $(DESTDIR)$(BINDIR)/upfront
	install -D -m 755 $(B)/upfront-telemetry $(DESTDIR)$(LIBEXECDIR)/upfront-telemetry
	install -D -m 644 -t $(DESTDIR)$(MANDIR) $(MANUALS)
	install -D -m 644 -t $(DESTDIR)$(DATADIR) config/upfront.schema.json
	for f in $(EXAMPLES); do \
		install -D -m "$$(test -x "$$f" && echo 755 || echo 644)" "$$f" "$(DESTDIR)$(DATADIR)/$${f#config/}" || exit 1; \
	done
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/upfront $(addprefix $(DESTDIR)$(MANDIR)/,$(notdir $(MANUALS)))
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)

dist:
	$(Q)mkdir -p build
	$(Q)git archive --format=tar.gz --prefix=upfront-$(VERSION)/ -o build/upfront-$(VERSION).tar.gz HEAD
	@echo build/upfront-$(VERSION).tar.gz

clean:
	rm -rf build

.PHONY: help
help:
	@echo 'First:    run        launch the example shop, asking for consent as any start does'
	@echo '          demo       the same with --telemetry=on; prints the event that landed (in a file)'
	@echo '          check      everything a change must pass: builds, lint, tests, short fuzzing and measuring'
	@echo 'Build:    all        $(B)/upfront and upfront-telemetry (VARIANT=release|clang|asan|fuzz|coverage, V=1, WERROR=1)'
	@echo '          deps       install the Debian packages that building and the example need'
	@echo '          deps-check the packages that the tests need beside them'
	@echo '          install    to PREFIX=$(PREFIX), DESTDIR= in front; uninstall takes it away again'
	@echo '          dist       a tar file of HEAD;  clean  removes build/'
	@echo 'Tests:    unit terminal e2e'
	@echo '          engine     containers, on a container engine of the tests own (root, docker.io)'
	@echo '          faults     each fault by name: calls that fail, kill -9, full disks, ... (FAULTS=quick: sweeps thinned)'
	@echo '          chaos      anything happens to a stack: RUNS=$(RUNS), from SEED=$(SEED) on'
	@echo '          soak       real software, one process killed a round: ROUNDS=$(ROUNDS), SEED=$(SEED)'
	@echo '          fuzz       FUZZ_SECONDS=$(FUZZ_SECONDS) for each target'
	@echo '          compose    what is read of Compose files, against Compose programs: GENERATED=$(GENERATED), SEED=$(SEED)'
	@echo '          proof      what README says on privacy: strace, no network, every way to say no (PROOF=quick)'
	@echo '          bench      measures against the floors, prints tables (BENCH=quick: the short form)'
	@echo '          bench-peers the same of other supervisors that are installed'
	@echo '          lint       include direction, headers, format, docs against code'
	@echo '          asan       the tests under ASan and UBSan;  coverage  lines covered, by file'
	@echo '          valgrind   unit tests and short commands under memcheck (minutes)'
	@echo '          pictures   draws the pictures in README anew (minutes)'
	@echo '          golden     writes the expected screens anew;  compose-golden  the recorded answers of Compose v2'
