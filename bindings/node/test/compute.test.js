// Functions of JavaScript that compute a value: on this thread, once, and never with an exception that is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asynchron, Cancelled, Failure } from 'asynchron';
import { sleep, valueLater } from './helper.js';

const LIMIT = { timeout: 60_000 };

test('what a function returns is the value', LIMIT, async () => {
  const a = new Asynchron({ name: 'sum' });
  const states = [];
  assert.equal(a.compute((self) => {
    assert.equal(self, a);
    states.push(self.state);
    return 6 * 7;
  }), true);
  assert.equal(await a, 42);
  assert.deepEqual(states, ['running']);
});

test('it runs once, and only if nothing was delivered', LIMIT, () => {
  const a = new Asynchron();
  a.value(1);
  assert.equal(a.compute(() => assert.fail('ran')), false);
  const b = new Asynchron();
  b.cancel();
  assert.equal(b.compute(() => assert.fail('ran')), false);
  const c = new Asynchron();
  c.compute(() => assert.equal(c.compute(() => assert.fail('ran')), false));
});

test('what it delivers itself counts, not what it returns', LIMIT, async () => {
  assert.equal(await Asynchron.compute((self) => (self.value('itself'), 'returned')), 'itself');
  const a = Asynchron.compute((self) => {
    self.cancel('itself');
    throw new Error('too late');
  });
  await assert.rejects(a.promise(), Cancelled);
});

test('what a promise settles with is the value, and it runs until then', LIMIT, async () => {
  const a = Asynchron.compute(async () => {
    await sleep(5);
    return { later: true };
  });
  assert.equal(a.state, 'running');
  assert.deepEqual(await a, { later: true });
  const error = new SyntaxError('later');
  const b = Asynchron.compute(async () => {
    await sleep(1);
    throw error;
  });
  await assert.rejects(b.promise(), (got) => got === error);
});

test('what another asynchron completes with is the value', LIMIT, async () => {
  const source = new Asynchron({ as: 'text' });
  valueLater(source, 5, 'from C');
  assert.equal(await Asynchron.compute(() => source, { as: 'text' }), 'from C');
});

test('one that was cancelled is so at once, and what comes later is dropped', LIMIT, async () => {
  let finish;
  const a = Asynchron.compute(() => new Promise((resolve) => (finish = resolve)));
  a.cancel('no need');
  await assert.rejects(a.promise(), Cancelled);
  finish(5);
  await sleep(1);
  assert.equal(a.state, 'cancelled');
});

test('cancelPending() cancels what has not begun, and nothing else', LIMIT, async () => {
  const a = new Asynchron();
  const wait = a.promise();
  assert.equal(a.cancelPending('too late'), true);
  assert.equal(a.cancelPending(), false);
  await assert.rejects(wait, (e) => e instanceof Cancelled && e.message === 'too late');
  let finish;
  const b = Asynchron.compute(() => new Promise((resolve) => (finish = resolve)));
  assert.equal(b.cancelPending(), false);
  finish('done');
  assert.equal(await b, 'done');
});

test('a value of the wrong kind is a failure, of a function and of a promise', LIMIT, async () => {
  await assert.rejects(Asynchron.compute(() => 'x', { as: 'u64' }).promise(), TypeError);
  await assert.rejects(Asynchron.compute(async () => 'x', { as: 'u64' }).promise(), TypeError);
});

test('functions inside functions compute what they are for', LIMIT, async () => {
  const deep = (n) => Asynchron.compute(() => (n ? deep(n - 1).get() + 1 : 0));
  assert.equal(await deep(50), 50);
});

test('waiting for itself is refused, not a hang', LIMIT, async () => {
  const a = Asynchron.compute((self) => self.getSync());
  await assert.rejects(a.promise(), (e) => e.code === -3 && !(e instanceof Failure));
});

test('whoever awaits during the function is told', LIMIT, async () => {
  const waits = [];
  const a = Asynchron.compute((self) => {
    waits.push(self.promise());
    return 1;
  });
  waits.push(a.promise());
  assert.deepEqual(await Promise.all(waits), [1, 1]);
});
