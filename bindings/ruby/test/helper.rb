# frozen_string_literal: true

# What the tests share: foreign threads, limits, programs.
require 'minitest/autorun'
require 'asynchron'
require 'fiddle'
require 'open3'
require 'rbconfig'
require 'timeout'

LIBRARY = Fiddle.dlopen(ENV['ASYNCHRON_LIBRARY'] || 'libasynchron.so.0')
PROGRAMS = File.join(__dir__, 'programs')
LIMIT = 60 # seconds: far more than anything takes

def c_function(name, *arguments, returns: Fiddle::TYPE_INT32_T)
  Fiddle::Function.new(LIBRARY["asynchron_#{name}"], arguments, returns)
end

SPAWN = c_function('spawn', *[Fiddle::TYPE_UINTPTR_T] * 4)
SET_BYTES = c_function('set_bytes', Fiddle::TYPE_UINTPTR_T, Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T)

module Help
  # Has another thread, of the library's, complete `into` as `source` has ended, or will end. Drops the last reference
  # that it has to the source there.
  def by_another_thread(into, source)
    assert_equal 0, SPAWN.call(into.address, LIBRARY['asynchron_follow'], source.share, LIBRARY['asynchron_drop'])
  end

  # Looks again until it is so, or the limit is over.
  def eventually
    end_of_it = Process.clock_gettime(Process::CLOCK_MONOTONIC) + LIMIT
    until (so = yield)
      return so if Process.clock_gettime(Process::CLOCK_MONOTONIC) > end_of_it

      sleep 0.01
    end
    so
  end

  # A thread that the block runs in, once it waits.
  def waiting_thread(&block)
    thread = Thread.new(&block)
    thread.report_on_exception = false
    assert(eventually { thread.stop? && Asynchron.open.positive? })
    thread
  end

  # Runs a program; the block gets it once it has printed "waits". Returns what it printed, and its status.
  def program(name, *arguments)
    Open3.popen2e(RbConfig.ruby, '-W', File.join(PROGRAMS, name), *arguments) do |_, out, process|
      Timeout.timeout(LIMIT) do
        printed = +''
        printed << out.readline until printed.include?("waits\n")
        yield process.pid if block_given?
        printed << out.read
        [printed, process.value]
      end
    ensure
      Process.kill(:KILL, process.pid) if process.alive?
    end
  end
end

class Minitest::Test
  include Help
end
