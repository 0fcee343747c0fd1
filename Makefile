# areq: see README.md. `make help` lists the targets; V=1 shows each command as it is.

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
V ?= 0

# Each library as pkg-config calls it, and the Debian package that has it.
LIBRARIES := libcurl:libcurl4-openssl-dev libpcre2-8:libpcre2-dev libxml-2.0:libxml2-dev \
	libidn2:libidn2-dev libcares:libc-ares-dev zlib:zlib1g-dev libbrotlidec:libbrotli-dev \
	libzstd:libzstd-dev libxxhash:libxxhash-dev libpsl:libpsl-dev sqlite3:libsqlite3-dev hiredis:libhiredis-dev

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
# POSIX.1-2008 and nothing of one system alone: the feature-test macro holds that line. The other one makes off_t 64 bits
# wide on 32-bit systems, where files may be larger than 2 GiB too.
AREQ_CPPFLAGS = -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DAREQ_VERSION='"$(VERSION)"' -DAREQ_LIBXML='"$(LIBXML)"' \
	-DAREQ_SQLITE='"$(SQLITE)"' -Isrc
AREQ_CFLAGS := -std=c11 $(WARNINGS) $(SANITIZE)

names = $(foreach library,$(1),$(firstword $(subst :, ,$(library))))
flags_of = $(shell $(PKG_CONFIG) $(1) $(call names,$(2)) 2>/dev/null)
DEPS_CFLAGS := $(call flags_of,--cflags,$(LIBRARIES))
# These three are loaded when they are needed (src/base/library.h), by the names that a program linked with them would have.
DEPS_LIBS := $(call flags_of,--libs,$(filter-out libxml-2.0:% sqlite3:% hiredis:%,$(LIBRARIES))) $(if $(filter Linux,$(shell uname -s)),-ldl)
# The linker's convention is that the shortest name of the file libxml2.so is that one, so no tool is asked.
loaded_name = $(shell cd "$$($(PKG_CONFIG) --variable=libdir $(1) 2>/dev/null)/" && \
	for name in $(2).so.*; do [ ! "$$name" -ef $(2).so ] || { echo "$$name"; break; }; done 2>/dev/null)
LIBXML := $(call loaded_name,libxml-2.0,libxml2)
SQLITE := $(call loaded_name,sqlite3,libsqlite3)

SOURCES := $(wildcard src/*.c src/*/*.c src/*/*/*.c)
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJECTS := $(filter-out $(BUILD)/src/main.o,$(call objects,$(SOURCES))) $(BUILD)/src/output/waterfall_page.o \
	$(BUILD)/src/store/redis_lua.o

# The start of a recipe's line: what it does and to what, or with V=1 the line itself.
step = $(if $(filter 0,$(V)),@printf '%-5s %s\n' $(1) $(2); )
LINK = $(call step,LINK,$@)$(CC) $(AREQ_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^)
COMPILE = $(call step,CC,$<)$(CC) $(AREQ_CPPFLAGS) $(DEPS_CFLAGS)
# … and what follows it.
COMPILE_END = $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help demo site run libraries libxml-name sqlite-name hiredis-name format install uninstall clean recording

all: $(BIN)

help:
	@echo "make            build ./areq"
	@echo "make demo       install what is missing, build, and run areq on the embedded demo site"
	@echo "make site       serve the demo site, for the recipes of the README, on SITE_PORT (8080)"
	@echo "make run        run areq on urls.txt, into foundurls.txt"
	@echo "make check      install what is missing, build, and run all tests"
	@echo "make test       the same without installing anything"
	@echo "make asan       the tests under address, undefined-behaviour and leak checks"
	@echo "make coverage   what of src/ the tests reach, and why not the rest"
	@echo "make soak       a long list of healthy pages and faults, also under these checks; SEED repeats one"
	@echo "make differential  real pages, damaged at random, give the links of parse5 (needs npm)"
	@echo "make inject     each allocation and system call of areq fails once, and from there on"
	@echo "make kill       kill -9 at KILLS (500) random moments of a run, power cuts, and what its files hold then"
	@echo "make budget     count the instructions of finding and resolving links, and hold them to their budget;"
	@echo "                budget-renew writes it anew"
	@echo "make fuzz       run each fuzzer for FUZZ_SECONDS (30) with clang"
	@echo "make browser    look at the waterfall and the HTTP archive in headless Chromium"
	@echo "make bench      install what is missing, and measure areq beside its peers (bench/README.md)"
	@echo "make lint       formatting, static checks, the rules of the layout, man page, shell scripts"
	@echo "make format     clang-format everything"
	@echo "make compile_commands.json  for clangd and other tools"
	@echo "make recording  film areq in a terminal, into docs/*.svg (needs python3 and tmux)"
	@echo "make install    into PREFIX ($(PREFIX)), MANPREFIX, BASHCOMPDIR, ZSHCOMPDIR, FISHCOMPDIR, below DESTDIR;"
	@echo "                uninstall undoes it"
	@echo "make dist       a tarball of the source, $(TARBALL); distcheck builds and tests it alone"
	@echo "make deb        a Debian package, $(BUILD)/areq_$(VERSION)-*.deb"
	@echo "make package-test  lintian on this package; installs it, looks at it, removes it; as root or with sudo"

$(BIN): $(BUILD)/src/main.o $(LIB_OBJECTS)
	@mkdir -p $(@D)
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

# The flags are remembered in a file, so that a change of them builds anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(AREQ_CPPFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(AREQ_CPPFLAGS) $(CPPFLAGS) $(AREQ_CFLAGS) $(CFLAGS)' >$@
FORCE:

$(BUILD)/src/%.o: src/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(COMPILE) $(COMPILE_END)

# The waterfall's page, which is written and read as HTML, as the bytes of an array.
$(BUILD)/src/output/waterfall_page.c: src/output/waterfall.html
	@mkdir -p $(@D)
	$(call step,EMBED,$<){ echo '#include "output/waterfall_page.h"'; echo 'const unsigned char waterfall_page[] = {'; \
		od -An -v -tx1 $< | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; } >$@

$(BUILD)/src/output/waterfall_page.o: $(BUILD)/src/output/waterfall_page.c src/output/waterfall_page.h $(BUILD)/flags
	$(COMPILE) $(COMPILE_END)

# The scripts that Redis runs, likewise: redis_join.lua is redis_lua_join, which ends with a NUL.
LUA := $(wildcard src/store/*.lua)
$(BUILD)/src/store/redis_lua.c: $(LUA)
	@mkdir -p $(@D)
	$(call step,EMBED,src/store/*.lua){ echo '#include "store/redis_lua.h"'; for file in $(LUA); do \
		name=$${file##*/redis_}; echo "const char redis_lua_$${name%.lua}[] = {"; \
		od -An -v -tx1 $$file | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; done; } >$@

$(BUILD)/src/store/redis_lua.o: $(BUILD)/src/store/redis_lua.c src/store/redis_lua.h $(BUILD)/flags
	$(COMPILE) $(COMPILE_END)

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
	$(if $(LIBXML),,@echo "areq loads libxml2 when it is needed, but finds no name for it beside libxml2.so;" \
		"make LIBXML=libxml2.so.2 gives one" >&2; exit 1)
	$(if $(SQLITE),,@echo "areq loads SQLite when it is needed, but finds no name for it beside libsqlite3.so;" \
		"make SQLITE=libsqlite3.so.0 gives one" >&2; exit 1)

# For scripts that build without this Makefile.
libxml-name:
	@echo $(LIBXML)
sqlite-name:
	@echo $(SQLITE)
# As src/store/redis_library.c has it.
hiredis-name:
	@echo libhiredis.so.$$(echo HIREDIS_SONAME | $(CC) -E -P -include hiredis/hiredis.h - | tail -n 1)

# What is installed first changes what this Makefile finds: hence the second make.
demo:
	sh .ci/packages build demo
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) $(BIN) $(BUILD)/areq-testserver
	sh tests/demo/demo.sh $(abspath $(BIN)) $(BUILD)/areq-testserver

# What the recipes of the README are for.
SITE_PORT ?= 8080
site: $(BUILD)/areq-testserver
	@sh tests/demo/site.sh $(BUILD)/areq-testserver $(SITE_PORT)

run: $(BIN)
	$(abspath $(BIN)) urls.txt -o foundurls.txt

# What clangd and other tools read.
compile_commands.json: FORCE
	$(call step,JSON,$@)jq -n --arg folder '$(CURDIR)' \
		--arg compile '$(CC) $(subst ",\",$(subst ',,$(AREQ_CPPFLAGS))) $(DEPS_CFLAGS) $(TEST_CFLAGS) $(AREQ_CFLAGS)' \
		'[$$ARGS.positional[] | {directory: $$folder, file: ., command: "\($$compile) -c \(.)"}]' \
		--args $(sort $(patsubst $(BUILD)/%.o,%.c,$(call objects,$(SOURCES)) $(TEST_OBJECTS) $(BENCH_OBJECTS))) >$@

format:
	clang-format -i $$(find src tests bench -name '*.[ch]')

recording: $(BIN) $(BUILD)/areq-testserver
	/usr/bin/python3 docs/record.py $(BIN) $(BUILD)/areq-testserver docs

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

clean:
	rm -rf $(BUILD) $(BIN)

include tests/tests.mk
include bench/bench.mk
include debian/package.mk

-include $(patsubst %.o,%.d,$(call objects,$(SOURCES)) $(TEST_OBJECTS) $(BENCH_OBJECTS))
