# Kerwen. `make` builds build/kerwen; `make help` lists the other targets.
#
# A source file needs no line here: every C file in sync/, proto/ and a folder
# of node/ belongs to the library of its layer, every tests/<layer>/*.c to that
# layer's test program, every tests/cli/*.sh to the end-to-end tests.

CC      ?= cc
CFLAGS  ?= -O2 -g
WERROR  ?=
DATA    ?= ../shared/data
PREFIX  ?= /usr/local
BUILD   ?= build

# Missing Debian packages are installed, or named, before anything is built;
# what the libraries need is then known to make.
ifneq ($(MAKECMDGOALS),)
LIGHT := $(if $(filter-out clean help,$(MAKECMDGOALS)),,yes)
endif
ifneq ($(LIGHT),yes)
include build/setup.mk
endif

GEN := build/gen
WARN := -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum -Wvla $(WERROR)
FLAGS := -std=c11 -I. -I$(GEN) -MMD -MP
POSIX := -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -pthread

PROTOS := $(wildcard proto/*.proto)
TEST_PROTOS := $(wildcard tests/proto/*.proto)
GEN_C := $(PROTOS:%.proto=$(GEN)/%.pb-c.c)
GEN_TEST_C := $(TEST_PROTOS:%.proto=$(GEN)/%.pb-c.c)
GEN_H := $(GEN_C:.c=.h)
GEN_TEST_H := $(GEN_TEST_C:.c=.h)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SYNC_O := $(call objects,$(wildcard sync/*.c))
PROTO_O := $(call objects,$(wildcard proto/*.c)) $(call objects,$(GEN_C:$(GEN)/%=gen/%))
NODE_O := $(call objects,$(wildcard node/*/*.c))
MAIN_O := $(BUILD)/obj/node/main.o
TEST_SYNC_O := $(call objects,$(wildcard tests/sync/*.c))
TEST_PROTO_O := $(call objects,$(wildcard tests/proto/*.c))
TEST_PROTO_O += $(call objects,$(GEN_TEST_C:$(GEN)/%=gen/%))
TEST_NODE_O := $(call objects,$(wildcard tests/node/*.c) tests/demo/people.c tests/demo/decrees.c)
SIM_O := $(call objects,tests/sim/kv_sim.c tests/sim/ptree.c)
# The tests of the store once more, over the simulated disk; some are about real
# ones.
TEST_SIM_O := $(call objects,$(wildcard tests/sim/*.c) tests/node/fakedisk.c \
	tests/oracle/play.c tests/oracle/play_move.c tests/oracle/play_world.c \
	$(filter-out $(patsubst %,tests/node/test_%.c,backup kv_readers lease rejoin \
	rejoin_laws room succeed succeed_laws verify_live), \
	$(shell grep -lE '(fixture|forge|wire|store/kv)\.h"' tests/node/*.c)))
ORACLE_O := $(call objects,$(wildcard tests/oracle/*.c) tests/node/wire.c) $(SIM_O)
DEMO_DATA_O := $(call objects,$(filter-out tests/demo/demo_road.c,$(wildcard tests/demo/*.c)))
DEMO_ROAD_O := $(call objects,tests/demo/demo_road.c)

LIBSYNC := $(BUILD)/libsync.a
LIBPROTO := $(BUILD)/libproto.a
LIBNODE := $(BUILD)/libnode.a

.PHONY: all
all: $(BUILD)/kerwen

# --- programs and libraries -------------------------------------------------

# A folder is a prerequisite so that a deleted file leaves its library too.
archive = @echo "  AR    $@"; rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$(LIBSYNC): $(SYNC_O) $(wildcard sync)
	$(archive)
$(LIBPROTO): $(PROTO_O) $(wildcard proto)
	$(archive)
$(LIBNODE): $(NODE_O) $(wildcard node/*/.)
	$(archive)

$(BUILD)/kerwen: $(MAIN_O) $(LIBNODE) $(LIBPROTO) $(LIBSYNC)
	@echo "  LINK  $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ $(PROTO_LIBS) $(NODE_LIBS)

# sync/ and proto/ are plain C11; only node/ and the tests may use the system.
$(BUILD)/obj/sync/%.o: sync/%.c
	$(compile) $(WARN)
$(BUILD)/obj/proto/%.o: proto/%.c | $(GEN_H)
	$(compile) $(WARN) $(PROTO_CFLAGS)
$(BUILD)/obj/node/%.o: node/%.c | $(GEN_H)
	$(compile) $(WARN) $(POSIX) $(PROTO_CFLAGS) $(NODE_CFLAGS)
$(BUILD)/obj/tests/%.o: tests/%.c | $(GEN_H) $(GEN_TEST_H)
	$(compile) $(WARN) $(POSIX) $(PROTO_CFLAGS) $(NODE_CFLAGS) $(TEST_CFLAGS)
# Generated code is not ours: no warnings.
$(BUILD)/obj/gen/%.o: $(GEN)/%.c
	$(compile) -w $(PROTO_CFLAGS)

compile = @echo "  CC    $<"; mkdir -p $(@D); \
	$(CC) $(CPPFLAGS) $(FLAGS) $(CFLAGS) -c -o $@ $<

$(GEN)/%.pb-c.c $(GEN)/%.pb-c.h: %.proto
	@echo "  PROTO $<"; mkdir -p $(GEN)
	@protoc-c --c_out=$(GEN) $<

.SECONDARY:
-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/obj/*/*/*/*.d)

# --- set-up -----------------------------------------------------------------

build/setup.mk: tests/check/setup.sh
	@sh tests/check/setup.sh build $@

build/setup.check: tests/check/setup.sh
	@sh tests/check/setup.sh check $@

# --- tests ------------------------------------------------------------------

# Each test program links its own layer and those below, nothing else.
link_test = @echo "  LINK  $@"; mkdir -p $(@D); \
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(BUILD)/tests/sync: $(TEST_SYNC_O) $(LIBSYNC)
	$(link_test) $(TEST_LIBS)
$(BUILD)/tests/proto: $(TEST_PROTO_O) $(LIBPROTO) $(LIBSYNC)
	$(link_test) $(PROTO_LIBS) $(TEST_LIBS)
$(BUILD)/tests/node: $(TEST_NODE_O) $(LIBNODE) $(LIBPROTO) $(LIBSYNC)
	$(link_test) $(PROTO_LIBS) $(NODE_LIBS) $(TEST_LIBS)
# Objects stand before libraries: so kv_sim.o is taken, and kv_lmdb.o is not.
$(BUILD)/tests/sim: $(TEST_SIM_O) $(LIBNODE) $(LIBPROTO) $(LIBSYNC)
	$(link_test) $(PROTO_LIBS) $(NODE_LIBS) $(TEST_LIBS)
# Plays random histories for the model of tests/oracle.
$(BUILD)/tests/oracle: $(ORACLE_O) $(LIBNODE) $(LIBPROTO) $(LIBSYNC)
	$(link_test) $(PROTO_LIBS) $(NODE_LIBS)

# What the demo needs beside the program.
DEMO := $(BUILD)/tests/demo_data $(BUILD)/tests/demo_road
$(BUILD)/tests/demo_data: $(DEMO_DATA_O)
	$(link_test)
$(BUILD)/tests/demo_road: $(DEMO_ROAD_O)
	$(link_test)

scripts = DATA="$(abspath $(DATA))" BUILD="$(BUILD)" KERWEN="$(abspath $(BUILD)/kerwen)" sh tests/run.sh

.PHONY: test test-sync test-proto test-node test-sim test-cli test-scripts test-real asan bench
.PHONY: demo check
test: test-sync test-proto test-node test-sim test-cli test-scripts

test-sync test-proto test-node test-sim: test-%: $(BUILD)/tests/%
	$<

test-cli: $(BUILD)/kerwen $(DEMO)
	@$(scripts) -j 2 $(filter-out %/lib.sh,$(wildcard tests/cli/*.sh))

# Scenarios that are read like prose. ACCEPT=1 writes what happens now into
# them, to be reviewed as a diff.
SCENARIOS ?= $(wildcard tests/scripts/*.txt)
test-scripts: $(BUILD)/kerwen
	@KERWEN="$(abspath $(BUILD)/kerwen)" python3 -B tests/scripts/run.py \
		$(if $(ACCEPT),--accept) -j 2 $(SCENARIOS)

# Random histories compared with the model: tests/oracle. And the test of that
# test: builds that are broken on purpose must differ from the model.
SEED ?= 1
HISTORIES ?= 20000
.PHONY: oracle oracle-broken long
oracle: $(BUILD)/tests/oracle
	@sh tests/oracle/oracle.sh $< $(SEED) $(HISTORIES)

oracle-broken: $(BUILD)/tests/oracle
	@BUILD="$(BUILD)" sh tests/oracle/broken.sh

# What takes hours: ten times as many histories, ten million triples.
long: $(BUILD)/tests/oracle $(BUILD)/tests/sync $(BUILD)/tests/node
	@sh tests/oracle/oracle.sh $< $(SEED) 200000
	KERWEN_TRIPLES=10000000 KERWEN_SEED=$(SEED) $(BUILD)/tests/sync --filter 'part_triples/*'
	KERWEN_TIMES=4 $(BUILD)/tests/node --filter '*_laws/*restores*' 2>/dev/null
	KERWEN_TIMES=4 $(BUILD)/tests/node --filter '*_laws/*clones*' 2>/dev/null

# Real records, from the data folder; skipped when it is not there.
test-real: $(BUILD)/kerwen
	@$(scripts) -v -j 1 tests/real/*.sh

# The same tests with the sanitizers of the compiler. Reports go into files:
# what a test's own process leaks does not change the result of its program.
REPORTS := $(CURDIR)/build/asan/reports
asan:
	@rm -rf $(REPORTS) && mkdir -p $(REPORTS)
	@KERWEN_TRIPLES=100000 KERWEN_EDITS=2000 ASAN_OPTIONS=detect_leaks=1:log_path=$(REPORTS)/asan \
	UBSAN_OPTIONS=print_stacktrace=1:log_path=$(REPORTS)/ubsan \
	$(MAKE) -k --no-print-directory BUILD=build/asan LDFLAGS="$(LDFLAGS)" \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
		-fno-sanitize-recover=all" test; status=$$?; \
	for report in $(REPORTS)/*; do \
		if [ -e "$$report" ]; then cat "$$report"; status=1; fi; \
	done; exit $$status

# Prints JSON lines; a peer that cannot be had prints null.
bench: $(BUILD)/kerwen
	@DATA="$(abspath $(DATA))" KERWEN="$(abspath $(BUILD)/kerwen)" sh tests/bench/bench.sh

demo: $(BUILD)/kerwen $(DEMO)
	@KERWEN="$(abspath $(BUILD)/kerwen)" sh tests/demo/demo.sh

# Format, layers, purity of sync/, names, warnings under gcc and clang.
check: build/setup.check
	@$(scripts) -j 1 tests/check/check_*.sh

# Compiles everything and links nothing, for the check of the warnings.
.PHONY: objects
objects: $(SYNC_O) $(PROTO_O) $(NODE_O) $(MAIN_O) $(TEST_SYNC_O) $(TEST_PROTO_O) $(TEST_NODE_O) \
	$(TEST_SIM_O) $(ORACLE_O) $(DEMO_DATA_O) $(DEMO_ROAD_O)

# Rewrites our files in the one format that `make check` accepts.
.PHONY: format
format: build/setup.check
	@clang-format -i $(wildcard $(foreach d,sync proto node node/* tests/*,$(d)/*.[ch]))

# --- the rest ---------------------------------------------------------------

.PHONY: install clean help
install: $(BUILD)/kerwen
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/kerwen $(DESTDIR)$(PREFIX)/bin/kerwen

clean:
	rm -rf build

help:
	@echo "make            builds build/kerwen (installs missing Debian packages if it may)"
	@echo "make demo       a centre and six offices in build/demo"
	@echo "make test       all tests: test-sync test-proto test-node test-sim test-cli test-scripts"
	@echo "make oracle     random histories against the model: SEED=$(SEED) HISTORIES=$(HISTORIES)"
	@echo "make oracle-broken  builds broken on purpose, which the oracle must catch"
	@echo "make long       the oracle and the laws of the merge ten times longer"
	@echo "make test-real  real records from DATA ($(DATA))"
	@echo "make asan       the tests with address and undefined behaviour sanitizers"
	@echo "make check      format, layers, purity, names, warnings"
	@echo "make format     formats the C files"
	@echo "make bench      speed and memory, as JSON lines"
	@echo "make install    into DESTDIR/PREFIX ($(DESTDIR)$(PREFIX))"
	@echo "make clean      removes build/"
