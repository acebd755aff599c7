#!/bin/sh
# pq_server.sh: a PostgreSQL server for the tests of pq.h, with a cluster of its own in a temporary directory.
#
#     pq_server.sh run COMMAND...    makes it, runs COMMAND, and removes it whatever happens
#     pq_server.sh stop              inside COMMAND: ends the server, as a crash would
#     pq_server.sh start             inside COMMAND: starts it again
#
# COMMAND finds the server by PGHOST (its socket) or 127.0.0.1, and PGPORT. PostgreSQL refuses to run as root: then it
# runs as the user that Debian's package makes.
set -eu

for bin in /usr/lib/postgresql/*/bin; do :; done # the last one
PATH="$bin:$PATH"

as_user() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

start() {
    as_user pg_ctl -D "$PQ_AT/data" -l "$PQ_AT/log" -w -t 60 -s start >/dev/null 2>&1
}

stop() {
    as_user pg_ctl -D "$PQ_AT/data" -m immediate -w -t 60 -s stop >/dev/null 2>&1
}

end() {
    kill -CONT "$(head -n 1 "$PQ_AT/data/postmaster.pid")" 2>/dev/null || : # a test may have left it stopped
    stop || :
    rm -rf "$PQ_AT"
}

run() {
    PQ_AT=$(mktemp -d)
    PQ_SERVER=$0
    export PQ_AT PQ_SERVER
    trap end EXIT
    trap 'exit 1' HUP INT TERM
    [ "$(id -u)" != 0 ] || chown postgres "$PQ_AT"
    cd "$PQ_AT"
    as_user initdb -D data -U tester -A trust -E UTF8 --no-locale --no-sync >initdb.log 2>&1 || {
        cat initdb.log >&2
        exit 1
    }
    cd "$OLDPWD"
    export PGHOST="$PQ_AT" PGUSER=tester PGDATABASE=postgres PGPORT=
    for PGPORT in $(shuf -i 20000-32000 -n 20); do # another may have one of them
        cat >>"$PQ_AT/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $PGPORT
unix_socket_directories = '$PQ_AT'
fsync = off
shared_buffers = 16MB
max_connections = 20
superuser_reserved_connections = 0
CONF
        if start; then
            "$@"
            return
        fi
    done
    cat "$PQ_AT/log" >&2
    return 1
}

command=$1
shift
"$command" "$@"
