# frozen_string_literal: true

# Reports.
require_relative 'helper'

class TestReport < Minitest::Test
  def test_it_yields_in_the_order_of_completion
    a, b, c = Array.new(3) { Asynchron.new }
    report = Asynchron::Report.new([a, b, c])
    assert_equal 3, report.pending
    [c, a, b].each { |each| each.set(nil) }
    assert_equal [c, a, b], report.to_a
    assert_equal 0, report.pending
    assert_nil report.next
  end

  def test_it_is_an_enumerator
    timers = [0.03, 0.001, 0.01].map { |seconds| Asynchron.timer(seconds) }
    assert_equal [1, 2, 0], Asynchron::Report.new(timers).each.map { |a| timers.index(a) }
    assert_equal timers[0], Asynchron::Report.new([timers[0]]).each.next
  end

  def test_each_item_goes_to_one_thread_and_all_learn_of_the_end
    asynchrons = Array.new(1000) { Asynchron.new }
    report = Asynchron::Report.new(asynchrons)
    threads = Array.new(4) { Thread.new { report.count } }
    asynchrons.each { |a| a.set(1) }
    threads.each { |thread| assert thread.join(LIMIT) }
    assert_equal 1000, threads.sum(&:value)
  end

  def test_those_who_wait_learn_of_the_end_when_another_takes_the_last_or_takes_it_out
    40.times do |round|
      a = Asynchron.new
      report = Asynchron::Report.new([a])
      waiter = Thread.new { report.next }
      assert(eventually { waiter.stop? })
      if round.even?
        a.set(1)
        taken = report.next(0) # before the other has looked, or not
      else
        taken = report.remove(a)
      end
      assert waiter.join(LIMIT), 'it waits for ever'
      assert taken ? waiter.value.nil? : waiter.value == a
    end
  end

  def test_one_can_be_there_twice_and_be_taken_out
    a = Asynchron.new
    b = Asynchron.new
    report = Asynchron::Report.new([a, a, b])
    assert report.remove(a)
    assert report.remove(b)
    refute report.remove(b)
    a.set(1)
    assert_equal [a], report.to_a
    report << b
    b.set(2)
    assert_equal b, report.next
  end

  def test_times_and_interruptions
    report = Asynchron::Report.new([Asynchron.new])
    [0, 0.01, -1].each { |seconds| assert_raises(Asynchron::TimedOut) { report.next(seconds) } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { report.next } }
    thread = Thread.new { report.next }
    thread.report_on_exception = false
    assert(eventually { thread.stop? })
    thread.raise(IOError)
    assert_raises(IOError) { thread.value }
  end

  def test_a_loop_of_others_selects_it
    a = Asynchron.new
    report = Asynchron::Report.new([a])
    assert_nil IO.select([report], nil, nil, 0)
    source = Asynchron.new
    by_another_thread(a, source)
    source.set(1)
    assert IO.select([report], nil, nil, LIMIT)
    assert_equal a, report.next(0)
    assert_nil IO.select([report], nil, nil, 0)
    report.close
    assert IO.select([report], nil, nil, 0)
    assert_raises(Asynchron::Refused) { report.add(a) }
    report.release
    assert_raises(Asynchron::Refused) { report.next }
  end
end
