// Awaiting: what any thread delivers, without a thread that waits for each, and without freezing anything.
import assert from 'node:assert/strict';
import { readFile, writeFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Asynchron, Cancelled } from 'asynchron';
import { host, put, serve, sleep, valueLater } from './helper.js';

const LIMIT = { timeout: 60_000 };

test('await gets what a thread of C delivers', LIMIT, async () => {
  const a = new Asynchron({ as: 'text' });
  valueLater(a, 20, 'from a thread');
  assert.equal(await a, 'from a thread');
  assert.equal(a.state, 'ready');
});

test('a timer of the library completes', LIMIT, async () => {
  assert.equal(await Asynchron.timer(5), undefined);
  assert.equal(await Asynchron.timer(0), undefined);
  const never = Asynchron.timer(Infinity);
  assert.equal(never.complete, false);
  never.cancel();
});

test('all who await get it, in the order in which they began', LIMIT, async () => {
  const a = new Asynchron();
  const order = [];
  const waits = [1, 2, 3].map((i) => a.then((value) => order.push([i, value])));
  a.value('once');
  await Promise.all(waits);
  assert.deepEqual(order, [[1, 'once'], [2, 'once'], [3, 'once']]);
});

test('it is a thenable: then, catch, finally, Promise.all and race take it', LIMIT, async () => {
  const a = Asynchron.timer(1);
  const b = new Asynchron();
  b.cancel('b');
  let settled = 0;
  assert.deepEqual(await Promise.all([a, Asynchron.compute(() => 5)]), [undefined, 5]);
  await assert.rejects(Promise.all([a, b]), Cancelled);
  assert.equal(await b.catch((e) => e.message), 'b');
  await a.finally(() => settled++);
  assert.equal(settled, 1);
  assert.equal(await a.then(() => 7), 7);
});

test('a promise given up by a signal leaves the asynchron as it is', LIMIT, async () => {
  const a = new Asynchron();
  const controller = new AbortController();
  const given = a.promise({ signal: controller.signal });
  const other = a.promise();
  controller.abort(new Error('enough'));
  await assert.rejects(given, new Error('enough'));
  assert.equal(a.complete, false);
  await assert.rejects(a.promise({ signal: controller.signal }), new Error('enough'));
  a.value(1);
  assert.equal(await other, 1);
  assert.equal(await a.promise({ signal: new AbortController().signal }), 1);
});

test('released while somebody awaits it, it still arrives', LIMIT, async () => {
  const a = new Asynchron({ as: 'text' });
  valueLater(a, 20, 'kept');
  const promise = a.promise();
  a.release();
  assert.equal(await promise, 'kept');
});

test('one that is awaited may follow another, and is told with it', LIMIT, async () => {
  const a = new Asynchron({ as: 'text' });
  const source = new Asynchron({ as: 'text' });
  const wait = a.promise();
  a.follow(source);
  assert.equal(a.complete, false);
  valueLater(source, 5, 'through another');
  assert.equal(await wait, 'through another');
});

test('ten thousand that threads complete all arrive', LIMIT, async () => {
  assert.equal(serve(4, 20_000), 0);
  const as = Array.from({ length: 10_000 }, () => new Asynchron({ as: 'text' }));
  const all = Promise.all(as);
  put(...as);
  assert.equal((await all).join(''), 'x'.repeat(as.length));
});

test('a thousand open waits freeze neither timers nor files', LIMIT, async () => {
  const as = Array.from({ length: 1000 }, () => new Asynchron());
  const all = Promise.allSettled(as);
  const file = join(tmpdir(), `asynchron-${process.pid}`);
  await writeFile(file, 'still here');
  assert.equal(await readFile(file, 'utf8'), 'still here');
  await rm(file);
  await sleep(1);
  for (const a of as) a.cancel();
  assert.ok((await all).every(({ reason }) => reason instanceof Cancelled));
});

const onLinux = { ...LIMIT, skip: process.platform !== 'linux' };

test('no thread is there for a wait, however many there are', onLinux, async () => {
  const threads = async () => Number(/Threads:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))[1]);
  const one = new Asynchron();
  const first = one.promise();
  await Asynchron.timer(5);
  await sleep(200); // what starts with the first wait has started
  const before = await threads();
  const as = Array.from({ length: 500 }, () => new Asynchron());
  const all = Promise.allSettled(as);
  await Asynchron.timer(5);
  assert.ok((await threads()) <= before + (host === 'node' ? 4 : 12), `${before}, then ${await threads()}`);
  for (const a of [one, ...as]) a.cancel();
  await Promise.allSettled([first, all]);
});

test('getSync waits, and this thread stands still until then', LIMIT, () => {
  const a = new Asynchron({ as: 'text' });
  valueLater(a, 30, 'late');
  let ticked = false;
  setTimeout(() => (ticked = true), 1);
  assert.equal(a.waitSync(1), false);
  assert.equal(a.getSync(), 'late');
  assert.equal(a.waitSync(), true);
  assert.equal(ticked, false);
});
