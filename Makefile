# areq: see README.md. `make help` lists the targets.

VERSION := 0.1.0
PREFIX ?= /usr/local
MANPREFIX ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DESTDIR ?=

CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL ?= install
BUILD ?= build
BIN ?= areq
SANITIZE ?=

# Each library as pkg-config calls it, and the Debian package that has it.
LIBRARIES := libcurl:libcurl4-openssl-dev libpcre2-8:libpcre2-dev libxml-2.0:libxml2-dev \
	libidn2:libidn2-dev libcares:libc-ares-dev zlib:zlib1g-dev libbrotlidec:libbrotli-dev \
	libzstd:libzstd-dev libxxhash:libxxhash-dev jansson:libjansson-dev
SERVER_LIBRARIES := zlib:zlib1g-dev
H2SERVER_LIBRARIES := openssl:libssl-dev
TEST_LIBRARIES := $(SERVER_LIBRARIES) $(H2SERVER_LIBRARIES) criterion:libcriterion-dev \
	libbrotlienc:libbrotli-dev libzstd:libzstd-dev

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
# POSIX.1-2008 and nothing of one system alone: the feature-test macro holds that line.
AREQ_CPPFLAGS = -D_POSIX_C_SOURCE=200809L -DAREQ_VERSION='"$(VERSION)"' -DAREQ_LIBXML='"$(LIBXML)"' -Isrc
AREQ_CFLAGS := -std=c11 $(WARNINGS) $(SANITIZE)

names = $(foreach library,$(1),$(firstword $(subst :, ,$(library))))
DEPS_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(call names,$(LIBRARIES)) 2>/dev/null)
# libxml2 is loaded when it is needed (src/link/libxml.h), by the name that a program linked with it would have.
DEPS_LIBS := $(shell $(PKG_CONFIG) --libs $(filter-out libxml-2.0,$(call names,$(LIBRARIES))) 2>/dev/null) -ldl
LIBXML := $(shell objdump -p $$($(PKG_CONFIG) --variable=libdir libxml-2.0 2>/dev/null)/libxml2.so 2>/dev/null | \
	sed -n 's/.*SONAME *//p')
TEST_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(call names,$(TEST_LIBRARIES)) 2>/dev/null) -Itests
SERVER_LIBS := $(shell $(PKG_CONFIG) --libs $(call names,$(SERVER_LIBRARIES)) 2>/dev/null)
H2SERVER_LIBS := $(shell $(PKG_CONFIG) --libs $(call names,$(H2SERVER_LIBRARIES)) 2>/dev/null) -pthread
TEST_LIBS := $(shell $(PKG_CONFIG) --libs $(call names,$(TEST_LIBRARIES)) 2>/dev/null)

SOURCES := $(wildcard src/*.c src/*/*.c)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
E2E_SOURCES := $(wildcard tests/e2e/*.c tests/support/*.c)
SERVER_SOURCES := $(wildcard tests/support/server/*.c)
H2SERVER_SOURCES := $(wildcard tests/support/h2server/*.c)
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJECTS := $(filter-out $(BUILD)/src/main.o,$(call objects,$(SOURCES))) $(BUILD)/src/out/waterfall_page.o
ALL_OBJECTS := $(call objects,$(SOURCES) $(UNIT_SOURCES) $(E2E_SOURCES) $(SERVER_SOURCES)) \
	$(call objects,$(H2SERVER_SOURCES)) $(BUILD)/tests/fuzz/replay.o $(FUZZERS:%=$(BUILD)/tests/fuzz/fuzz_%.o) \
	$(call objects,$(wildcard bench/*.c bench/peers/*.c) tests/budget/budget.c)
TEST_PROGRAMS := $(BUILD)/unit $(BUILD)/e2e $(BUILD)/areq-testserver $(BUILD)/areq-h2server \
	$(FUZZERS:%=$(BUILD)/replay/%)
LINK = $(CC) $(AREQ_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help demo site run check test test-run asan coverage soak soak-once inject kill budget budget-renew \
	fuzz lint format install uninstall clean recording libraries server-libraries test-libraries bench bench-run \
	dist distcheck deb package-test browser

all: $(BIN)

help:
	@echo "make            build ./areq"
	@echo "make demo       install what is missing, build, and run areq on the embedded demo site"
	@echo "make site       serve the demo site, for the recipes of the README"
	@echo "make run        run areq on urls.txt, into foundurls.txt"
	@echo "make check      install what is missing, build, and run all tests"
	@echo "make test       the same without installing anything"
	@echo "make asan       the tests under address, undefined-behaviour and leak checks"
	@echo "make coverage   what of src/ the tests reach, and why not the rest"
	@echo "make soak       a long list of healthy pages and faults, also under these checks; SEED repeats one"
	@echo "make inject     each allocation and system call of areq fails once, and from there on"
	@echo "make kill       kill -9 at KILLS (500) random moments of a run, and what its file holds then"
	@echo "make budget     count the instructions of finding and resolving links, and hold them to their budget;"
	@echo "                budget-renew writes it anew"
	@echo "make fuzz       run each fuzzer for FUZZ_SECONDS (30) with clang"
	@echo "make browser    look at the waterfall and the HTTP archive in headless Chromium"
	@echo "make bench      install what is missing, and measure areq beside its peers (bench/README.md)"
	@echo "make lint       formatting, static checks, header and wing rules, man page, shell scripts"
	@echo "make format     clang-format everything"
	@echo "make recording  film areq in a terminal, into docs/recording.svg (needs python3 and tmux)"
	@echo "make install    into PREFIX ($(PREFIX)), MANPREFIX, BASHCOMPDIR, ZSHCOMPDIR, FISHCOMPDIR, below DESTDIR;"
	@echo "                uninstall undoes it"
	@echo "make dist       a tarball of the source, $(TARBALL); distcheck builds and tests it alone"
	@echo "make deb        a Debian package, $(BUILD)/areq_$(VERSION)-*.deb"
	@echo "make package-test  lintian on this package; installs it, looks at it, removes it; as root or with sudo"

$(BIN): $(BUILD)/src/main.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

$(BUILD)/unit: $(call objects,$(UNIT_SOURCES)) $(LIB_OBJECTS)
	$(LINK) $(TEST_LIBS) $(DEPS_LIBS) $(LDLIBS)

# The black-box tests and their server know of areq only its smallest rooms.
BASE_OBJECTS := $(call objects,$(addprefix src/base/,alloc.c buf.c clock.c screen.c status.c utf8.c))

$(BUILD)/e2e: $(call objects,$(E2E_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(TEST_LIBS) $(DEPS_LIBS) $(LDLIBS)

$(BUILD)/areq-testserver: $(call objects,$(SERVER_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(SERVER_LIBS) $(LDLIBS)

$(BUILD)/areq-h2server: $(call objects,$(H2SERVER_SOURCES)) $(BASE_OBJECTS)
	$(LINK) $(H2SERVER_LIBS) $(LDLIBS)

$(BUILD)/replay/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

# It stands between the program and the C library, so it is never built with the sanitizers.
$(BUILD)/inject.so: tests/inject/inject.c $(BUILD)/flags | libraries
	$(CC) $(DEPS_CFLAGS) -std=c11 $(WARNINGS) $(CFLAGS) -fno-omit-frame-pointer -fPIC -shared -o $@ $<

# With random bits of its own, which are the same each time.
$(BUILD)/budget: $(call objects,tests/budget/budget.c) $(filter-out $(BUILD)/src/base/random.o,$(LIB_OBJECTS))
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

# Finding and resolving links beside libxml2's HTML parser; see the head of bench/links.c.
$(BUILD)/bench-links: $(call objects,bench/links.c) $(LIB_OBJECTS)
	$(LINK) $(BENCH_LIBS) $(DEPS_LIBS) $(LDLIBS)

# The peers of the bench. Go's are built from Debian's packages alone.
BENCH_LIBS := $(shell $(PKG_CONFIG) --libs libcurl libxml-2.0 2>/dev/null)
BENCH_PROGRAMS := $(addprefix $(BUILD)/bench/,cost crawl-c crawl-go dom delay sockets)
GO_BUILD = GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$(abspath $(BUILD))/bench/go go build -o $@ $<
# The last line of undici that also runs on Debian 12's own Node.
UNDICI := 6.29.1

$(BUILD)/bench/cost: $(BUILD)/bench/cost.o
	$(LINK) $(LDLIBS)

$(BUILD)/bench/sockets: $(BUILD)/bench/peers/sockets.o
	$(LINK) $(LDLIBS)

$(BUILD)/bench/crawl-c: $(BUILD)/bench/peers/crawl.o
	$(LINK) $(BENCH_LIBS) $(LDLIBS)

$(BUILD)/bench/crawl-go: bench/peers/crawl.go
	@mkdir -p $(@D)
	$(GO_BUILD)

$(BUILD)/bench/dom $(BUILD)/bench/delay: $(BUILD)/bench/%: bench/%.go
	@mkdir -p $(@D)
	$(GO_BUILD)

# Without it the bench says that this peer is missing, and goes on.
$(BUILD)/bench/undici-$(UNDICI):
	-mkdir -p $(@D)/node && npm install --no-save --no-audit --no-fund --silent --prefix $(@D)/node \
		undici@$(UNDICI) && touch $@

# The flags are remembered in a file, so that a change of them builds anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(AREQ_CPPFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(AREQ_CPPFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS)' >$@
FORCE:

$(BUILD)/src/%.o: src/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(CC) $(AREQ_CPPFLAGS) $(DEPS_CFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The waterfall's page, which is written and read as HTML, as the bytes of an array.
$(BUILD)/src/out/waterfall_page.c: src/out/waterfall.html
	@mkdir -p $(@D)
	{ echo '#include "out/waterfall_page.h"'; echo 'const unsigned char waterfall_page[] = {'; \
		od -An -v -tx1 $< | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; } >$@

$(BUILD)/src/out/waterfall_page.o: $(BUILD)/src/out/waterfall_page.c src/out/waterfall_page.h $(BUILD)/flags
	$(CC) $(AREQ_CPPFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/bench/%.o: bench/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(CC) $(AREQ_CPPFLAGS) $(DEPS_CFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(call objects,$(SERVER_SOURCES)): | server-libraries
$(call objects,$(UNIT_SOURCES) $(E2E_SOURCES) $(H2SERVER_SOURCES)): | test-libraries

$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(CC) $(AREQ_CPPFLAGS) $(DEPS_CFLAGS) $(TEST_CFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define require
@command -v $(PKG_CONFIG) >/dev/null || { echo "areq needs pkg-config: apt-get install pkg-config" >&2; exit 1; }
@missing=; for pair in $(1); do \
	$(PKG_CONFIG) --exists "$${pair%%:*}" || { missing="$$missing $${pair##*:}"; \
		echo "areq needs $${pair%%:*}, which is in Debian's $${pair##*:}" >&2; }; \
done; \
[ -z "$$missing" ] || { echo "Install what is missing: apt-get install$$missing" >&2; exit 1; }
endef

libraries:
	$(call require,$(LIBRARIES))

server-libraries:
	$(call require,$(SERVER_LIBRARIES))

test-libraries:
	$(call require,$(TEST_LIBRARIES))

# What is installed first changes what this Makefile finds: hence the second make.
demo:
	sh .ci/packages build demo
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) $(BIN) $(BUILD)/areq-testserver
	sh tests/demo/demo.sh $(abspath $(BIN)) $(BUILD)/areq-testserver

# What the recipes of the README are for.
site: $(BUILD)/areq-testserver
	cp tests/demo/urls.txt demo.txt
	@echo "http://localhost:8080/ is a small site until you press Ctrl-C; demo.txt lists its pages."
	@$(BUILD)/areq-testserver --root tests/demo/site --port 8080 --detached >/dev/null

run: $(BIN)
	$(abspath $(BIN)) urls.txt -o foundurls.txt

check:
	sh .ci/packages build test
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) test

test: test-run $(BUILD)/inject.so $(BUILD)/budget
	$(BUDGET)
	sh tests/inject/inject.sh -s 11 $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	sh tests/kill/kill.sh 15 $(BIN) $(BUILD)/areq-testserver

# All but what makes the system fail.
test-run: $(BIN) $(TEST_PROGRAMS)
	$(BUILD)/unit
	@for fuzzer in $(FUZZERS); do \
		$(BUILD)/replay/$$fuzzer tests/fuzz/corpus/$$fuzzer/* || exit 1; done
	AREQ_BIN=$(abspath $(BIN)) AREQ_TESTSERVER=$(BUILD)/areq-testserver \
		AREQ_H2SERVER=$(BUILD)/areq-h2server $(BUILD)/e2e
	sh tests/demo/demo.sh $(abspath $(BIN)) $(BUILD)/areq-testserver >/dev/null
	for readme in README.md README.zh-CN.md; do \
		sh tests/demo/recipes.sh $$readme $(BIN) $(BUILD)/areq-testserver || exit 1; done
	sh tests/terminal/terminal.sh $(BIN) $(BUILD)/areq-testserver
	$(SOAK) 400 20 1

inject: $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	sh tests/inject/inject.sh $(BIN) $(BUILD)/areq-testserver $(BUILD)/inject.so
	$(MAKE) BUILD=build/asan BIN=build/asan/areq CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" build/asan/areq
	sh tests/inject/inject.sh build/asan/areq $(BUILD)/areq-testserver $(BUILD)/inject.so

KILLS ?= 500
kill: $(BIN) $(BUILD)/areq-testserver
	sh tests/kill/kill.sh $(KILLS) $(BIN) $(BUILD)/areq-testserver

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

soak-once: $(BIN) $(BUILD)/areq-testserver
	$(SOAK) 20000 200 $(SEED)

FUZZ_SECONDS ?= 30
fuzz: $(BUILD)/src/out/waterfall_page.c
	sh tests/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)

bench:
	sh .ci/packages build bench
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) bench-run

bench-run: $(BIN) $(BENCH_PROGRAMS) $(BUILD)/bench/undici-$(UNDICI)
	/usr/bin/python3 bench/run.py --areq $(BIN) --build $(BUILD)/bench --version $(VERSION) $(BENCH)

lint:
	sh tests/lint.sh

format:
	clang-format -i $$(find src tests bench -name '*.[ch]')

recording: $(BIN) $(BUILD)/areq-testserver
	/usr/bin/python3 docs/record.py $(BIN) $(BUILD)/areq-testserver docs/recording.svg

install: $(BIN)
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(MANPREFIX)/man1 $(DESTDIR)$(BASHCOMPDIR) \
		$(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR)
	$(INSTALL) -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/areq
	$(INSTALL) -m 644 man/areq.1 $(DESTDIR)$(MANPREFIX)/man1/areq.1
	umask 022 && $(abspath $(BIN)) --completion bash >$(DESTDIR)$(BASHCOMPDIR)/areq
	umask 022 && $(abspath $(BIN)) --completion zsh >$(DESTDIR)$(ZSHCOMPDIR)/_areq
	umask 022 && $(abspath $(BIN)) --completion fish >$(DESTDIR)$(FISHCOMPDIR)/areq.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/areq $(DESTDIR)$(MANPREFIX)/man1/areq.1 $(DESTDIR)$(BASHCOMPDIR)/areq \
		$(DESTDIR)$(ZSHCOMPDIR)/_areq $(DESTDIR)$(FISHCOMPDIR)/areq.fish

# The files that git knows, or, in an unpacked tarball, all but those of .gitignore, whose lines are plain names. The
# bytes depend on nothing but these files and the time, which is that of the last commit or of the tarball.
TARBALL := $(BUILD)/areq-$(VERSION).tar.gz
dist:
	@mkdir -p $(BUILD)
	@sed 's,^/,^./,; s,[^/]$$,&$$,' .gitignore >$(BUILD)/dist.ignored
	@if [ -e .git ]; then git -c core.quotePath=off ls-files; else find . -type f | grep -vf $(BUILD)/dist.ignored; fi \
		>$(BUILD)/dist.files
	@time=$${SOURCE_DATE_EPOCH:-$$(if [ -e .git ]; then git log -1 --format=%ct; else stat -c %Y Makefile; fi)} && \
	sed 's,^\./,,' $(BUILD)/dist.files | LC_ALL=C sort | tar -c --no-recursion -T - -f $(TARBALL:.gz=) \
		--format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rw,go=u-w --mtime=@$$time \
		--transform=s,^,areq-$(VERSION)/,
	gzip -9nf $(TARBALL:.gz=)

distcheck: dist
	sh tests/dist.sh $(abspath $(TARBALL)) $(MAKE)

# What areq writes for browsers, in a real one.
browser: $(BIN) $(BUILD)/areq-testserver
	sh .ci/packages browser
	sh tests/browser/waterfall.sh --areq $(abspath $(BIN)) --server $(BUILD)/areq-testserver
	sh tests/browser/har.sh --areq $(abspath $(BIN)) --server $(BUILD)/areq-testserver

# In an environment of its own: neither the flags nor the variables of this make have a part in the package.
DEB_FOLDER := $(BUILD)/deb
deb: dist
	@case $$(dpkg-parsechangelog -S Version) in $(VERSION)-*) ;; *) \
		echo "debian/changelog is not about $(VERSION), the Makefile's VERSION" >&2; exit 1 ;; esac
	rm -rf $(DEB_FOLDER) $(BUILD)/areq_*.deb
	mkdir -p $(DEB_FOLDER)
	tar -xzf $(TARBALL) -C $(DEB_FOLDER)
	cd $(DEB_FOLDER)/areq-$(VERSION) && env -i PATH="$$PATH" TMPDIR="$${TMPDIR:-/tmp}" \
		DEB_BUILD_OPTIONS="$${DEB_BUILD_OPTIONS-parallel=$$(getconf _NPROCESSORS_ONLN)}" \
		dpkg-buildpackage -us -uc -b
	cp $(DEB_FOLDER)/areq_*.deb $(BUILD)/

package-test: deb
	sh tests/package.sh $(DEB_FOLDER)/areq_*.changes

clean:
	rm -rf $(BUILD) $(BIN)

-include $(ALL_OBJECTS:.o=.d)
