# Builds asynchron and installs it. The two commands of the README need none of this.
#
#     make                both forms of the library, as they are installed, into build/lib
#     make install        installs them and all that goes with them; packaging/install.sh says what
#                         PREFIX, LIBDIR, DESTDIR and the other variables mean
#     make uninstall      takes it all away; with the same variables
#     make installcheck   installs into a temporary prefix and tests what is there
#     make abi            compares the binary interface with that of the releases
#     make deb            the Debian packages, into build/debian
#     make hosts          calls the library from each language of docs/languages.md that Debian has;
#                         `hosts-setup` installs them first
#     make docs           the HTML manual, into build/html; docs/Makefile says what it wants
#     make man            the man pages, into build/man/man3
#     make clean          removes build/; what cargo built stays

library:
	packaging/build.sh

install: library
	test "$(MAN)" = no || $(MAKE) man
	packaging/install.sh install

uninstall:
	packaging/install.sh uninstall

installcheck: library
	packaging/test.sh

abi: library
	packaging/abi.sh check

deb:
	packaging/debian.sh build

hosts:
	$(MAKE) -C tests/hosts hosts

hosts-setup:
	$(MAKE) -C tests/hosts setup

docs:
	$(MAKE) -C docs html

man:
	$(MAKE) -C docs man

clean:
	rm -rf build

.PHONY: library install uninstall installcheck abi deb hosts hosts-setup docs man clean
