// Milliseconds, as JavaScript has them, as the nanoseconds that C takes.
import { FOREVER } from './functions.js';

/** undefined and Infinity are for ever. Without this, a foreign function interface makes 0 of Infinity. */
export function nanoseconds(ms) {
  if (ms === undefined || ms === Infinity) return FOREVER;
  if (typeof ms !== 'number' || !(ms >= 0)) throw new TypeError(`not a time in milliseconds: ${String(ms)}`);
  const ns = BigInt(Math.ceil(ms * 1e6));
  return ns < FOREVER ? ns : FOREVER;
}
