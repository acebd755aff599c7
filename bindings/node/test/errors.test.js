// Failures and cancels cross between JavaScript and C with what they say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asynchron, AsynchronError, Cancelled, Failure, Refused, TimedOut } from 'asynchron';
import { cancelLater, codeOf, domainOf, failLater, messageOf } from './helper.js';

test('an exception of a function becomes a failure with its message', async () => {
  const a = Asynchron.compute(() => {
    throw new RangeError('out of cheese');
  });
  assert.equal(messageOf(a.handle), 'out of cheese');
  assert.equal(domainOf(a.handle), 'asynchron.javascript');
  assert.equal(codeOf(a.handle), 1);
  await assert.rejects(a.promise(), new RangeError('out of cheese'));
});

test('in its own thread the same exception arrives, with all that it has', async () => {
  const error = Object.assign(new TypeError('mine'), { more: [1, 2] });
  const a = new Asynchron();
  a.fail(error);
  await assert.rejects(a.promise(), (got) => got === error);
  assert.throws(() => a.get(), (got) => got === error);
  for (const odd of [undefined, null, 'text', 5n, Symbol('s'), Object.create(null)]) {
    const b = new Asynchron();
    b.fail(odd);
    assert.equal(await b.promise().catch((got) => ({ got })).then(({ got }) => got), odd);
  }
});

test('what an exception says of code and domain, C sees', () => {
  const a = new Asynchron();
  a.fail(new Failure('no luck\0', { code: -(2 ** 31), domain: 'luck' }));
  assert.deepEqual([codeOf(a.handle), domainOf(a.handle), messageOf(a.handle)], [-(2 ** 31), 'luck', 'no luck\u2400']);
  const b = new Asynchron();
  b.fail(Object.assign(new Error('gone'), { code: 'ENOENT' }));
  assert.deepEqual([codeOf(b.handle), messageOf(b.handle)], [1, 'gone']);
});

test('a failure of C is a Failure with code, domain and message', async () => {
  const a = new Asynchron();
  failLater(a, 1, -77, 'netz', 'Leitung tot');
  const error = await a.promise().catch((e) => e);
  assert.ok(error instanceof Failure && error instanceof AsynchronError && error instanceof Error);
  assert.deepEqual([error.name, error.code, error.domain, error.message], ['Failure', -77, 'netz', 'Leitung tot']);
});

test('a cancel is Cancelled with the reason, from either side', async () => {
  const a = new Asynchron();
  cancelLater(a, 1, 'no need');
  await assert.rejects(a.promise(), (e) => e instanceof Cancelled && e.message === 'no need' && e.name === 'Cancelled');
  const b = new Asynchron();
  assert.equal(b.cancel('schön'), true);
  assert.equal(messageOf(b.handle), 'schön');
  assert.equal(b.state, 'cancelled');
  assert.throws(() => b.get(), Cancelled);
});

test('one that nobody is left to deliver breaks', async () => {
  const a = new Asynchron();
  const source = new Asynchron();
  a.follow(source);
  source.release();
  await assert.rejects(a.promise(), (e) => e instanceof Failure && e.domain === 'asynchron' && e.code === -6);
});

test('a call that cannot be says so', () => {
  const a = new Asynchron();
  assert.throws(() => a.get(), Refused);
  assert.throws(() => a.getSync(1), TimedOut);
  assert.throws(() => a.follow(a), Refused);
  assert.equal(a.complete, false);
  a.release();
  a.release();
  const uses = [() => a.value(1), () => a.name, () => a.handle, () => a.promise(), () => a.getSync(0), () => a.signal];
  for (const use of uses) {
    assert.throws(use, Refused);
  }
  for (const bad of [0, -1, NaN, 'x', undefined, 2n ** 60n]) assert.throws(() => Asynchron.fromHandle(bad), TypeError);
  for (const bad of [-1, NaN, '5', null]) assert.throws(() => Asynchron.timer(bad), TypeError);
});
