// Keeps the signals of asynchrons and not those; prints whether a cancel by C still aborts them all.
import { setImmediate } from 'node:timers/promises';
import { Asynchron } from 'asynchron';
import { cancelLater } from '../helper.js';

const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;
const signals = Array.from({ length: 20 }, () => {
  const a = new Asynchron();
  cancelLater(a, 1000, 'by C');
  return a.signal;
});
for (let i = 0; i < 20; i++) {
  collect();
  await setImmediate();
}
const end = Date.now() + 20_000;
while (signals.some((signal) => !signal.aborted) && Date.now() < end) await Asynchron.timer(10);
console.log(signals.every((signal) => signal.aborted) ? 'told' : 'not told');
