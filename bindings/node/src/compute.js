// Runs a function of JavaScript as the one that computes a value: on this thread, inside asynchron_call().
import * as c from './functions.js';

let job; // of the innermost call

/** C calls this one function for all: it runs on this thread, and nothing is thrown through C. */
const run = c.callable(() => {
  job();
  return 0;
});

/** Has `fn` run as the function of the asynchron. It must not throw. Returns the status: c.OK if it ran. */
export function compute(handle, fn) {
  const outer = job;
  job = fn;
  try {
    return c.call(handle, run, 0);
  } finally {
    job = outer;
  }
}
