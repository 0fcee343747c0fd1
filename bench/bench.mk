# areq beside its peers; see bench/README.md.

BENCH_OBJECTS := $(call objects,$(wildcard bench/*.c bench/peers/*.c))
BENCH_LIBS := $(call flags_of,--libs,libcurl libxml-2.0)

.PHONY: bench bench-run

# Finding and resolving links beside libxml2's HTML parser; see the head of bench/links.c.
$(BUILD)/bench-links: $(call objects,bench/links.c) $(LIB_OBJECTS)
	$(LINK) $(BENCH_LIBS) $(DEPS_LIBS) $(LDLIBS)

# What a crawl costs in Redis.
$(BUILD)/bench-redis: $(call objects,bench/redis.c) $(LIB_OBJECTS)
	$(LINK) $(DEPS_LIBS) $(LDLIBS)

.PHONY: bench-redis
bench-redis: $(BUILD)/bench-redis $(BIN) $(BUILD)/areq-testserver
	sh bench/redis.sh $(BUILD)/bench-redis $(or $(REDIS_URLS),1000 100000 1000000)
	sh bench/shared.sh $(BIN) $(BUILD)/areq-testserver

# The peers of the bench. Go's are built from Debian's packages alone.
BENCH_PROGRAMS := $(addprefix $(BUILD)/bench/,cost crawl-c crawl-go dom delay graph sockets)
GO_BUILD = GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$(abspath $(BUILD))/bench/go go build -o $@ $<
# The last line of undici that also runs on Debian 12's own Node.
UNDICI := 6.29.1
SIMPLECRAWLER := 1.1.9
LINKINATOR := 6.1.4
BROKEN_LINK_CHECKER := 0.7.8
BENCH_NODE := $(BUILD)/bench/undici-$(UNDICI)-simplecrawler-$(SIMPLECRAWLER)-linkinator-$(LINKINATOR)-blc-$(BROKEN_LINK_CHECKER)

$(BUILD)/bench/cost: $(BUILD)/bench/cost.o
	$(LINK) $(LDLIBS)

$(BUILD)/bench/sockets: $(BUILD)/bench/peers/sockets.o
	$(LINK) $(LDLIBS)

$(BUILD)/bench/crawl-c: $(BUILD)/bench/peers/crawl.o
	$(LINK) $(BENCH_LIBS) $(LDLIBS)

$(BUILD)/bench/crawl-go: bench/peers/crawl.go
	@mkdir -p $(@D)
	$(call step,GO,$<)$(GO_BUILD)

$(addprefix $(BUILD)/bench/,dom delay graph): $(BUILD)/bench/%: bench/%.go
	@mkdir -p $(@D)
	$(call step,GO,$<)$(GO_BUILD)

# Without it the bench says that these peers are missing, and goes on.
$(BENCH_NODE):
	-mkdir -p $(@D)/node && npm install --no-save --no-audit --no-fund --silent --prefix $(@D)/node \
		undici@$(UNDICI) simplecrawler@$(SIMPLECRAWLER) \
		linkinator@$(LINKINATOR) broken-link-checker@$(BROKEN_LINK_CHECKER) && touch $@

$(BUILD)/bench/%.o: bench/%.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(COMPILE) $(COMPILE_END)

bench:
	sh .ci/packages build part bench
	$(MAKE) -j$$(getconf _NPROCESSORS_ONLN) bench-run
	$(MAKE) bench-redis

bench-run: $(BIN) $(BENCH_PROGRAMS) $(BENCH_NODE)
	/usr/bin/python3 bench/run.py --areq $(BIN) --build $(BUILD)/bench --version $(VERSION) $(BENCH)
