// Times: milliseconds, as JavaScript has them, as the nanoseconds that C takes; and long waits in short ones.
import { FOREVER, TIMEOUT } from './functions.js';

/** undefined and Infinity are for ever. Without this, a foreign function interface makes 0 of Infinity. */
export function nanoseconds(ms) {
  if (ms === undefined || ms === Infinity) return FOREVER;
  if (typeof ms !== 'number' || !(ms >= 0)) throw new TypeError(`not a time in milliseconds: ${String(ms)}`);
  const ns = BigInt(Math.ceil(ms * 1e6));
  return ns < FOREVER ? ns : FOREVER;
}

/**
 * The host ends a thread between two calls of C, and not inside one. So no call waits for longer than this: what asks
 * a Worker to end would wait for it, and so would the end of the process.
 */
const SLICE = 50_000_000n;

/** Calls `wait` with at most a slice of the time, until it is no timeout, or the time is over. Returns its status. */
export function inSlices(ns, wait) {
  if (ns <= SLICE) return wait(ns);
  const end = ns === FOREVER ? undefined : process.hrtime.bigint() + ns;
  for (;;) {
    const left = end === undefined ? SLICE : end - process.hrtime.bigint();
    const status = wait(left > SLICE ? SLICE : left > 0n ? left : 0n);
    if (status !== TIMEOUT || left <= 0n) return status;
  }
}
