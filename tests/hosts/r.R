# r.R: R, with the functions in r.c, whose file is the first argument: each question that docs/languages.md answers for
# it.
arguments <- commandArgs(trailingOnly = TRUE)
FOREVER <- Inf
extension <- dyn.load(arguments[1])
say <- function(text) {
  cat(text, "\n", sep = "")
  flush(stdout())
}
timer <- function(milliseconds) .Call("timer", milliseconds * 1e6)
wait <- function(a, ns = FOREVER) .Call("wait_for", a, ns)

# R has one thread. What else would run is a finalizer, or a handler of its event loop.
blocking <- function() {
  ticks <- 0
  later <- new.env()
  reg.finalizer(later, function(e) ticks <<- ticks + 1)
  rm(later)
  wait(timer(500))
  if (ticks > 0) "the thread" else "all"
}

interrupt <- function() {
  say("waiting")
  wait(.Call("create"), 5e9)
  "went on"
}

say(switch(arguments[2],
  version = paste0("R ", getRversion()),
  forever = if (.Call("arrives", FOREVER) && wait(timer(50)) == 0) "arrives" else "lost",
  max = format(.Call("forever"), digits = 20),
  blocking = blocking(),
  interrupt = interrupt(),
  callback = .Call("told", timer(100)),
  exit = "no threads",
  caught = .Call("outcome", function() stop("no luck"))
))
