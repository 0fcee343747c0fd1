# The tarball and the Debian package.

.PHONY: dist distcheck deb package-test

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
