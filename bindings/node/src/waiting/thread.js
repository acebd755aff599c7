// One thread waits on the report, for hosts whose event loop watches no descriptor of ours: Bun and Deno.
import { Worker } from 'node:worker_threads';
import * as c from '../functions.js';
import { COUNT, ENDED } from './waiter.js';

const LONGEST = 2 ** 31 - 1; // of a timer, in milliseconds

export function threadWatcher(report, come) {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./waiter.js', import.meta.url), {
    name: 'asynchron',
    workerData: { asynchron: { report, shared } },
  });
  worker.on('message', (tags) => tags.forEach(come));
  worker.unref();

  // The process lives while somebody waits: a timer says so in every host, also before the thread has begun.
  const alive = setInterval(() => {}, LONGEST);
  alive.unref();

  // A thread inside a call of C cannot be ended from outside.
  process.prependListener('exit', () => {
    Atomics.store(shared, ENDED, 1);
    Atomics.notify(shared, COUNT);
    c.reportWake(report);
  });

  return {
    name: 'thread',
    count(n) {
      if (Atomics.exchange(shared, COUNT, n) === 0 && n) Atomics.notify(shared, COUNT);
    },
    hold: () => alive.ref(),
    unhold: () => alive.unref(),
  };
}
