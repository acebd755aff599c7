// Drops asynchrons without releasing them, and prints how many of them C was told the end of. Argument: of which kind.
import { setImmediate } from 'node:timers/promises';
import { Asynchron } from 'asynchron';
import { count, counted } from '../helper.js';

const MANY = 1000;
const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;
const { signal } = new AbortController();
const make = {
  plain: () => new Asynchron(),
  'with a signal': () => new Asynchron({ signal }),
  'with a signal of its own': () => new Asynchron({ signal: new AbortController().signal }),
  'whose signal was read': () => {
    const a = new Asynchron();
    a.signal.addEventListener('abort', () => a.name);
    return a;
  },
  'whose promise was given up': () => {
    const a = new Asynchron({ signal });
    const controller = new AbortController();
    a.promise({ signal: controller.signal }).catch(() => {});
    controller.abort();
    return a;
  },
}[process.argv[2]];
(() => {
  for (let i = 0; i < MANY; i++) count(make().handle);
})();
const end = Date.now() + 20_000;
while (counted() < MANY * 0.9 && Date.now() < end) {
  collect();
  Array.from({ length: 10_000 }, (_, i) => ({ i }));
  await setImmediate();
}
signal.throwIfAborted(); // It is still there.
console.log(counted() >= MANY * 0.9 ? 'collected' : `only ${counted()}`);
