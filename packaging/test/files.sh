# What is installed where, and that nothing of it stays behind.

# listing DIRECTORY: every file, and where the links go.
listing() {
    (cd "$1" && find . ! -type d -printf '%P %l\n' | sed 's/ $//' | LC_ALL=C sort)
}

# expected LIBDIR: below the prefix.
expected() {
    {
        for header in include/asynchron.* include/asynchron/*; do
            echo "$header"
        done
        echo "$1/cmake/asynchron/asynchron-config-version.cmake"
        echo "$1/cmake/asynchron/asynchron-config.cmake"
        echo "$1/libasynchron.a"
        echo "$1/libasynchron.so $SONAME"
        echo "$1/$SONAME $FILE"
        echo "$1/$FILE"
        echo "$1/pkgconfig/asynchron.pc"
        echo share/asynchron/asynchron-tsan.supp
        echo share/asynchron/asynchron-valgrind.supp
        echo share/asynchron/asynchron.json
        echo share/doc/asynchron/LICENSE-APACHE
        echo share/doc/asynchron/LICENSE-MIT
        (cd docs && printf 'share/doc/asynchron/%s\n' languages.md guide/*.md guide/*.svg)
        printf 'share/doc/asynchron/%s\n' examples-c/*.c examples-c/*.cpp examples-c/*.h
        if [ "$MAN" != no ]; then
            for page in build/man/man3/*.3; do
                echo "share/man/man3/$(basename "$page")"
            done
        fi
    } | LC_ALL=C sort
}

layout() {
    same "$(expected lib)" "$(listing "$PREFIX")"
}

no_path_of_ours() {
    refuse grep -rlF -e "$ROOT" -e "${CARGO_HOME:-$HOME/.cargo}" -e "$WORK/destination" "$PREFIX"
}

readable_by_all() {
    (umask 077 && make -s install PREFIX="$WORK/private" MAN="$MAN")
    same '' "$(find "$WORK/private" ! -type l ! -perm -444)"
    same '' "$(find "$WORK/private" -type d ! -perm -555)"
}

elsewhere() {
    local at="$WORK/destination" libdir=lib/some-machine-gnu
    make -s install DESTDIR="$at" PREFIX=/usr LIBDIR="/usr/$libdir" MAN="$MAN"
    same "$(expected "$libdir")" "$(listing "$at/usr")"
    grep -Fx 'prefix=/usr' "$at/usr/$libdir/pkgconfig/asynchron.pc"
    grep -Fx "libdir=\${prefix}/$libdir" "$at/usr/$libdir/pkgconfig/asynchron.pc"
    refuse grep -rlF "$WORK" "$at"
    make -s uninstall DESTDIR="$at" PREFIX=/usr LIBDIR="/usr/$libdir"
    same '' "$(listing "$at")"
}

# Of the directories, only those that are its own; and nobody else's files.
uninstalled() {
    local at="$WORK/shared prefix"
    mkdir -p "$at/include" "$at/lib/pkgconfig" "$at/share/doc/asynchron" "$at/share/man/man3"
    touch "$at/include/asynchronous.h" "$at/lib/libasynchron2.so" "$at/share/doc/asynchron/mine"
    touch "$at/share/man/man3/asynchron_mine.3"
    make -s install PREFIX="$at" MAN="$MAN"
    make -s uninstall PREFIX="$at"
    same "include/asynchronous.h
lib/libasynchron2.so
share/doc/asynchron/mine
share/man/man3/asynchron_mine.3" "$(listing "$at")"
    [ ! -d "$at/include/asynchron" ]
    [ ! -d "$at/lib/cmake/asynchron" ]
    [ ! -d "$at/share/asynchron" ]
}

# A program that has the older file open goes on with it.
replaced_as_a_whole() {
    local file="$PREFIX/lib/$FILE" before
    exec 9<"$file"
    before=$(stat -c %i "$file")
    make -s install PREFIX="$PREFIX" MAN="$MAN"
    [ "$before" != "$(stat -c %i "$file")" ]
    cmp "$file" /proc/self/fd/9
    layout
}

# words_of FILE...: those that may be the name of a file.
words_of() {
    cat "$@" | sed 's/\\-/-/g' | grep -oE '[A-Za-z0-9_-][A-Za-z0-9_.-]*([./][A-Za-z0-9_-]+)+' | LC_ALL=C sort -u
}

# Whatever of this repository the texts name is installed, too. A guide names another by its name alone.
names_only_what_is_there() {
    local doc="$PREFIX/share/doc/asynchron" word at texts seen=0
    texts=("$PREFIX"/include/asynchron.* "$PREFIX"/include/asynchron/* "$doc"/guide/*.md)
    [ "$MAN" = no ] || texts+=("$PREFIX"/share/man/man3/*.3)
    for word in $(words_of "${texts[@]}"); do
        case $word in
        share/*) at="$PREFIX/$word" ;;
        asynchron/python.h) continue ;; # comes with the Python package
        asynchron.h | asynchron.*.h | asynchron.hpp | asynchron/*.h | asynchron/*.hpp) at="$PREFIX/include/$word" ;;
        asio.hpp) continue ;; # another library's
        # In the sources, as the guides say.
        adapters/* | bindings/* | tests/*) continue ;;
        *.hpp) at="$PREFIX/include/asynchron/$word" ;;
        *.md)
            at="$doc/guide/$word"
            [ -e "$at" ] || at="$doc/$word"
            ;;
        *)
            [ -e "$word" ] || continue
            at="$doc/$word"
            ;;
        esac
        seen=$((seen + 1))
        [ -e "$at" ] || { echo "named, but not installed: $word"; return 1; }
    done
    [ "$seen" -ge 8 ]
}

# From where they are installed, with what is installed.
examples_compile() {
    local example to="$WORK/example" flags
    for example in "$PREFIX"/share/doc/asynchron/examples-c/*.c; do
        case $example in *_plugin.c) flags=(-fPIC -shared) ;; *) flags=() ;; esac
        gcc -std=c99 -Wall -Wextra -Werror -I"$PREFIX/include" "${flags[@]}" "$example" -o "$to" \
            -L"$PREFIX/lib" -lasynchron -lpthread -ldl
    done
    for example in "$PREFIX"/share/doc/asynchron/examples-c/*.cpp; do
        g++ -std=c++20 -Wall -Wextra -Werror -I"$PREFIX/include" "$example" -o "$to" \
            -L"$PREFIX/lib" -lasynchron -lpthread
    done
}

# What is not made is not left out in silence.
without_man_pages_only_if_asked() {
    local at="$WORK/without man"
    mv build/man "$WORK/man" || mkdir "$WORK/man"
    PREFIX="$at" MAN='' refuse packaging/install.sh install
    PREFIX="$at" MAN=no packaging/install.sh install
    rmdir "$WORK/man" || mv "$WORK/man" build/man
    same '' "$(listing "$at" | grep /man/)"
}

try "every file is where it belongs, and no other" layout
try "the files name no directory of this build" no_path_of_ours
try "whatever the umask, everyone may read them" readable_by_all
try "with DESTDIR and LIBDIR, and taken away again" elsewhere
try "taken away among the files of others" uninstalled
try "installed again, each file is replaced as a whole" replaced_as_a_whole
try "headers, man pages and guides name nothing that is not there" names_only_what_is_there
try "the installed examples compile" examples_compile
try "without man pages only if that is asked for" without_man_pages_only_if_asked
