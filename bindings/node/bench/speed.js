// How fast it is, beside what Node.js has, and beside a naive binding: prints ratios, and the times behind them.
//
//     node bench/speed.js [--smoke]    needs a C compiler, and the package installed, with ../test beside this
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

const echoing = "const { parentPort: p } = require('node:worker_threads'); p.on('message', (m) => p.postMessage(m));";
const echo = new Worker(echoing, { eval: true });

/** One after the other: another thread is asked, and its answer awaited. */
const remote = {
  async 'asynchron: a thread of C completes it'(n) {
    for (let i = 0; i < n; i++) {
      const a = new Asynchron();
      const answer = a.then();
      put(a);
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

/** So many are awaited at a time, and then completed by another thread, one after the other. */
const many = (Kind) => async (n) => {
  for (let done = 0; done < n; done += OPEN) {
    const as = Array.from({ length: OPEN }, () => new Kind());
    const answers = as.map((a) => a.then());
    put(...as);
    await Promise.all(answers);
    for (const a of as) a.release();
  }
};

/** So many stay open, and of others, awaited one after the other and completed at once, how many come in a second? */
async function amongIdle(Kind) {
  const idle = Array.from({ length: OPEN }, () => new Kind());
  const answers = idle.map((a) => a.then());
  let seen = 0;
  let over = false;
  const asking = (async () => {
    for (; !over; seen++) {
      const a = new Kind();
      const answer = a.then();
      put(a);
      await answer;
      a.release();
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const counted = seen;
  over = true;
  put(...idle);
  await Promise.all([...answers, asking]);
  for (const a of idle) a.release();
  return counted;
}

serve(1, 2 * OPEN);
print('create, set and get, for each:', await compare(local, 100_000), Object.keys(local)[0]);
print('completed by another thread, for each:', await compare(remote, 10_000), Object.keys(remote)[0]);
const both = { asynchron: many(Asynchron), 'naive: a blocking call of koffi for each': many(Naive) };
print(`${OPEN} open waits, for each completion:`, await compare(both, 20_000), 'asynchron');
console.log(`\n${OPEN} waits stay open; of others, awaited one after the other, complete in a second:`);
for (const [name, Kind] of Object.entries({ asynchron: Asynchron, naive: Naive })) {
  console.log(`  ${name.padEnd(44)} ${String(await amongIdle(Kind)).padStart(9)}`);
}
await echo.terminate();
