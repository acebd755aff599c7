// Several threads of JavaScript in one process, each of which awaits; and other processes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Asynchron } from 'asynchron';
import { sleep, valueLater, valueNow } from './helper.js';

const LIMIT = { timeout: 90_000 };

test('threads await each other by shared handles', LIMIT, async () => {
  const all = Array.from({ length: 4 }, async (_, i) => {
    const question = new Asynchron({ as: 'text' });
    const answer = new Asynchron({ as: 'text' });
    const object = Asynchron.compute(() => ({ i }));
    const failed = Asynchron.compute(() => JSON.parse('') ?? i);
    const worker = new Worker(new URL('./programs/worker.js', import.meta.url), {
      workerData: {
        question: question.share(),
        answer: answer.share(),
        object: object.share(),
        failed: failed.share(),
      },
    });
    const seen = new Promise((resolve) => worker.on('message', resolve));
    const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    valueLater(question, 10, `question ${i}`);
    assert.equal(await answer, `question ${i}, indeed`);
    assert.match(await seen, /^bigint, Failure, asynchron\.javascript, .*JSON/);
    await ended;
    assert.deepEqual(object.get(), { i });
  });
  await Promise.all(all);
});

test('several objects of one asynchron in one thread are all told, once each', LIMIT, async () => {
  const a = new Asynchron({ name: 'one', as: 'text' });
  const b = Asynchron.fromHandle(a.handle, { as: 'text' });
  const c = Asynchron.adopt(a.share());
  assert.equal(c.name, 'one');
  const told = [];
  const waits = [a, b, c, b].map((one, i) => one.then((value) => told.push([i, String(value)])));
  const given = new AbortController();
  const gone = c.promise({ signal: given.signal });
  given.abort();
  await assert.rejects(gone, { name: 'AbortError' });
  a.release();
  assert.equal(b.value('told'), true);
  await Promise.all(waits);
  assert.deepEqual(told.sort(), [0, 1, 2, 3].map((i) => [i, 'told']));
});

test('an address that is used again is another asynchron', LIMIT, async () => {
  for (let i = 0; i < 500; i++) {
    const a = new Asynchron();
    const given = new AbortController();
    const gone = a.promise({ signal: given.signal });
    if (i % 2) valueNow(a.handle, 'x', 1);
    if (i % 10 === 1) new Asynchron().waitSync(2); // The waiting thread has told, and this one has not listened.
    given.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    a.release();
    const b = new Asynchron();
    const wait = b.promise();
    await sleep(0);
    b.value(i);
    assert.equal(await wait, i);
    b.release();
  }
});
