-- LuaJIT's ffi: each question that docs/languages.md answers for it.
local ffi = require("ffi")

local FOREVER = 0xffffffffffffffffULL
local header = assert(io.open(os.getenv("ASYNCHRON_INCLUDE") .. "/asynchron.ffi.h"))
ffi.cdef(header:read("*a"))
ffi.cdef("int given_forever(uint64_t n);")
local c = ffi.load("libasynchron.so.0")
local given = ffi.load("libgiven.so")

local function timer(milliseconds)
  return c.asynchron_timer(milliseconds * 1000000)
end

local function outcome(fn)
  local a = c.asynchron_create(nil)
  local run = ffi.cast("asynchron_fn_t", fn)
  c.asynchron_call(a, run, nil)
  run:free()
  if c.asynchron_poll(a) == c.ASYNCHRON_OK then return "success" end
  local why = ffi.new("asynchron_error_t")
  c.asynchron_error(a, why)
  return "failure: " .. ffi.string(why.message)
end

local questions = {}

function questions.version()
  return jit.version
end

function questions.forever()
  local arrives = given.given_forever(FOREVER) == 1 and c.asynchron_wait(timer(50), FOREVER) == c.ASYNCHRON_OK
  return arrives and "arrives" or "lost"
end

function questions.max()
  return c.asynchron_forever()
end

-- There are coroutines alone, and they take turns: none comes to end the wait.
function questions.blocking()
  local a = c.asynchron_create(nil)
  local other = coroutine.wrap(function()
    coroutine.yield()
    c.asynchron_cancel(a)
  end)
  other()
  return c.asynchron_wait(a, 1000000000ULL) == c.ASYNCHRON_OK and "the thread" or "all"
end

function questions.interrupt()
  print("waiting")
  io.stdout:flush()
  c.asynchron_wait(c.asynchron_create(nil), 5000000000ULL)
  print("went on")
end

-- A function of Lua's must not run on our thread: a report says what is complete instead.
function questions.callback()
  local a = ffi.new("asynchron_t *[1]", { timer(100) })
  local report = c.asynchron_report_create(a, 1)
  local item = ffi.new("asynchron_item_t")
  local told = c.asynchron_report_next(report, FOREVER, item) == c.ASYNCHRON_OK and item.asynchron == a[0]
  return told and "never" or "lost"
end

function questions.exit()
  print("no threads")
end

function questions.exception()
  return outcome(function() error("no luck") end)
end

function questions.caught()
  return outcome(function(a)
    local ok, message = pcall(error, "no luck", 0)
    return ok and 0 or c.asynchron_fail(a, 1, message)
  end)
end

print(questions[arg[1]]() or "")
