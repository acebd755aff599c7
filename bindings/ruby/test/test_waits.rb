# frozen_string_literal: true

# Waits of threads, and times.
require_relative 'helper'

class TestWaits < Minitest::Test
  def test_a_wait_does_not_freeze_other_threads
    a = Asynchron.new
    waiter = waiting_thread { a.get }
    turns = 0
    1000.times { turns += 1 if Asynchron.new.tap { |b| b.set(1) }.get == 1 }
    sleep 0.001
    assert waiter.alive?
    assert_equal 1000, turns
    a.set('at last')
    assert_equal 'at last', waiter.value
  end

  def test_other_threads_deliver_1000_open_waits
    sources = Array.new(1000) { Asynchron.new }
    threads = sources.map do |a|
      b = Asynchron.new
      by_another_thread(b, a)
      Thread.new { b.get(LIMIT) }
    end
    sources.each_with_index.reverse_each { |a, i| a.set(i) }
    assert_equal 499_500, threads.sum(&:value)
    assert_equal 0, Asynchron.open
  end

  def test_many_threads_wait_for_the_same
    a = Asynchron.new
    threads = Array.new(20) { waiting_thread { a.get(LIMIT) } }
    refute Asynchron.from_pointer(a.address).wait(0.01) # gives up; the others go on
    a.set(:x)
    assert_equal [:x], threads.map(&:value).uniq
    assert_equal 0, Asynchron.open
  end

  def test_a_wait_ends_by_raise_kill_and_timeout
    a = Asynchron.new
    raised = waiting_thread { a.get }
    raised.raise(IOError, 'enough')
    assert_raises(IOError) { raised.value }
    killed = waiting_thread { a.get }
    killed.kill
    assert killed.join(LIMIT)
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { a.get } }
    assert_equal 0, Asynchron.open
    a.set(:still)
    assert_equal :still, a.get
  end

  def test_a_time_that_is_over_raises_and_the_asynchron_goes_on
    a = Asynchron.new
    [0, 0.01, -1].each { |seconds| assert_raises(Asynchron::TimedOut) { a.get(seconds) } }
    refute a.wait(0.001r)
    a.set(1)
    assert_equal 1, a.get(Float::INFINITY)
    assert_equal 0, Asynchron.open
  end

  def test_no_time_is_over_too_early
    now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }
    [0.001, 0.07].each do |seconds|
      began = now.call
      Asynchron.new.wait(seconds)
      assert_operator now.call - began, :>=, seconds
      began = now.call
      assert_nil Asynchron.timer(seconds).get
      assert_operator now.call - began, :>=, seconds
    end
  end

  def test_one_that_is_released_meanwhile_is_refused
    a = Asynchron.new
    b = Asynchron.adopt(a.share)
    waiter = waiting_thread { a.get }
    a.release
    b.set(1)
    assert_raises(Asynchron::Refused) { waiter.value }
  end

  def test_a_trap_handler_may_cancel_and_deliver
    a = Asynchron.new
    b = Asynchron.new
    before = trap(:USR1) do
      a.cancel('signal')
      b.set({ by: :trap })
    end
    Process.kill(:USR1, Process.pid)
    assert_equal 'signal', assert_raises(Asynchron::Cancelled) { a.get(LIMIT) }.message
    assert_equal({ by: :trap }, b.get(LIMIT))
  ensure
    trap(:USR1, before)
  end

  def test_the_watcher_is_started_again_if_somebody_kills_it
    Asynchron.timer(0.001).get
    watcher = Thread.list.find { |thread| thread.name == 'asynchron' }
    watcher.kill.join
    assert_nil Asynchron.timer(0.001).get(LIMIT)
  end

  def test_a_child_of_fork_waits_too
    Asynchron.timer(0.001).get
    never = Asynchron.new
    waiting_thread { never.get }
    pid = fork do
      right = Asynchron.timer(0.001).wait(LIMIT) && Asynchron.spawn { 5 }.get(LIMIT) == 5 && Asynchron.open.zero?
      exit!(right ? 0 : 1)
    end
    _, status = Timeout.timeout(LIMIT) { Process.wait2(pid) }
    assert status.success?
    never.set(nil)
    assert_nil Asynchron.timer(0.001).get(LIMIT)
  end

  def test_a_function_on_demand_of_c_runs_when_asked_for
    # Its function has it follow another.
    source = Asynchron.new
    source.set('on demand')
    options = [72, 0, 0, 0, LIBRARY['asynchron_follow'], source.share, LIBRARY['asynchron_drop'], 0, 0].pack('J*')
    out = "\0" * 8
    assert_equal 0, c_function('create_with', Fiddle::TYPE_VOIDP, Fiddle::TYPE_VOIDP).call(options, out)
    a = Asynchron.adopt(out.unpack1('J'))
    assert_equal :pending, a.state
    assert_equal 'on demand', a.get(LIMIT)
  end

  def test_several_as_one
    a = Asynchron.new(as: :u64)
    b = Asynchron.new(as: :u64)
    all, any, race = %i[all any race].map { |name| Asynchron.public_send(name, [a, b]) }
    b.set(2)
    assert_equal [2, 2], [any.get, race.get]
    a.fail('no')
    assert_equal 'no', assert_raises(Asynchron::Failure) { all.get }.message
    object = Object.new
    c = Asynchron.new
    c.set(object)
    assert_equal [object, 2], Asynchron.all([c, b]).get
    assert_equal [], Asynchron.all([]).get
    rest = Asynchron.new
    assert_same object, Asynchron.race([rest, c], cancel_rest: true).get
    assert_equal 'unneeded', assert_raises(Asynchron::Cancelled) { rest.get }.message
  end

  def test_steps
    a = Asynchron.spawn { 20 }
    assert_equal 21, a.and_then { |n| n + 1 }.get(LIMIT)
    b = Asynchron.spawn { raise IOError, 'below' }
    passed = assert_raises(Asynchron::Failure) { b.and_then { flunk }.get(LIMIT) }
    assert_equal 'below', passed.message
  end
end
