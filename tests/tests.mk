# The tests; see CONTRIBUTING.md.

SERVER_LIBRARIES := zlib:zlib1g-dev
H2SERVER_LIBRARIES := openssl:libssl-dev
TEST_LIBRARIES := $(SERVER_LIBRARIES) $(H2SERVER_LIBRARIES) criterion:libcriterion-dev \
	jansson:libjansson-dev libbrotlienc:libbrotli-dev libzstd:libzstd-dev sqlite3:libsqlite3-dev
TEST_CFLAGS := $(call flags_of,--cflags,$(TEST_LIBRARIES)) -Itests
SERVER_LIBS := $(call flags_of,--libs,$(SERVER_LIBRARIES))
H2SERVER_LIBS := $(call flags_of,--libs,$(H2SERVER_LIBRARIES)) -pthread
TEST_LIBS := $(call flags_of,--libs,$(TEST_LIBRARIES))

UNIT_SOURCES := $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c)
E2E_SOURCES := $(wildcard tests/e2e/*.c tests/support/*.c) tests/unit/store/redis_server.c \
	tests/unit/store/slow_link.c
SERVER_SOURCES := $(wildcard tests/support/server/*.c tests/support/graph*.c) tests/support/nights.c
H2SERVER_SOURCES := $(wildcard tests/support/h2server/*.c)
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

TEST_OBJECTS := $(call objects,$(UNIT_SOURCES) $(E2E_SOURCES) $(SERVER_SOURCES) $(H2SERVER_SOURCES)) \
	$(call objects,tests/fuzz/replay.c $(FUZZERS:%=tests/fuzz/fuzz_%.c) tests/budget/budget.c)
TEST_PROGRAMS := $(BUILD)/unit $(BUILD)/e2e $(BUILD)/areq-testserver $(BUILD)/areq-h2server \
	$(FUZZERS:%=$(BUILD)/replay/%)

.PHONY: check test test-run inject differential kill budget budget-renew asan coverage soak soak-once fuzz lint browser \
	server-libraries test-libraries

$(BUILD)/unit: $(call objects,$(UNIT_SOURCES)) $(LIB_OBJECTS)
	$(LINK) $(TEST_LIBS) $(DEPS_LIBS) $(LDLIBS)

# The black-box tests and their server know of areq only its smallest rooms.
BASE_OBJECTS := $(call objects,$(addprefix src/base/,alloc.c buf.c clock.c status.c utf8.c))

$(BUILD)/e2e: $(call objects,$(E2E_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(TEST_LIBS) $(DEPS_LIBS) $(LDLIBS)

$(BUILD)/areq-testserver: $(call objects,$(SERVER_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(SERVER_LIBS) $(LDLIBS)

$(BUILD)/areq-h2server: $(call objects,$(H2SERVER_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(H2SERVER_LIBS) $(LDLIBS)

$(BUILD)/replay/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

# With the flags that make fuzz gives.
$(BUILD)/fuzzer/%: $(BUILD)/tests/fuzz/fuzz_%.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer $(DEPS_LIBS) $(LDLIBS)

# It stands between the program and the C library, so it is never built with the sanitizers. The size of an offset must be
# that of the program, since it decides the names of the functions: open or open64.
$(BUILD)/inject.so: tests/inject/inject.c $(BUILD)/flags | libraries
	$(call step,CC,$<)$(CC) $(DEPS_CFLAGS) -std=c11 -D_FILE_OFFSET_BITS=64 $(WARNINGS) $(CFLAGS) \
		-fno-omit-frame-pointer -fPIC -shared -o $@ $<

# Likewise, but it has the functions for offsets of either size itself.
$(BUILD)/powercut.so: tests/powercut/powercut.c $(BUILD)/flags | libraries
	$(call step,CC,$<)$(CC) -std=c11 $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

# With random bits of its own, which are the same each time.
$(BUILD)/budget: $(call objects,tests/budget/budget.c) $(filter-out $(BUILD)/src/base/random.o,$(LIB_OBJECTS))
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

$(call objects,$(SERVER_SOURCES)): | server-libraries
$(call objects,$(UNIT_SOURCES) $(E2E_SOURCES) $(H2SERVER_SOURCES)): | test-libraries
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(COMPILE) $(TEST_CFLAGS) $(COMPILE_END)

server-libraries:
	$(call require,$(SERVER_LIBRARIES))

test-libraries:
	$(call require,$(TEST_LIBRARIES))

check:
	sh .ci/packages build test
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) test

test: test-run $(BUILD)/inject.so $(BUILD)/powercut.so $(BUILD)/budget
	$(BUDGET)
	/usr/bin/python3 tests/inject/inject.py --step 11 $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	sh tests/kill/kill.sh 15 $(BIN) $(BUILD)/areq-testserver
	sh tests/kill/resume.sh 15 $(BIN) $(BUILD)/areq-testserver
	$(POWERCUT)

# These tests wait more than they work, but not under the sanitizers.
E2E_OPTIONS = $(if $(SANITIZE),,--jobs $$((2 * $$(getconf _NPROCESSORS_ONLN))))

# All but what makes the system fail.
test-run: $(BIN) $(TEST_PROGRAMS)
	$(BUILD)/unit
	@for fuzzer in $(FUZZERS); do \
		$(BUILD)/replay/$$fuzzer tests/fuzz/corpus/$$fuzzer/* || exit 1; done
	AREQ_BIN=$(abspath $(BIN)) AREQ_TESTSERVER=$(BUILD)/areq-testserver \
		AREQ_H2SERVER=$(BUILD)/areq-h2server $(BUILD)/e2e $(E2E_OPTIONS)
	sh tests/demo/demo.sh $(abspath $(BIN)) $(BUILD)/areq-testserver >/dev/null
	for readme in README.md README.zh-CN.md docs/machines.md docs/state.md; do \
		sh tests/demo/recipes.sh $$readme $(BIN) $(BUILD)/areq-testserver || exit 1; done
	sh tests/contrib/contrib.sh $(BIN) $(BUILD)/areq-testserver
	sh tests/terminal/terminal.sh $(BIN) $(BUILD)/areq-testserver
	$(SOAK) 400 20 1

inject: $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	/usr/bin/python3 tests/inject/inject.py $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	$(MAKE) BUILD=build/asan BIN=build/asan/areq CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" build/asan/areq
	/usr/bin/python3 tests/inject/inject.py build/asan/areq $(BUILD)/areq-testserver $(BUILD)/inject.so

# Needs python3-doc, nodejs and npm.
differential: $(BIN) $(BUILD)/replay/extract
	sh tests/differential/fuzz.sh --areq $(abspath $(BIN))
	rm -rf $(BUILD)/differential/cut
	sh tests/differential/fuzz.sh --write $(BUILD)/differential/cut --pages 500
	AREQ_EVERY_CUT=1 $(BUILD)/replay/extract $(BUILD)/differential/cut/*

KILLS ?= 500
POWERCUT = /usr/bin/python3 tests/powercut/powercut.py $(BIN) $(BUILD)/areq-testserver $(BUILD)/powercut.so
kill: $(BIN) $(BUILD)/areq-testserver $(BUILD)/e2e $(BUILD)/powercut.so
	sh tests/kill/kill.sh $(KILLS) $(BIN) $(BUILD)/areq-testserver
	sh tests/kill/resume.sh $(KILLS) $(BIN) $(BUILD)/areq-testserver
	AREQ_SHARED_PAGES=20000 AREQ_BIN=$(abspath $(BIN)) AREQ_TESTSERVER=$(BUILD)/areq-testserver \
		$(BUILD)/e2e --filter 'shared/*many_hosts*'
	$(POWERCUT)
	$(POWERCUT) --seed $$(date +%s)

# With other flags than those of budget.txt, as asan has them, the script leaves it out.
BUDGET = sh tests/budget/budget.sh $(BUILD)/budget "$(strip $(CFLAGS) $(SANITIZE) $(CPPFLAGS) $(LDFLAGS))"
budget: $(BUILD)/budget
	$(BUDGET)

budget-renew: $(BUILD)/budget
	$(BUDGET:budget.sh=budget.sh --renew)

asan:
	sh tests/asan.sh $(MAKE)

coverage:
	sh tests/coverage.sh $(MAKE)

# The sanitizers keep more around each block.
SOAK = AREQ_BIN=$(abspath $(BIN)) AREQ_TESTSERVER=$(BUILD)/areq-testserver \
	AREQ_SOAK_GROWTH=$(if $(SANITIZE),32768,8192) sh tests/soak/soak.sh

soak: soak-once
	sh tests/asan.sh $(MAKE) soak-once

soak-once: $(BIN) $(BUILD)/areq-testserver $(BUILD)/e2e
	$(SOAK) 20000 200 $(SEED)
	@seed=$(or $(SEED),$$(date +%s)); echo "soak: crawls, seed $$seed"; \
	AREQ_CRAWL_SEED=$$seed AREQ_CRAWL_PAGES=2000 AREQ_BIN=$(abspath $(BIN)) \
		AREQ_TESTSERVER=$(BUILD)/areq-testserver $(BUILD)/e2e --filter 'crawl/*'

FUZZ_SECONDS ?= 30
fuzz:
	$(MAKE) BUILD=build/fuzz CC=clang CFLAGS="-O1 -g" \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" \
		$(FUZZERS:%=build/fuzz/fuzzer/%)
	sh tests/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)

lint:
	sh tests/lint.sh

# What areq writes for browsers, in a real one.
browser: $(BIN) $(BUILD)/areq-testserver
	sh .ci/packages browser
	sh tests/browser/waterfall.sh --areq $(abspath $(BIN)) --server $(BUILD)/areq-testserver
	sh tests/browser/har.sh --areq $(abspath $(BIN)) --server $(BUILD)/areq-testserver
