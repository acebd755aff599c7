# frozen_string_literal: true

# Exceptions become failures, and come back.
require_relative 'helper'

class TestErrors < Minitest::Test
  class Coded < StandardError
    def code = -7
    def domain = 'mine'
  end

  def failure(a, kind = Asynchron::Failure)
    assert_raises(kind) { a.get(LIMIT) }
  end

  def test_an_exception_of_a_block_is_a_failure_with_message_class_and_cause
    error = ArgumentError.new('no luck')
    a = Asynchron.new
    assert a.compute { raise error }
    got = failure(a)
    assert_equal ['no luck', 1, 'ruby.ArgumentError'], [got.message, got.code, got.domain]
    assert_same error, got.cause
    refute_same got, failure(a) # each who waits has a backtrace of its own
  end

  def test_c_sees_message_class_and_code
    a = Asynchron.new
    a.compute { File.read('/there/is/no/such/file') }
    out = "\0" * 32
    c_function('error', Fiddle::TYPE_UINTPTR_T, Fiddle::TYPE_VOIDP).call(a.address, out)
    code, domain, message = out.unpack('l x4 J3')
    assert_equal Errno::ENOENT::Errno, code
    assert_equal 'ruby.Errno::ENOENT', Fiddle::Pointer.new(domain).to_s
    assert_match(/No such file/, Fiddle::Pointer.new(message).to_s)
  end

  def test_an_exception_may_say_code_and_domain
    a = Asynchron.new
    a.compute { raise Coded, 'mine' }
    assert_equal [-7, 'mine'], [failure(a).code, failure(a).domain]
    b = Asynchron.new
    b.fail(failure(a)) # passed on
    assert_equal [-7, 'mine', 'mine'], [failure(b).code, failure(b).domain, failure(b).message]
  end

  def test_hostile_exceptions_are_failures_too
    hostile = Class.new(StandardError) do
      %i[message code domain].each { |name| define_method(name) { raise 'hostile' } }
    end
    a = Asynchron.new
    a.compute { raise hostile }
    assert_instance_of hostile, failure(a).cause
    b = Asynchron.new
    b.compute { raise NotImplementedError, 'script' }
    assert_instance_of NotImplementedError, failure(b).cause
  end

  def test_interrupts_and_exit_go_on_and_the_failure_says_so
    a = Asynchron.new
    assert_raises(Interrupt) { a.compute { raise Interrupt, 'stop' } }
    assert_instance_of Interrupt, failure(a).cause
  end

  def test_a_block_that_is_left_is_a_failure
    a = Asynchron.new
    catch(:out) { a.compute { throw :out } }
    assert_equal 'the block was left', failure(a).message
    b = Asynchron.new
    thread = waiting_thread { b.compute { Asynchron.new.get } }
    thread.kill
    assert_equal 'the block was left', failure(b).message
  end

  def test_failures_of_c_and_cancels_arrive
    a = Asynchron.new
    c_function('fail_with', *[Fiddle::TYPE_UINTPTR_T, Fiddle::TYPE_INT32_T], *[Fiddle::TYPE_VOIDP] * 4)
      .call(a.address, 5, 'c', 'of C', nil, nil)
    assert_equal ['of C', 5, 'c', nil], [failure(a).message, failure(a).code, failure(a).domain, failure(a).cause]
    b = Asynchron.new
    assert b.cancel('not needed')
    assert_equal 'not needed', failure(b, Asynchron::Cancelled).message
    assert_equal :cancelled, b.state
    c = Asynchron.new(timeout: 0.001)
    failure(c, Asynchron::TimedOut)
    assert c.complete?
  end

  def test_the_first_delivery_wins
    a = Asynchron.new
    assert a.set('first')
    refute a.set('second')
    refute a.fail('late')
    refute a.cancel
    refute(a.compute { flunk })
    refute a.follow(Asynchron.new)
    assert_equal 'first', a.get
  end

  def test_it_is_running_meanwhile_and_may_follow
    a = Asynchron.new
    b = Asynchron.new
    a.compute do
      assert_equal :running, a.state
      refute(a.compute { flunk })
      b
    end
    refute a.complete?
    b.set(3)
    assert_equal 3, a.get(LIMIT)
  end

  def test_what_cannot_be_delivered_is_a_failure
    a = Asynchron.new(as: :u64)
    a.compute { 'no number' }
    assert_instance_of TypeError, failure(a).cause
  end

  def test_wrong_calls_are_refused_and_change_nothing
    a = Asynchron.new
    [-> { Asynchron.new(as: :u32) }, -> { Asynchron.new(name: 5) }, -> { Asynchron.timer(Float::NAN) },
     -> { Asynchron.timer('1') }, -> { Asynchron.any([]) }, -> { a.fail(5) }, -> { a.get('x') }, -> { a.follow(a) },
     -> { Asynchron.spawn }].each do |wrong|
      assert_raises(ArgumentError, TypeError, Asynchron::Refused, &wrong)
    end
    assert_equal :pending, a.state
    2.times { a.release }
    assert_raises(Asynchron::Refused) { a.get }
    assert_equal '#<Asynchron: released>', a.inspect
  end
end
