# frozen_string_literal: true

# Values arrive as they left.
require_relative 'helper'

class TestValues < Minitest::Test
  def through(value, kind = nil)
    a = Asynchron.new(as: kind)
    assert a.set(value)
    got = a.get
    a.release
    got
  end

  def test_bytes_arrive_with_their_zero_bytes
    bytes = (0..255).to_a.pack('C*')
    [nil, :bytes].each do |kind|
      got = through(bytes, kind)
      assert_equal bytes, got
      assert_equal Encoding::BINARY, got.encoding
      assert_equal '', through(''.b, kind)
    end
    assert_nil through(nil)
  end

  def test_texts_arrive_with_their_encoding
    text = "Grüße, 世界\0!"
    assert_equal text, through(text, :text)
    assert_equal Encoding::UTF_8, through('', :text).encoding
    assert_equal text, through(text.encode('UTF-16LE'), :text)
    utf16 = text.encode('UTF-16LE')
    assert_same utf16, through(utf16)
    assert_same text, through(text)
  end

  def test_integers_arrive_and_leave_exactly
    [0, 1, 2**53 + 1, 2**63, 2**64 - 1].each { |n| assert_equal n, through(n, :u64) }
    [-2**63, -1, 2**63 - 1].each { |n| assert_equal n, through(n, :i64) }
    [0.1, -Float::INFINITY, 5e-324].each { |n| assert_equal n, through(n, :f64) }
    assert_equal 2**200, through(2**200)
  end

  def test_c_sees_and_delivers_the_same_number
    a = Asynchron.new(as: :u64)
    assert_equal 0, SET_BYTES.call(a.address, [2**64 - 1].pack('Q'), 8)
    assert_equal 2**64 - 1, a.get
    pointer = Fiddle::TYPE_VOIDP
    get_bytes = c_function('get_bytes', Fiddle::TYPE_UINTPTR_T, pointer, Fiddle::TYPE_SIZE_T, pointer)
    out = "\0" * 8
    b = Asynchron.new(as: :u64)
    b.set(2**64 - 1)
    assert_equal 0, get_bytes.call(b.address, out, 8, nil)
    assert_equal "\xFF".b * 8, out.b
  end

  def test_what_is_no_such_number_is_refused_and_nothing_is_delivered
    [[-1, :u64], [2**64, :u64], [2**63, :i64], [0.5, :u64], ['1', :u64], [nil, :u64], [5, :bytes], ['x', :f64],
     ["\xFF".b, :text], [nil, :text]].each do |value, kind|
      a = Asynchron.new(as: kind)
      assert_raises(TypeError, RangeError, ArgumentError, EncodingError) { a.set(value) }
      assert_equal :pending, a.state
    end
    a = Asynchron.new(as: :u64)
    SET_BYTES.call(a.address, 'four', 4)
    assert_raises(TypeError) { a.get }
  end

  def test_objects_are_the_same_again
    [Object.new, :symbol, 42, true, [], ->(x) { x }, Class].each { |value| assert_same value, through(value) }
    assert_equal false, through(false)
  end

  def test_a_pointer_of_c_arrives_as_that
    a = Asynchron.new
    memory = Fiddle::Pointer.malloc(8, Fiddle::RUBY_FREE)
    set_pointer = c_function('set_pointer', *[Fiddle::TYPE_UINTPTR_T] * 3)
    assert_equal 0, set_pointer.call(a.address, memory.to_i, 0)
    assert_equal memory, a.get
  end

  def test_objects_are_forgotten_on_whatever_thread_c_is_done_and_no_ruby_runs_there
    objects = Asynchron.const_get(:Objects)
    GC.start
    before = objects.count
    500.times do
      a = Asynchron.new
      b = Asynchron.new
      object = Object.new
      a.set(object)
      by_another_thread(b, a)
      a.release # the other thread has the last reference but for b's
      assert_same object, b.get(LIMIT)
      by_another_thread(Asynchron.new, b)
      b.release
    end
    assert(eventually do
      GC.start
      objects.count <= before + 5 # the collector looks at the stack, where some addresses are still
    end)
  end

  def test_an_object_that_came_too_late_is_forgotten
    objects = Asynchron.const_get(:Objects)
    a = Asynchron.new
    a.set(1)
    before = objects.count
    100.times { refute a.set(Object.new) }
    100.times { refute a.fail(IOError.new) }
    assert_equal before, objects.instance_variable_get(:@objects).size
  end

  def test_names_and_messages_survive
    text = "Grüße, 世界 #{'x' * 10_000}"
    assert_equal text, Asynchron.new(name: text).name
    assert_equal '', Asynchron.new(name: '').name
    assert_match(/\Aasynchron-\d+\z/, Asynchron.new.name)
    a = Asynchron.new
    a.cancel(text)
    assert_equal text, assert_raises(Asynchron::Cancelled) { a.get }.message
  end

  def test_a_zero_byte_is_refused_in_a_name_and_readable_in_a_message
    assert_raises(ArgumentError) { Asynchron.new(name: "a\0b") }
    a = Asynchron.new
    a.cancel("a\0b")
    assert_equal 'a\\0b', assert_raises(Asynchron::Cancelled) { a.get }.message
  end

  def test_references_pass_to_c_and_back
    a = Asynchron.new(as: :u64)
    b = Asynchron.adopt(a.share, as: :u64)
    c = Asynchron.from_pointer(Fiddle::Pointer.new(a.address), as: :u64)
    a.release
    b.set(7)
    b.release
    assert_equal 7, c.get
    [nil, 'x', 0, Fiddle::Pointer.new(0)].each do |wrong|
      assert_raises(TypeError, ArgumentError) { Asynchron.adopt(wrong) }
    end
  end
end
