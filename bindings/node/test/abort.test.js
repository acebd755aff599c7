// AbortSignals both ways: one cancels an asynchron, and an asynchron's cancel aborts one.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Asynchron, Cancelled, TimedOut } from 'asynchron';
import { cancelLater, host, messageOf, run, valueLater } from './helper.js';

const LIMIT = { timeout: 60_000 };

test('a signal cancels, with its reason', LIMIT, async () => {
  const controller = new AbortController();
  const a = new Asynchron({ signal: controller.signal });
  controller.abort(new Error('the user left'));
  assert.equal(a.state, 'cancelled');
  assert.equal(messageOf(a.handle), 'the user left');
  await assert.rejects(a.promise(), (e) => e instanceof Cancelled && e.message === 'the user left');
  const late = new Asynchron({ signal: controller.signal });
  assert.equal(late.state, 'cancelled');
  const text = new Asynchron();
  assert.equal(text.cancelOn(AbortSignal.abort('a text')), true);
  assert.equal(messageOf(text.handle), 'a text');
});

test('a signal that times out cancels', LIMIT, async () => {
  const a = new Asynchron({ signal: AbortSignal.timeout(5) });
  await assert.rejects(a.promise(), Cancelled);
});

test('a cancel aborts the signal, from any thread', LIMIT, async () => {
  const a = new Asynchron();
  const { signal } = a;
  assert.equal(a.signal, signal);
  assert.equal(signal.aborted, false);
  cancelLater(a, 5, 'by C');
  const wait = a.promise();
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  await assert.rejects(wait, Cancelled);
  await aborted;
  assert.ok(signal.reason instanceof Cancelled);
  assert.equal(signal.reason.message, 'by C');
  const b = new Asynchron();
  b.cancel('before');
  assert.equal(b.signal.aborted, true);
});

test('here it is aborted before cancel() returns', LIMIT, () => {
  const a = new Asynchron();
  let seen;
  a.signal.addEventListener('abort', () => (seen = a.signal.reason.message));
  a.cancel('now');
  assert.equal(seen, 'now');
});

test('a value aborts nothing, and a signal that comes later cancels nothing', LIMIT, async () => {
  const controller = new AbortController();
  const a = new Asynchron({ signal: controller.signal, as: 'text' });
  const { signal } = a;
  valueLater(a, 1, 'done');
  assert.equal(await a, 'done');
  controller.abort();
  assert.equal(signal.aborted, false);
  assert.equal(await a, 'done');
});

test('nothing is left at the signal of one that is complete or released', { ...LIMIT, skip: host === 'deno' }, () => {
  const { signal } = new AbortController();
  const a = new Asynchron({ signal });
  const b = new Asynchron({ signal });
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  a.value(1);
  b.release();
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('one listener at a signal serves all', { ...LIMIT, skip: host === 'deno' }, async () => {
  const warnings = [];
  const warned = (warning) => warnings.push(warning.name);
  process.on('warning', warned);
  const controller = new AbortController();
  const { signal } = controller;
  const as = Array.from({ length: 1000 }, () => new Asynchron({ signal }));
  const other = new Asynchron();
  const given = other.promise({ signal });
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  as.slice(0, 500).forEach((a) => a.value('before'));
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  controller.abort(new Error('all'));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  assert.ok(as.every((a, i) => a.state === (i < 500 ? 'ready' : 'cancelled')));
  await assert.rejects(given, new Error('all'));
  assert.equal(other.state, 'pending');
  await new Promise(setImmediate);
  process.off('warning', warned);
  assert.deepEqual(warnings, []);
});

test('the reason of an abort is the cause of the cancel', LIMIT, async () => {
  const controller = new AbortController();
  const reason = new Error('why', { cause: 'a cause of its own' });
  const a = new Asynchron({ signal: controller.signal });
  const { signal } = a;
  const wait = a.promise();
  controller.abort(reason);
  assert.equal(signal.reason.cause, reason);
  assert.throws(() => a.get(), (e) => e instanceof Cancelled && e.cause === reason && e.message === 'why');
  await assert.rejects(wait, (e) => e.cause === reason);
  await assert.rejects(new Asynchron({ signal: controller.signal }).promise(), (e) => e.cause === reason);
  const late = new Asynchron({ signal: AbortSignal.timeout(5) });
  await assert.rejects(late.promise(), (e) => e instanceof Cancelled && e.cause.name === 'TimeoutError');
  const odd = new Asynchron();
  assert.equal(odd.cancelOn(AbortSignal.abort(Object.create(null))), true);
  const first = new Asynchron({ signal: new AbortController().signal });
  first.cancel('by hand');
  assert.throws(() => first.get(), (e) => !('cause' in e));
});

test('who has the signal of one is told, and need not keep that', LIMIT, async () => {
  const ran = await run('signalled.js', { limit: 60_000 });
  assert.equal(ran.stdout, 'told\n', ran.stderr);
});

test('one whose time runs out fails so', LIMIT, async () => {
  const expired = new Asynchron({ timeout: 5 });
  await assert.rejects(expired.promise(), TimedOut);
  assert.equal(expired.state, 'ready');
  const a = new Asynchron();
  assert.equal(a.expire(60_000), true);
  a.value(1);
  assert.equal(a.expire(1), false);
});
