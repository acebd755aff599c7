// Reports: several asynchrons in the order in which they complete.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asynchron, Refused, Report, report } from 'asynchron';
import { valueLater } from './helper.js';

const LIMIT = { timeout: 60_000 };

test('they come in the order in which they complete', LIMIT, async () => {
  const as = Array.from({ length: 5 }, (_, i) => new Asynchron({ name: `number ${i}` }));
  const order = [3, 0, 4, 1, 2];
  const names = [];
  as[order[0]].value(0);
  for await (const a of report(as)) {
    assert.ok(a instanceof Asynchron);
    names.push(a.name);
    const next = as[order[names.length]];
    if (names.length % 2) setTimeout(() => next?.value(0), 1);
    else valueLater(next, 1, 'from a thread');
  }
  assert.deepEqual(names, order.map((i) => `number ${i}`));
});

test('those that are complete come first, as given; then it ends', LIMIT, async () => {
  const as = [1, 2, 3].map((i) => Asynchron.compute(() => i));
  const got = [];
  for await (const a of report(as)) got.push(await a);
  assert.deepEqual(got, [1, 2, 3]);
  for await (const a of report([])) assert.fail(a);
});

test('failures and cancels come, too', LIMIT, async () => {
  const as = [new Asynchron(), new Asynchron()];
  setTimeout(() => as[1].fail(new Error()), 1);
  setTimeout(() => as[0].cancel(), 10);
  const got = [];
  for await (const a of report(as)) got.push(as.indexOf(a));
  assert.deepEqual(got, [1, 0]);
});

test('one may be added while others are awaited', LIMIT, async () => {
  const r = new Report([Asynchron.timer(5)]);
  const got = [];
  for await (const a of r) {
    got.push(a);
    if (got.length < 3) r.add(Asynchron.timer(5));
  }
  assert.equal(got.length, 3);
  assert.equal(r.size, 0);
});

test('one that was left lets go of all it had', LIMIT, async () => {
  const slow = new Asynchron();
  const r = report([Asynchron.timer(1), slow]);
  for await (const a of r) {
    assert.notEqual(a, slow);
    break;
  }
  assert.equal(r.size, 0);
  assert.throws(() => r.add(slow), Error);
  slow.value(1);
  assert.deepEqual(await r.next(), { value: undefined, done: true });
});

test('those who ask together each get one, or the end', LIMIT, async () => {
  const a = Asynchron.timer(5);
  const r = report([a]);
  const [one, other] = await Promise.all([r.next(), r.next()]);
  assert.deepEqual([one, other], [{ value: a, done: false }, { value: undefined, done: true }]);
});

test('closing it ends those who ask', LIMIT, async () => {
  const r = report([new Asynchron()]);
  const asked = r.next();
  r.close();
  assert.equal((await asked).done, true);
});

test('ten thousand of C come, each once', LIMIT, async () => {
  const as = Array.from({ length: 10_000 }, (_, i) => Asynchron.timer(i % 7));
  const seen = new Set();
  for await (const a of report(as)) seen.add(a);
  assert.equal(seen.size, as.length);
});

test('what is refused leaves nothing behind, and the report ends as without it', LIMIT, async () => {
  const gone = new Asynchron();
  gone.release();
  const r = new Report();
  assert.throws(() => r.add(undefined), TypeError);
  assert.throws(() => r.add({}), TypeError);
  assert.throws(() => r.add(gone), Refused);
  assert.equal(r.size, 0);
  const a = Asynchron.timer(1);
  r.add(a);
  const got = [];
  for await (const one of r) got.push(one);
  assert.deepEqual(got, [a]);
  assert.throws(() => report([new Asynchron(), gone]), Refused);
});
