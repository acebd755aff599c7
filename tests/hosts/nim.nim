## nim.nim: Nim's importc: each question that docs/languages.md answers for it.
import std/[os, atomics]

const
  Forever = high(uint64)
  Long = 5_000_000_000'u64
type
  Asynchron = pointer
  Error {.importc: "asynchron_error_t", header: "asynchron.h".} = object
    message: cstring
  Function = proc (a: Asynchron, ctx: pointer): int32 {.cdecl.}
  Notify = proc (a: Asynchron, ctx: pointer) {.cdecl.}

let ok {.importc: "ASYNCHRON_OK", header: "asynchron.h".}: int32

{.push header: "asynchron.h".}
proc forever(): uint64 {.importc: "asynchron_forever".}
proc create(name: cstring): Asynchron {.importc: "asynchron_create".}
proc timer(ns: uint64): Asynchron {.importc: "asynchron_timer".}
proc wait(a: Asynchron, ns: uint64): int32 {.importc: "asynchron_wait", discardable.}
proc cancel(a: Asynchron): int32 {.importc: "asynchron_cancel", discardable.}
proc fail(a: Asynchron, code: int32, message: cstring): int32 {.importc: "asynchron_fail".}
proc poll(a: Asynchron): int32 {.importc: "asynchron_poll".}
proc error(a: Asynchron, why: ptr Error): int32 {.importc: "asynchron_error", discardable.}
proc call(a: Asynchron, f: Function, ctx: pointer): int32 {.importc: "asynchron_call", discardable.}
proc notify(a: Asynchron, f: Notify, ctx: pointer): int32 {.importc: "asynchron_notify", discardable.}
{.pop.}
proc givenForever(n: uint64): cint {.importc: "given_forever", header: "given.h".}

var told: Atomic[int]

proc after(milliseconds: uint64): Asynchron = timer(milliseconds * 1_000_000)

proc outcome(f: Function): string =
  let a = create(nil)
  try: call(a, f, nil)
  except ValueError: discard # it waits until the library has returned, and goes on then
  if poll(a) == ok: return "success"
  var why: Error
  error(a, addr why)
  "failure: " & $why.message

proc throws(a: Asynchron, ctx: pointer): int32 {.cdecl.} =
  raise newException(ValueError, "no luck")

proc catches(a: Asynchron, ctx: pointer): int32 {.cdecl.} =
  try: throws(a, ctx)
  except ValueError as e: fail(a, 1, e.msg.cstring)

# On a thread that Nim does not know: so it allocates nothing.
proc tell(a: Asynchron, ctx: pointer) {.cdecl.} = told.atomicInc

proc ending(a: Asynchron) {.thread.} =
  sleep(100)
  cancel(a)

proc waiting() {.thread.} = wait(create(nil), Forever)

var thread: Thread[void]

# Whether another thread comes to end the wait.
proc blocking(): string =
  let a = create(nil)
  var other: Thread[Asynchron]
  createThread(other, ending, a)
  result = if wait(a, Long) == ok: "the thread" else: "all"
  joinThread(other)

proc callback(): string =
  notify(after(100), tell, nil)
  for _ in 1 .. 1000:
    if told.load > 0: return "works"
    sleep(10)
  "lost"

proc say(text: string) =
  echo text
  stdout.flushFile

case paramStr(1)
of "version": say "Nim " & NimVersion
of "forever": say(if givenForever(Forever) == 1 and wait(after(50), Forever) == ok: "arrives" else: "lost")
of "max": say $forever()
of "blocking": say blocking()
of "interrupt":
  say "waiting"
  wait(create(nil), Long)
  say "went on"
of "callback": say callback()
of "exit":
  createThread(thread, waiting)
  sleep(300)
  say "ending"
of "exception": say outcome(throws)
of "caught": say outcome(catches)
