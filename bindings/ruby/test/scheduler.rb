# frozen_string_literal: true

# A small scheduler of fibers, with what Ruby asks of one: IO.select is its loop, and a pipe ends that early.
class Scheduler
  def initialize
    @lock = Mutex.new
    @ready = []    # fibers, and those of other threads' unblock()
    @blocked = {}  # fiber => until when
    @reading = {}  # fiber => [io, until when]
    @wake_out, @wake_in = IO.pipe
  end

  def fiber(&block)
    fiber = Fiber.new(blocking: false, &block)
    fiber.resume
    fiber
  end

  def block(_blocker, timeout = nil)
    @blocked[Fiber.current] = timeout && now + timeout
    Fiber.yield
  end

  def unblock(_blocker, fiber)
    @lock.synchronize { @ready << fiber }
    @wake_in.write_nonblock('.', exception: false)
  end

  def kernel_sleep(duration = nil)
    block(:sleep, duration)
  end

  def io_wait(io, events, timeout = nil)
    raise ArgumentError, 'only reading is known here' if events != IO::READABLE

    @reading[Fiber.current] = [io, timeout && now + timeout]
    Fiber.yield
  end

  def close
    turn until @blocked.empty? && @reading.empty? && @ready.empty?
  ensure
    [@wake_out, @wake_in].each(&:close)
  end

  private

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def turn
    soonest = (@blocked.values + @reading.values.map(&:last)).compact.min
    left = soonest && [soonest - now, 0].max
    readable, = IO.select([@wake_out, *@reading.values.map(&:first)], nil, nil, left)
    @wake_out.read_nonblock(1000, exception: false) if readable&.include?(@wake_out)

    fibers = @lock.synchronize { @ready.tap { @ready = [] } }
    fibers.uniq.each { |fiber| fiber.resume(true) if @blocked.delete(fiber) { :none } != :none }
    @blocked.select { |_, till| till && till <= now }.each_key { |f| f.resume(false) if @blocked.delete(f) }
    @reading.to_a.each do |fiber, (io, till)|
      there = readable&.include?(io)
      next unless there || till && till <= now

      @reading.delete(fiber)
      fiber.resume(there ? IO::READABLE : false)
    end
  end
end
