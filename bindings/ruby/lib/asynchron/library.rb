# frozen_string_literal: true

# The C library, by fiddle. No function here waits, so all of them keep Ruby's lock, but for one: see PATIENT.
require 'fiddle'

class Asynchron
  module C # :nodoc:
    usual = RUBY_PLATFORM.include?('darwin') ? 'libasynchron.0.dylib' : 'libasynchron.so.0'
    LIBRARY = Fiddle.dlopen(ENV['ASYNCHRON_LIBRARY'] || usual)

    # Handles are integers: fiddle makes an object of each pointer.
    handle = Fiddle::TYPE_UINTPTR_T
    pointer = Fiddle::TYPE_VOIDP
    status = Fiddle::TYPE_INT32_T
    u64 = -Fiddle::TYPE_INT64_T
    size = Fiddle::TYPE_SIZE_T
    nothing = Fiddle::TYPE_VOID

    {
      version: [[], -Fiddle::TYPE_INT32_T],
      create: [[pointer], handle],
      retain: [[handle], handle],
      release: [[handle], nothing],
      state: [[handle], status],
      poll: [[handle], status],
      name: [[handle], handle],
      is_shared: [[handle], status],
      is_on_demand: [[handle], status],
      status_string: [[status], handle],
      set_bytes: [[handle, pointer, size], status],
      set_pointer: [[handle, handle, handle], status],
      fail_with: [[handle, status, pointer, pointer, handle, handle], status],
      cancel_with: [[handle, pointer], status],
      follow: [[handle, handle], status],
      start: [[handle], status],
      get_timeout: [[handle, u64, pointer], status],
      error: [[handle, pointer], status],
      expire_after: [[handle, u64], status],
      timer: [[u64], handle],
      all: [[pointer, size, handle, u64], handle],
      any: [[pointer, size, handle, u64], handle],
      race: [[pointer, size, handle, u64], handle],
      report_create: [[handle, size], handle],
      report_add: [[handle, handle, handle], status],
      report_remove: [[handle, handle], status],
      report_next: [[handle, u64, pointer], status],
      report_wake: [[handle], status],
      report_close: [[handle], status],
      report_pending: [[handle], size],
      report_fd: [[handle], status]
    }.each do |name, (arguments, result)|
      function = Fiddle::Function.new(LIBRARY["asynchron_#{name}"], arguments, result, need_gvl: true)
      const_set("CALL_#{name}", function)
      parameters = arguments.each_index.map { |i| "a#{i}" }.join(', ')
      # A method of its own for each: a call by define_method takes twice as long.
      module_eval("def self.#{name}(#{parameters}) = CALL_#{name}.call(#{parameters})", __FILE__, __LINE__)
    end

    # Runs a function on demand, which may take its time: other threads of Ruby go on. Nothing interrupts it.
    PATIENT = Fiddle::Function.new(LIBRARY['asynchron_wait'], [handle, u64], status, need_gvl: false)

    # Drops: called by C, also on its own threads. So they are functions of C.
    DROP = LIBRARY['asynchron_drop']
    RELEASE = Fiddle::Function.new(LIBRARY['asynchron_release'], [pointer], nothing)
    RELEASE_REPORT = Fiddle::Function.new(LIBRARY['asynchron_report_release'], [pointer], nothing)

    OK = 0
    FAILED = 1
    CANCELLED = 2
    PENDING = 3
    TIMEOUT = 4
    ALREADY = 5
    ENDED = 6
    WOKEN = 7
    E_INVALID = -1
    E_NOMEM = -2
    FOREVER = 2**64 - 1

    raise LoadError, "asynchron: the C library is too old: #{version}" if version < 200

    # A text of C's, which is UTF-8 unless it is not.
    def self.text(address)
      text = Fiddle::Pointer.new(address).to_s.force_encoding(Encoding::UTF_8)
      text.valid_encoding? ? text : text.force_encoding(Encoding::BINARY)
    end

    # An object that gives the reference up when Ruby collects it, by C alone.
    def self.owned(address, release = RELEASE)
      raise NoMemoryError, 'asynchron: out of memory' if address.zero?

      Fiddle::Pointer.new(address, 0, release)
    end

    # Seconds, or nil for ever. Rounded up: nothing happens before its time.
    def self.nanoseconds(seconds)
      return FOREVER if seconds.nil?
      raise TypeError, 'a time is a number of seconds, or nil' unless seconds.is_a?(Numeric) && seconds.real?
      raise ArgumentError, 'a time is a number' if seconds.respond_to?(:nan?) && seconds.nan?

      return FOREVER if seconds >= 1.8e10 # 570 years: 2^64 nanoseconds are a little more

      seconds.positive? ? (seconds * 1_000_000_000).ceil : 0
    end
  end
end
