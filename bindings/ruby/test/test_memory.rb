# frozen_string_literal: true

# Memory stays flat.
require_relative 'helper'

class TestMemory < Minitest::Test
  LONG = ENV['ASYNCHRON_LONG'] ? 5 : 1 # a million of the first

  # KiB of this process that are not shared.
  def memory
    3.times { GC.start }
    File.read('/proc/self/status')[/^RssAnon:\s+(\d+)/, 1].to_i
  end

  def assert_flat(times)
    measured = [times / 2, times].map do |n|
      n.times { |i| yield i }
      memory
    end
    assert_operator measured[1] - measured[0], :<, 4000, "#{measured} KiB"
  end

  def test_over_creates_sets_gets_and_releases
    assert_flat(200_000 * LONG) do
      a = Asynchron.new(as: :u64)
      a.set(5)
      a.get
      a.release
    end
  end

  def test_over_objects_failures_and_handles_that_the_collector_finds
    object = Object.new
    error = IOError.new('x')
    assert_flat(60_000 * LONG) do |i|
      a = Asynchron.new(name: 'named')
      i.even? ? a.set(object) : a.fail(error)
      i.even? ? a.get : a.wait
    end
  end

  def test_over_waits_and_reports
    assert_flat(20_000 * LONG) do |i|
      a = Asynchron.timer(0.000001)
      i.even? ? a.get : Asynchron::Report.new([a]).tap(&:next).release
    end
  end
end
