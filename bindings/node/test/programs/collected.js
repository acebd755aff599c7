// Drops asynchrons without releasing them, and prints how many of them C was told the end of.
import { setImmediate } from 'node:timers/promises';
import { Asynchron } from 'asynchron';
import { count, counted } from '../helper.js';

const MANY = 1000;
const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;
(() => {
  for (let i = 0; i < MANY; i++) count(new Asynchron().handle);
})();
const end = Date.now() + 20_000;
while (counted() < MANY * 0.9 && Date.now() < end) {
  collect();
  Array.from({ length: 10_000 }, (_, i) => ({ i }));
  await setImmediate();
}
console.log(counted() >= MANY * 0.9 ? 'collected' : `only ${counted()}`);
