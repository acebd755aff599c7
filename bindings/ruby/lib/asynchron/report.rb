# frozen_string_literal: true

class Asynchron
  # Many, in the order in which they complete. IO.select takes it, and any loop its to_io.
  class Report
    include Enumerable

    def initialize(asynchrons = [])
      @report = C.owned(C.report_create(0, 0), C::RELEASE_REPORT)
      @lock = Mutex.new
      @held = {} # arrays by address: one may be there twice
      @waiting = 0
      asynchrons.each { |a| add(a) }
    end

    # Adds one. One that is added twice is yielded twice.
    def add(asynchron)
      address = asynchron.address
      @lock.synchronize do
        Errors.accepted(C.report_add(report, address, 0))
        (@held[address] ||= []) << asynchron
      end
      self
    end
    alias << add

    # Takes one out that has not been yielded. Returns whether it was there.
    def remove(asynchron)
      address = asynchron.address
      @lock.synchronize do
        next false if Errors.accepted(C.report_remove(report, address)) != C::OK

        taken(address)
        ended
        true
      end
    end

    # How many were added and not yet yielded.
    def pending
      C.report_pending(report)
    end

    # Nothing can be added any more. At the end the descriptor stays readable.
    def close
      Errors.accepted(C.report_close(report))
      self
    end

    # The next that is complete, or nil if nothing is left. Raises TimedOut.
    def next(timeout = nil)
      deadline = now + timeout if C.nanoseconds(timeout) < C::FOREVER
      loop do
        status, asynchron = @lock.synchronize { take }
        return asynchron if status == C::OK
        return nil if status == C::ENDED

        left = deadline && deadline - now
        raise TimedOut.new('nothing complete yet', code: C::TIMEOUT, domain: 'asynchron') if left && left <= 0

        wait(left) if status == C::TIMEOUT
      end
    end

    # All of them, as they complete, until nothing is left.
    def each
      return enum_for(:each) unless block_given?

      while (asynchron = self.next)
        yield asynchron
      end
      self
    end

    # Readable while there is one to take.
    def to_io
      @io = nil if @process != Process.pid
      @process = Process.pid
      @io ||= IO.for_fd(Errors.accepted(C.report_fd(report)), autoclose: false)
    end

    # Gives it up now, with its descriptor, and not when Ruby collects it.
    def release
      report, @report, @io = @report, nil, nil
      report&.call_free
    end

    private

    def report
      raise Refused.new('released', code: C::E_INVALID, domain: 'asynchron') unless @report

      @report.to_i
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def wait(seconds)
      @lock.synchronize { @waiting += 1 }
      to_io.wait_readable(seconds)
    ensure
      @lock.synchronize { @waiting -= 1 }
    end

    def take
      out = "\0" * 16
      status = Errors.accepted(C.report_next(report, 0, out))
      return status unless status == C::OK

      address = out.unpack1('J')
      C.release(address)
      asynchron = taken(address)
      ended
      [status, asynchron]
    end

    # Those who wait for what will not come learn of the end.
    def ended
      @waiting.times { C.report_wake(report) } if pending.zero?
    end

    def taken(address)
      there = @held[address]
      @held.delete(address) if there.size == 1
      there.shift
    end
  end
end
