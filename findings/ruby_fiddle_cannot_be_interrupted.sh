#!/usr/bin/env bash
# A call through Ruby's fiddle cannot be interrupted: Timeout, Thread#kill and the end of the program wait for it.
#
# Fiddle lets other threads of Ruby's run during a call. One would think that it is then like a read: that Timeout.timeout
# raises in time, that a killed thread is gone, and that a program ends although a thread is in a call. But all of them wait
# until the call has returned, however long that takes, and nothing is said. Ruby 3.1.2 with fiddle 1.1.0 (Debian's
# ruby3.1 and libruby3.1 3.1.7+really3.1.2-0+deb12u1); the call is poll() for 4 seconds:
#
#   Timeout.timeout(0.3) { call }               raises after 4 seconds
#   Timeout.timeout(0.3) { read of a pipe }     raises after 0.3
#   kill of a thread that is in it, and join    4 seconds
#   kill of a thread that reads a pipe          at once
#   the main thread ends, another is in it      the process ends after 4 seconds
#   the main thread ends, another reads a pipe  the process ends at once
#
# So: give what is called a time limit of its own, or have at_exit end it.
# The script downloads both into a temporary folder, and fails if one of them behaves otherwise.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "for amd64 alone"; exit 1; }
apt-get update -qq
version=3.1.7+really3.1.2-0+deb12u1
apt-get -o APT::Sandbox::User=root download -qq ruby3.1=$version libruby3.1=$version libffi8 libgmp10 libcrypt1 zlib1g
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export RUBYLIB=$work/root/usr/lib/ruby/3.1.0:$work/root/usr/lib/x86_64-linux-gnu/ruby/3.1.0
ruby=(root/usr/bin/ruby3.1 --disable-gems)

cat >waits.rb <<'END'
require "fiddle"
require "timeout"
types = [Fiddle::TYPE_VOIDP, Fiddle::TYPE_LONG, Fiddle::TYPE_INT]
POLL = Fiddle::Function.new(Fiddle.dlopen("libc.so.6")["poll"], types, Fiddle::TYPE_INT)
READ, _WRITE = IO.pipe
what = { "call" => -> { POLL.call(nil, 0, 4000) }, "read" => -> { READ.read } }.fetch(ARGV[1])
if ARGV[0] == "timeout"
  begin
    Timeout.timeout(0.3) { what.call }
  rescue Timeout::Error
    puts "raised"
  end
else
  thread = Thread.new { what.call }
  sleep 0.3
  thread.kill.join if ARGV[0] == "kill"
end
END

# expect soon|late HOW WHAT: whether the process has ended after 3 seconds.
expect() {
    local got=late begins=$EPOCHREALTIME
    "${ruby[@]}" waits.rb "$2" "$3"
    if [ $((${EPOCHREALTIME/./} - ${begins/./})) -lt 3000000 ]; then got=soon; fi
    echo "$2, $3: $got"
    [ "$got" = "$1" ] || { echo "this is new"; exit 1; }
}

"${ruby[@]}" -v
expect late timeout call
expect soon timeout read
expect late kill call
expect soon kill read
expect late exit call
expect soon exit read
