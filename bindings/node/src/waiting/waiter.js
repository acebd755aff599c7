// The thread that waits on a report: it sends the tags of what has come, all that there are at once.
import { parentPort, workerData } from 'node:worker_threads';
import * as c from '../functions.js';

/** Places in the shared memory: how many are awaited, and whether this thread is to end. */
export const COUNT = 0;
export const ENDED = 1;

const MOST = 1024;
// Whoever ends a thread of the user's ends this one, which belongs to it, without a word: so it looks up now and then.
const SLICE = 250_000_000n;

function run({ report, shared }) {
  const items = c.words(2 * MOST);
  const count = c.words(1);
  while (!Atomics.load(shared, ENDED)) {
    if (Atomics.load(shared, COUNT) === 0) {
      Atomics.wait(shared, COUNT, 0);
      continue;
    }
    if (c.reportNextBatch(report, SLICE, items, MOST, count) !== c.OK) continue;
    const tags = [];
    for (let i = 0; i < Number(count[0]); i++) {
      c.release(Number(items[2 * i]));
      tags.push(Number(items[2 * i + 1]));
    }
    parentPort.postMessage(tags);
  }
}

if (workerData?.asynchron) run(workerData.asynchron);
