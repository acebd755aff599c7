// Gives values of JavaScript to C, which is done with them later, on another thread; prints whether they are collected.
import { setImmediate } from 'node:timers/promises';
import { Asynchron } from 'asynchron';
import { put, serve } from '../helper.js';

const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;
serve(1, 10_000);

/** Two have the value; the last handle of the second is given up by a thread of C's. */
function give(i) {
  const value = { i };
  const first = new Asynchron();
  const second = new Asynchron();
  if (i % 2) first.value(value);
  else first.fail(value);
  second.follow(first);
  put(second);
  first.release();
  second.release();
  return new WeakRef(value);
}

/** The only one that has it is released. */
function drop(i) {
  const value = { i };
  const a = new Asynchron();
  a.value(value);
  a.release();
  return new WeakRef(value);
}

// The first few are not too few to be forgotten.
const dropped = Array.from({ length: 20 }, (_, i) => drop(i));
for (let i = 0; i < 100 && dropped.some((reference) => reference.deref()); i++) {
  await setImmediate();
  collect();
}
const kept = dropped.filter((reference) => reference.deref()).length;
if (kept > 2) console.log(`${kept} of few are left`);

const given = Array.from({ length: 2000 }, (_, i) => give(i));
const left = () => given.filter((reference) => reference.deref()).length;
const end = Date.now() + 20_000;
do {
  for (let i = 0; i < 1000; i++) give(i); // The table looks through what it has as it grows.
  await setImmediate();
  collect();
} while (left() > 100 && Date.now() < end);
console.log(left() > 100 ? `${left()} are left` : 'forgotten');
