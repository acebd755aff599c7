# Ruby's fiddle: each question that docs/languages.md answers for it.
require "fiddle"
require "fiddle/import"

FOREVER = 2**64 - 1
LONG = 5_000_000_000
OK = 0
STDOUT.sync = true

module C
  extend Fiddle::Importer
  dlload "libasynchron.so.0", "libgiven.so"
  typealias "uint64_t", "unsigned long long"
  extern "unsigned long long asynchron_forever(void)"
  extern "void *asynchron_create(const char *name)"
  extern "void *asynchron_timer(uint64_t ns)"
  extern "int asynchron_wait(void *a, uint64_t ns)"
  extern "int asynchron_cancel(void *a)"
  extern "int asynchron_fail(void *a, int code, const char *message)"
  extern "int asynchron_poll(void *a)"
  extern "int asynchron_error(void *a, void *out)"
  extern "int asynchron_call(void *a, void *fn, void *ctx)"
  extern "void *asynchron_report_create(void *as, size_t n)"
  extern "int asynchron_report_next(void *r, uint64_t ns, void *out)"
  extern "int given_forever(uint64_t n)"
end

def timer(milliseconds)
  C.asynchron_timer(milliseconds * 1_000_000)
end

def outcome(&function)
  a = C.asynchron_create(nil)
  types = [Fiddle::TYPE_VOIDP, Fiddle::TYPE_VOIDP]
  closure = Fiddle::Closure::BlockCaller.new(Fiddle::TYPE_INT, types, &function)
  C.asynchron_call(a, closure, nil)
  return "success" if C.asynchron_poll(a) == OK
  why = Fiddle::Pointer.malloc(32, Fiddle::RUBY_FREE) # an asynchron_error_t
  C.asynchron_error(a, why)
  "failure: #{Fiddle::Pointer.new(why[16, 8].unpack1("Q"))}"
end

# Whether another thread comes to end the wait.
def blocking
  a = C.asynchron_create(nil)
  Thread.new { sleep 0.1; C.asynchron_cancel(a) }
  C.asynchron_wait(a, LONG) == OK ? "the thread" : "all"
end

def interrupt
  puts "waiting"
  C.asynchron_wait(C.asynchron_create(nil), LONG)
  "went on"
end

# A function of Ruby's must not run on our thread: a report says what is complete instead.
def callback
  a = timer(100)
  report = C.asynchron_report_create([a.to_i].pack("Q"), 1)
  item = "\0" * 16
  told = C.asynchron_report_next(report, FOREVER, item) == OK && item.unpack1("Q") == a.to_i
  told ? "never" : "lost"
end

def leave(cancels:)
  a = C.asynchron_create(nil)
  Thread.new { C.asynchron_wait(a, FOREVER) }
  sleep 0.3
  at_exit { C.asynchron_cancel(a) } if cancels
  puts "ending"
  exit
end

def forever
  C.given_forever(FOREVER) == 1 && C.asynchron_wait(timer(50), FOREVER) == OK ? "arrives" : "lost"
end

# An exception must not leave the function: it would jump over the library, and the asynchron would stay RUNNING.
def catches
  outcome do |a, _|
    raise "no luck"
  rescue => e
    C.asynchron_fail(a, 1, e.message)
  end
end

puts case ARGV[0]
     when "version" then "Ruby #{RUBY_VERSION}, fiddle #{Fiddle::VERSION}"
     when "forever" then forever
     when "max" then C.asynchron_forever
     when "blocking" then blocking
     when "interrupt" then interrupt
     when "callback" then callback
     when "exit" then leave(cancels: false)
     when "mended" then leave(cancels: true)
     when "caught" then catches
     end
