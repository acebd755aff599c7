# frozen_string_literal: true

require 'io/wait'

class Asynchron
  # All waits of the process. One thread of Ruby watches the descriptor of one report, and tells those who wait, by
  # queues, which Ruby can interrupt and which let fibers of a scheduler go on. So nobody is ever inside a call of C
  # that waits, and nothing keeps the process from ending.
  module Waits # :nodoc:
    @lock = Mutex.new
    @entries = {}

    class << self
      # Waits until it is complete. Returns false if the time was over first.
      def wait(address, seconds)
        return true if complete?(address)
        return false if seconds && seconds <= 0

        C::PATIENT.call(address, 1) if C.is_on_demand(address) != 0
        C.retain(address) # should somebody release it meanwhile
        begin
          queue = Thread::Queue.new
          timed(seconds, queue) { told(address, -> { queue.push(true) }) { queue.pop } }
          complete?(address)
        ensure
          C.release(address)
        end
      end

      # How many are listened to.
      def open
        @lock.synchronize { @entries.size }
      end

      private

      def complete?(address)
        C.poll(address) != C::PENDING
      end

      # A timer of the library pushes something, too.
      def timed(seconds, queue)
        return yield if seconds.nil?

        timer = C.owned(C.timer(C.nanoseconds(seconds)))
        begin
          told(timer.to_i, -> { queue.push(false) }) { yield }
        ensure
          C.cancel_with(timer.to_i, nil)
          timer.call_free
        end
      end

      # Has tell.call called once it is complete, as long as the block runs.
      def told(address, tell)
        listen(address, tell)
        yield
      ensure
        unlisten(address, tell)
      end

      # One entry for each asynchron, however many listen to it: by its address.
      def listen(address, tell)
        @lock.synchronize do
          watch
          listeners = @entries[address]
          if listeners.nil?
            Errors.accepted(C.report_add(@report, address, 0))
            listeners = @entries[address] = []
          end
          listeners << tell
        end
      end

      def unlisten(address, tell)
        @lock.synchronize do
          listeners = @entries[address]
          next unless listeners&.delete(tell)
          next unless listeners.empty?

          @entries.delete(address)
          C.report_remove(@report, address)
        end
      end

      # Starts the watcher: for the first, and in a child of fork(), where the parent's is not, nor what it waits for.
      def watch
        return if @watcher&.alive? && @process == Process.pid

        if @process != Process.pid
          @report = C.report_create(0, 0)
          raise NoMemoryError, 'asynchron: out of memory' if @report.zero?

          @entries = {}
          @process = Process.pid
          @readable = IO.for_fd(Errors.accepted(C.report_fd(@report)), autoclose: false)
        end
        @watcher = Thread.new { loop { drain if @readable.wait_readable } }
        @watcher.name = 'asynchron'
        @watcher.report_on_exception = true
      end

      def drain
        out = "\0" * 16
        while C.report_next(@report, 0, out) == C::OK
          address = out.unpack1('J')
          listeners = @lock.synchronize { @entries.delete(address) }
          C.release(address)
          listeners&.each(&:call)
        end
      end
    end
  end
end
