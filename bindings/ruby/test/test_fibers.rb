# frozen_string_literal: true

# Waits of fibers with a scheduler.
require_relative 'helper'
require_relative 'scheduler'

class TestFibers < Minitest::Test
  # Runs the block in a thread of its own, with a scheduler; returns when all its fibers have ended.
  def scheduled(&block)
    thread = Thread.new do
      Fiber.set_scheduler(Scheduler.new)
      block.call
    end
    thread.report_on_exception = false
    assert thread.join(LIMIT), 'the fibers are stuck'
  end

  def test_a_fiber_that_waits_lets_the_others_go_on
    steps = []
    scheduled do
      a = Asynchron.new
      Fiber.schedule { steps << a.await }
      Fiber.schedule do
        3.times { |n| Asynchron.timer(0.001).get; steps << n }
        a.set(:at_last)
      end
    end
    assert_equal [0, 1, 2, :at_last], steps
  end

  def test_other_threads_deliver_1000_fibers
    sum = 0
    sources = Array.new(1000) { Asynchron.new }
    awaited = sources.map { |a| Asynchron.new.tap { |b| by_another_thread(b, a) } }
    scheduled do
      awaited.each do |b|
        Fiber.schedule do
          value = b.await(LIMIT)
          sum += value
        end
      end
      sources.each_with_index.reverse_each { |a, i| a.set(i) }
    end
    assert_equal 499_500, sum
    assert_equal 0, Asynchron.open
  end

  def test_times_and_failures_come_to_the_fiber
    seen = []
    scheduled do
      a = Asynchron.new
      Fiber.schedule do
        a.await(0.01)
      rescue Asynchron::TimedOut
        seen << :late
        a.cancel('enough')
      end
      Fiber.schedule do
        a.await
      rescue Asynchron::Cancelled => e
        seen << e.message
      end
    end
    assert_equal [:late, 'enough'], seen
  end

  def test_a_report_lets_other_fibers_go_on
    steps = []
    scheduled do
      a = Asynchron.new
      b = Asynchron.new
      Fiber.schedule { Asynchron::Report.new([a, b]).each { |c| steps << (c == a ? :a : :b) } }
      Fiber.schedule do
        b.set(1)
        steps << :between
        Asynchron.timer(0.005).get
        a.set(2)
      end
    end
    assert_equal %i[between b a], steps
  end
end
