// How fast it is, beside what Node.js has, and beside a naive binding: prints ratios, with the times that they come from.
//
//     node bench/speed.js [--smoke]      needs a C compiler; run where the package is installed, with ../test beside this
import './config.js';
import { Worker } from 'node:worker_threads';
import { Asynchron } from 'asynchron';
import { put, serve } from '../test/helper.js';
import { Naive } from './naive.js';

const smoke = process.argv.includes('--smoke');
const ROUNDS = smoke ? 1 : 7;
const OPEN = 1000;
const few = (n) => (smoke ? Math.ceil(n / 100) : n);

const bytes = Buffer.from('x');

/** Nanoseconds for each of n. */
async function timed(n, run) {
  const begun = process.hrtime.bigint();
  await run(n);
  return Number(process.hrtime.bigint() - begun) / n;
}

/** Runs contestants in turns, and returns the best time of each: other work on the machine only adds. */
async function compare(contestants, n) {
  const best = Object.fromEntries(Object.keys(contestants).map((name) => [name, Infinity]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(contestants)) best[name] = Math.min(best[name], await timed(few(n), run));
  }
  return best;
}

const time = (ns) => (ns < 1000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(1)} us`);

function print(title, times, ours) {
  console.log(`\n${title}`);
  for (const [name, ns] of Object.entries(times)) {
    const ratio = name === ours ? '' : `   ${(ns / times[ours]).toFixed(2)} times the first`;
    console.log(`  ${name.padEnd(44)} ${time(ns).padStart(9)}${ratio}`);
  }
}

/** One after the other: create, deliver, collect. */
const local = {
  async 'asynchron: value(bytes), get()'(n) {
    for (let i = 0; i < n; i++) {
      const a = new Asynchron();
      a.value(bytes);
      a.get();
      a.release();
    }
  },
  async 'asynchron: value(bytes), await'(n) {
    for (let i = 0; i < n; i++) {
      const a = new Asynchron();
      a.value(bytes);
      await a;
      a.release();
    }
  },
  async 'asynchron: await, then value(object)'(n) {
    for (let i = 0; i < n; i++) {
      const a = new Asynchron();
      const promise = a.promise();
      a.value(i);
      await promise;
      a.release();
    }
  },
  async 'Promise: resolve, await'(n) {
    for (let i = 0; i < n; i++) {
      let resolve;
      const promise = new Promise((r) => (resolve = r));
      resolve(i);
      await promise;
    }
  },
};

const echo = new Worker("const { parentPort: p } = require('node:worker_threads'); p.on('message', (m) => p.postMessage(m));", {
  eval: true,
});

/** One after the other: another thread is asked, and its answer awaited. */
const remote = {
  async 'asynchron: a thread of C completes it'(n) {
    for (let i = 0; i < n; i++) {
      const a = new Asynchron();
      const answer = a.then();
      put(a.handle);
      await answer;
      a.release();
    }
  },
  async 'postMessage to a Worker and back'(n) {
    for (let i = 0; i < n; i++) {
      const answer = new Promise((resolve) => echo.once('message', resolve));
      echo.postMessage(i);
      await answer;
    }
  },
};

/** So many are awaited all the time: as soon as one is complete, another is asked for. */
const busy = (Kind) => async (n) => {
  let left = n;
  await Promise.all(
    Array.from({ length: OPEN }, async () => {
      while (left-- > 0) {
        const a = new Kind();
        const answer = a.then(); // It is awaited before it is asked for.
        put(a.handle);
        await answer;
        a.release();
      }
    }),
  );
};

serve(1, 2 * OPEN);
print('create, set and get, for each:', await compare(local, 100_000), Object.keys(local)[0]);
print('completed by another thread, for each:', await compare(remote, 10_000), Object.keys(remote)[0]);
const many = { asynchron: busy(Asynchron), 'naive: a blocking call of koffi for each': busy(Naive) };
print(`${OPEN} open waits, for each completion:`, await compare(many, 20_000), 'asynchron');
await echo.terminate();
