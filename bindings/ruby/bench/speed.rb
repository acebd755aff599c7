# frozen_string_literal: true

# The cost of a value that arrives, beside Ruby's Queue, and beside a blocking call for each wait.
#
#     ruby bench/speed.rb          --smoke: once, to see that it runs
require 'asynchron'

SMOKE = ARGV[0] == '--smoke'
ROUNDS = SMOKE ? 1 : 7
N = SMOKE ? 50 : 20_000

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
end

# Nanoseconds for each of n, the best of all rounds.
def best(times)
  Array.new(ROUNDS) do
    GC.start
    began = now
    yield times
    (now - began) / times.to_f
  end.min
end

def line(what, ours, theirs)
  puts format('%-66s %8.0f ns %8.0f ns %6.1f', what, ours, theirs, ours / theirs)
end

ours = best(N) do |n|
  n.times do
    a = Asynchron.new
    a.set(:hello)
    a.get
    a.release
  end
end
theirs = best(N) do |n|
  n.times do
    queue = Thread::Queue.new
    queue.push(:hello)
    queue.pop
  end
end
line('create, set, get, release; a Queue, push, pop', ours, theirs)

# Another thread delivers each, when it is asked to.
def delivered(times)
  asked = Thread::Queue.new
  thread = Thread.new { while (to = asked.pop) do yield to end }
  times.times do
    to = yield nil
    asked.push(to)
    to.is_a?(Asynchron) ? (to.get; to.release) : to.pop
  end
  asked.push(nil)
  thread.join
end

ours = best(N / 10) { |n| delivered(n) { |a| a ? a.set(:hello) : Asynchron.new } }
theirs = best(N / 10) { |n| delivered(n) { |q| q ? q.push(:hello) : Thread::Queue.new } }
line('delivered by another thread of Ruby and awaited; a Queue', ours, theirs)

library = Fiddle.dlopen(ENV['ASYNCHRON_LIBRARY'] || 'libasynchron.so.0')
address = Fiddle::TYPE_UINTPTR_T
BLOCK = Fiddle::Function.new(library['asynchron_wait'], [address, -Fiddle::TYPE_INT64_T], Fiddle::TYPE_INT32_T)
SPAWN = Fiddle::Function.new(library['asynchron_spawn'], [address] * 4, Fiddle::TYPE_INT32_T)
FOLLOW = library['asynchron_follow'].to_i
DONE = Asynchron.new
DONE.set(:hello)

# A thread of C delivers; in the naive binding each wait is a call that blocks.
def by_c(times)
  times.times do
    a = Asynchron.new
    SPAWN.call(a.address, FOLLOW, DONE.address, 0)
    yield a
    a.release
  end
end

patient = ->(a) { BLOCK.call(a.address, 2**64 - 1) }
waits = best(N / 10) { |n| by_c(n, &:get) }
blocks = best(N / 10) { |n| by_c(n, &patient) }
line('delivered by a thread of C and awaited; a blocking call', waits, blocks)

# 1,000 waits are open: each opens the next when it ends, until n have.
def open_waits(times, patient)
  width = [1000, times].min
  ready = Thread::Queue.new
  threads = Array.new(width) do
    Thread.new do
      (times / width).times do
        a = Asynchron.new
        ready.push(a)
        patient.call(a)
        a.release
      end
    end
  end
  (times / width * width).times { SPAWN.call(ready.pop.address, FOLLOW, DONE.address, 0) }
  threads.each(&:join)
end

ours = best(N) { |n| open_waits(n, ->(a) { a.get }) }
theirs = best(N) { |n| open_waits(n, patient) }
line('1,000 waits open in as many threads; a blocking call each', ours, theirs)

# The same with one thread, and a report.
def open_report(times)
  report = Asynchron::Report.new
  width = [1000, times].min
  open = lambda do
    a = Asynchron.new
    report.add(a)
    SPAWN.call(a.address, FOLLOW, DONE.address, 0)
  end
  width.times { open.call }
  times.times do |taken|
    report.next.release
    open.call if taken < times - width
  end
end

ours = best(N) { |n| open_report(n) }
line('1,000 waits open in one report; a blocking call each', ours, theirs)
