// Values of JavaScript that C keeps: a table of this thread's, keyed by the address of a token.
//
// The token is an asynchron, which serves for its count of references alone: the table has one, and C another, which
// it gives up by asynchron_drop(), on whatever thread. So no code of JavaScript runs when C is done with a value; the
// table finds out later that nobody else holds the token.
import * as c from './functions.js';
import { made } from './errors.js';

const values = new Map();
const SMALLEST = 256;
let limit = SMALLEST;

/** Puts a value into the table. The token has a reference for C, to be handed over with c.dropHandle. */
export function keep(value) {
  if (values.size >= limit) sweep();
  const token = made(c.create(null));
  c.retain(token);
  values.set(token, value);
  return token;
}

export function has(token) {
  return values.has(token);
}

export function at(token) {
  return values.get(token);
}

/** Forgets a value if C is done with it. */
export function forget(token) {
  if (values.has(token) && !c.isShared(token)) {
    values.delete(token);
    c.release(token);
  }
}

/** Each value is looked at once for each that was added, at most. */
function sweep() {
  for (const token of values.keys()) forget(token);
  limit = Math.max(SMALLEST, 2 * values.size);
}

/** For tests: how many are there. */
export function size() {
  return values.size;
}
