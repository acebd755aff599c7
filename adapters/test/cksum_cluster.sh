#!/bin/bash
# cksum_cluster.sh PROGRAM: runs the example cksum_cluster on three hosts: a caller, a server of NATS, and four workers.
# One worker is killed while it works; then the workers' host is cut off for some seconds, and comes back. What the
# example prints must be what cksum prints.
#
# The hosts are network namespaces, joined by a bridge in a fourth. Where those are not permitted it says so, all are
# processes of this host, and instead of being cut off the server is stopped for as long. But with
# ASYNCHRON_NAMESPACES=must in the environment that is a failure.
set -euo pipefail

program=$(realpath "$1")
dir=$(mktemp -d)
tag=asy$$
workers=()

clean() {
    trap - EXIT
    kill -KILL "${workers[@]}" ${server:-} 2>/dev/null || true
    wait 2>/dev/null || true
    for host in caller server workers hub; do
        ip netns del "$tag$host" 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap clean EXIT
trap 'exit 1' INT TERM

# Joins a host to the hub: its link there has its name.
join() {
    ip netns add "$tag$1" &&
        ip -n "$tag$1" link set lo up &&
        ip -n "$tag$1" link add eth0 type veth peer name "$1" netns "$tag"hub &&
        ip -n "$tag$1" addr add "$2/24" dev eth0 &&
        ip -n "$tag$1" link set eth0 up &&
        ip -n "$tag"hub link set "$1" master bridge &&
        ip -n "$tag"hub link set "$1" up
}

make_hosts() {
    ip netns add "$tag"hub &&
        ip -n "$tag"hub link add bridge type bridge &&
        ip -n "$tag"hub link set bridge up &&
        join caller 10.77.0.1 && join server 10.77.0.2 && join workers 10.77.0.3 &&
        on caller true
}

on() {
    local host=$1
    shift
    exec ip netns exec "$tag$host" "$@"
}

if (make_hosts) 2>"$dir/refused"; then
    address=10.77.0.2 port=4222
    cut_off() { ip -n "$tag"hub link set workers "$1"; }
    down=down up=up
elif [ "${ASYNCHRON_NAMESPACES:-}" = must ]; then
    echo "no network namespaces here ($(tail -n 1 "$dir/refused")), which ASYNCHRON_NAMESPACES demands" >&2
    exit 1
else
    echo "no network namespaces here ($(tail -n 1 "$dir/refused")): all on this host" >&2
    on() { shift && exec "$@"; }
    address=127.0.0.1 port=$((20000 + $$ % 10000))
    cut_off() { kill "-$1" "$server"; }
    down=STOP up=CONT
fi
url=nats://$address:$port
: >"$dir/server"

(on server nats-server -a "$address" -p "$port") >"$dir/server" 2>&1 &
server=$!
for _ in $(seq 200); do
    ! grep -q "Server is ready" "$dir/server" || break
    sleep 0.1
done
for _ in 1 2 3 4; do
    (on workers "$program" "$url" --work 1500) &
    workers+=($!)
done

for i in $(seq 0 59); do
    head -c $((i * i * 100)) /dev/urandom >"$dir/file$i"
done
cksum "$dir"/file* >"$dir/expected"

# Asks for all files, has something happen in the middle, and compares. Some must have been asked again by then.
compare() {
    local what=$1 caller
    shift
    (on caller "$program" "$url" "$dir"/file*) >"$dir/printed" 2>"$dir/notes" &
    caller=$!
    sleep 0.6
    "$@"
    if wait "$caller" && cmp "$dir/printed" "$dir/expected" && ! grep -q "again: 0$" "$dir/notes"; then
        echo "$what: the same as cksum"
    else
        cat "$dir/notes" >&2
        return 1
    fi
}

kill_one() {
    disown "${workers[0]}" # so bash does not tell of it
    kill -KILL "${workers[0]}"
}

cut_off_and_back() {
    cut_off "$down"
    sleep 4
    cut_off "$up"
}

(on caller "$program" "$url" "$dir/file1") >/dev/null 2>&1 # a worker is there
compare "with one of four workers killed" kill_one
compare "after the workers' host was cut off" cut_off_and_back
if (on caller "$program" "$url" "$dir/missing") >"$dir/printed" 2>"$dir/notes"; then
    exit 1
fi
sed -n "s|^cksum_cluster: $dir/missing|a file that is not there|p" "$dir/notes"
