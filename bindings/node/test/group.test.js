// Several asynchrons as one: all of them, any that has a value, the first that completes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asynchron, Cancelled, Refused } from 'asynchron';
import { valueLater } from './helper.js';

const LIMIT = { timeout: 60_000 };
const texts = (n) => Array.from({ length: n }, () => Asynchron.of('text'));

test('all: it is complete once all have a value, or as the first that fails', LIMIT, async () => {
  const as = texts(3);
  const every = Asynchron.all(as, { name: 'every' });
  assert.equal(every.name, 'every');
  as[2].value('here');
  valueLater(as[0], 1, 'from C');
  assert.equal(every.complete, false);
  as[1].value('');
  assert.equal(await every, undefined);
  const error = new Error('no');
  const [a, b] = texts(2);
  const wait = Asynchron.all([a, b]).promise();
  b.fail(error);
  await assert.rejects(wait, (e) => e === error);
  assert.equal(await Asynchron.all([]), undefined);
});

test('any: the first value counts, of C and of JavaScript', LIMIT, async () => {
  const [a, b, c] = texts(3);
  const one = Asynchron.any(new Set([a, b, c]), { cancelRest: true });
  a.fail(new Error('not this'));
  valueLater(b, 1, 'größer');
  assert.equal(await one, 'größer');
  await assert.rejects(c.promise(), (e) => e instanceof Cancelled && e.message === 'unneeded');
  const object = { only: 'here' };
  const [d, e] = [new Asynchron(), new Asynchron()];
  const other = Asynchron.any([d, e]);
  d.cancel();
  e.value(object);
  assert.equal(await other, object);
});

test('race: the first that completes counts, and the others go on', LIMIT, async () => {
  const [a, b] = texts(2);
  const first = Asynchron.race([a, b]);
  b.cancel('first');
  await assert.rejects(first.promise(), (e) => e instanceof Cancelled && e.message === 'first');
  assert.equal(a.state, 'pending');
});

test('several that cannot be one are refused, and none is changed', LIMIT, () => {
  const a = new Asynchron();
  const gone = new Asynchron();
  gone.release();
  assert.throws(() => Asynchron.any([]), TypeError);
  assert.throws(() => Asynchron.race([a, Asynchron.of('text')]), TypeError);
  assert.throws(() => Asynchron.all([a, gone], { cancelRest: true }), Refused);
  assert.throws(() => Asynchron.all([a, 5]), TypeError);
  assert.equal(a.state, 'pending');
});
