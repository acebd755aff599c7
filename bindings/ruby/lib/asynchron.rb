# frozen_string_literal: true

require 'asynchron/library'
require 'asynchron/objects'
require 'asynchron/errors'
require 'asynchron/values'
require 'asynchron/waits'
require 'asynchron/report'
require 'asynchron/version'

# A value that arrives later. One thread or fiber waits, another delivers; or a thread of C, C++ or Rust.
class Asynchron
  STATES = %i[pending running ready cancelled].freeze
  private_constant :STATES, :C, :Objects, :Errors, :Values, :Waits

  class << self
    # One that completes after so many seconds, with nil.
    def timer(seconds)
      own(C.timer(C.nanoseconds(seconds)))
    end

    # Of a handle of C's, with a reference of its own.
    def from_pointer(address, as: nil)
      own(C.retain(pointer(address)), as: as)
    end

    # Of a handle with a reference that is handed over.
    def adopt(address, as: nil)
      own(pointer(address), as: as)
    end

    # What a block returns or raises, in a thread of its own.
    def spawn(as: nil, &block)
      a = new(as: as)
      raise ArgumentError, 'a block is wanted' unless block

      Thread.new do
        Thread.current.report_on_exception = false # those who wait are told
        a.compute(&block)
      end
      a
    end

    # The values of all, in an Array; or the first failure or cancel.
    def all(asynchrons, cancel_rest: false)
      group(:all, asynchrons, cancel_rest)
    end

    # The first value.
    def any(asynchrons, cancel_rest: false)
      group(:any, asynchrons, cancel_rest)
    end

    # What the first that completes ends with.
    def race(asynchrons, cancel_rest: false)
      group(:race, asynchrons, cancel_rest)
    end

    # How many different asynchrons are waited for.
    def open
      Waits.open
    end

    def version
      C.version
    end

    private

    def own(handle, as: nil, sources: nil)
      a = allocate
      a.send(:own, handle, as, sources)
      a
    end

    def pointer(address)
      address = address.to_i if address.is_a?(Fiddle::Pointer)
      raise TypeError, 'a Fiddle::Pointer or an address is wanted' unless address.is_a?(Integer)
      raise ArgumentError, 'NULL is no asynchron' if address.zero?

      address
    end

    def group(name, asynchrons, cancel_rest)
      asynchrons = asynchrons.to_a
      raise ArgumentError, 'no asynchron at all' if asynchrons.empty? && name != :all

      addresses = asynchrons.map(&:address)
      kinds = asynchrons.map(&:kind).uniq
      handle = C.public_send(name, addresses.pack('J*'), addresses.size, 0, cancel_rest ? 1 : 0)
      own(handle, as: kinds.size == 1 ? kinds.first : nil, sources: (asynchrons if name == :all))
    end
  end

  # What its values are for C: nil, :bytes, :text, :u64, :i64 or :f64.
  attr_reader :kind

  # Pending. With a timeout it fails after so many seconds.
  def initialize(name: nil, as: nil, timeout: nil)
    Values.check(as)
    raise TypeError, 'a name is a String' unless name.nil? || name.is_a?(String)
    raise ArgumentError, 'a name with a zero byte' if name&.b&.include?("\0")

    own(C.create(name&.encode(Encoding::UTF_8)), as, nil)
    expire(timeout) if timeout
  end

  # The address of its handle, for C. Valid while this object is.
  def address
    raise Refused.new('released', code: C::E_INVALID, domain: 'asynchron') unless @handle

    @handle.to_i
  end

  # The same with a reference for another owner.
  def share
    C.retain(address)
  end

  def name
    C.text(C.name(address))
  end

  def state
    STATES[C.state(address)]
  end

  def complete?
    C.poll(address) != C::PENDING
  end

  # Delivers a value. Returns false if it came too late.
  def set(value)
    kept(*Values.deliver(address, @kind, value))
  end

  # Delivers an exception, or a text that becomes one.
  def fail(error)
    kept(*Errors.deliver(address, error))
  end

  def cancel(reason = nil)
    Errors.accepted(C.cancel_with(address, Errors.text(reason))) == C::OK
  end

  # It ends as another one does.
  def follow(source)
    Errors.accepted(C.follow(address, source.address)) == C::OK
  end

  # It fails unless it is complete after so many seconds.
  def expire(seconds)
    Errors.accepted(C.expire_after(address, C.nanoseconds(seconds))) == C::OK
  end

  # Delivers what the block returns or raises; if it returns an asynchron, this one follows it. It runs here.
  def compute
    return false if Errors.accepted(C.start(address)) != C::OK

    left = true
    begin
      result = yield
      left = false
      result.is_a?(Asynchron) ? follow(result) : set(result)
    rescue StandardError, ScriptError => e
      left = false
      self.fail(e)
    rescue Exception => e # rubocop:disable Lint/RescueException
      left = false # such as an interrupt or exit, which goes on
      self.fail(e)
      raise
    ensure
      self.fail('the block was left') if left # by throw, break, or the end of the thread
    end
  end

  # Waits for the value, at most so many seconds. The thread or fiber alone waits.
  def get(timeout = nil)
    out = "\0" * 16
    status = C.get_timeout(address, 0, out)
    status = C.get_timeout(address, 0, out) if status == C::TIMEOUT && wait(timeout)
    return @sources ? @sources.map(&:get) : Values.collect(@kind, *out.unpack('J2')) if status == C::OK

    raise TimedOut.new('not complete yet', code: status, domain: 'asynchron') if status == C::TIMEOUT

    error, cause = Errors.of(address, Errors.accepted(status))
    raise error, cause: cause
  end
  alias await get

  # Waits, and returns whether it is complete.
  def wait(timeout = nil)
    C.nanoseconds(timeout)
    Waits.wait(address, timeout)
  end

  # What the block makes of the value, in a thread of its own. A failure or a cancel passes by.
  def and_then
    Asynchron.spawn { yield get }
  end

  # Gives the handle up now, and not when Ruby collects it.
  def release
    handle = @handle
    return unless handle

    @handle = nil
    handle.call_free
    Objects.forget(@token)
  end

  def inspect
    @handle ? "#<Asynchron #{name}: #{state}>" : '#<Asynchron: released>'
  end

  private

  def own(handle, kind, sources)
    @kind = Values.check(kind)
    @sources = sources
    @handle = C.owned(handle)
  end

  # What Ruby keeps for C is forgotten with this object, or now if it came too late.
  def kept(status, token = nil)
    status == C::OK ? @token = token : Objects.forget(token)
    Errors.accepted(status) == C::OK
  end
end
