// What goes into an asynchron comes out of it: bytes, texts, numbers, and what only JavaScript can hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Asynchron, Refused } from 'asynchron';
import { pointerNow, setU64, u64Of, valueLater } from './helper.js';

const MOST = 2n ** 64n - 1n;

async function through(value, options) {
  const a = new Asynchron(options);
  assert.equal(a.value(value), true);
  const got = a.get();
  assert.deepEqual(await a, got);
  a.release();
  return got;
}

test('bytes arrive as a Buffer of their own', async () => {
  const bytes = Buffer.from([0, 1, 255, 0]);
  const a = new Asynchron();
  a.value(bytes);
  bytes[1] = 7;
  const got = await a;
  assert.ok(Buffer.isBuffer(got));
  assert.deepEqual([...got], [0, 1, 255, 0]);
  got[0] = 9;
  assert.deepEqual([...a.get()], [0, 1, 255, 0]);
  for (const options of [{}, { as: 'bytes' }]) {
    const alone = await through(Buffer.from([1, 2, 3]), options);
    assert.deepEqual([alone.byteOffset, alone.buffer.byteLength], [0, 3]);
    const moved = structuredClone(alone.buffer, { transfer: [alone.buffer] });
    assert.deepEqual([...new Uint8Array(moved)], [1, 2, 3]);
  }
  assert.deepEqual([...(await through(new Uint8Array([1, 2]).subarray(1)))], [2]);
  assert.deepEqual([...(await through(new Uint16Array([0x0101]).buffer))], [1, 1]);
  assert.equal((await through(Buffer.alloc(300_000, 'ä'))).equals(Buffer.alloc(300_000, 'ä')), true);
});

test('what is not bytes arrives as it is', async () => {
  const object = { some: 'object' };
  const values = ['text', '', '\0 in it', 1.5, NaN, Infinity, true, null, Symbol('one'), object, [], () => 1, MOST];
  for (const value of values) {
    assert.ok(Object.is(await through(value), value), String(value));
  }
  assert.equal(await through(undefined), undefined);
});

test('a value of JavaScript arrives again after other values, collections and releases', () => {
  const kept = [];
  for (let i = 0; i < 5000; i++) {
    const a = new Asynchron();
    a.value({ i });
    if (i % 10) a.release();
    else kept.push({ a, i });
  }
  for (const { a, i } of kept) assert.equal(a.get().i, i);
});

test('a value that came too late is refused, and the first stays', async () => {
  const a = new Asynchron();
  assert.equal(a.value('first'), true);
  assert.equal(a.value('second'), false);
  assert.equal(a.fail(new Error('third')), false);
  assert.equal(a.cancel(), false);
  assert.equal(await a, 'first');
});

test('2^64 - 1 arrives and leaves exactly', async () => {
  const out = new Asynchron({ as: 'u64' });
  out.value(MOST);
  assert.equal(BigInt(u64Of(out.handle)), MOST);
  assert.equal(await out, MOST);
  const back = Asynchron.of('u64');
  assert.equal(setU64(back.handle, MOST), 0);
  assert.equal(await back, MOST);
});

test('a pointer that C delivers arrives exactly', async () => {
  for (const address of [1n, 2n ** 53n + 1n, 0x0123456789abcdefn, MOST]) {
    const a = new Asynchron();
    assert.equal(pointerNow(a.handle, address, 0), 0);
    assert.equal(a.get(), address);
    assert.equal(await a, address);
  }
});

test('one that would be its own value is refused, or rejected, and nothing spins', async () => {
  const a = new Asynchron();
  assert.throws(() => a.value(a), Refused);
  assert.throws(() => a.value(Asynchron.fromHandle(a.handle)), Refused);
  assert.equal(a.complete, false);
  const b = new Asynchron();
  const c = new Asynchron();
  a.value(b);
  b.value(c);
  assert.throws(() => c.value(a), Refused);
  c.value('the end');
  assert.equal(await a, 'the end');

  // What follows, or comes late, closes a circle that nobody saw.
  const one = new Asynchron();
  const other = new Asynchron();
  const waits = [one, other].map((each) => each.promise());
  other.follow(one);
  one.value(other);
  for (const wait of waits) await assert.rejects(wait, Refused);
  assert.equal(one.get(), other);
});

test('each kind of number keeps its limits', async () => {
  assert.equal(await through(2n ** 63n, { as: 'u64' }), 2n ** 63n);
  assert.equal(await through(-(2n ** 63n), { as: 'i64' }), -(2n ** 63n));
  assert.equal(await through(5, { as: 'i64' }), 5n);
  for (const value of [0.1, -0, Infinity, 5e-324]) assert.ok(Object.is(await through(value, { as: 'f64' }), value));
  const outside = [['u64', -1n], ['u64', 2n ** 64n], ['i64', 2n ** 63n], ['u64', 1.5]];
  const others = [['f64', 1n], ['text', 1], ['bytes', 'x']];
  for (const [as, value] of [...outside, ...others]) {
    const a = new Asynchron({ as });
    assert.throws(() => a.value(value), TypeError, `${as} ${value}`);
    assert.equal(a.complete, false);
  }
  assert.throws(() => new Asynchron({ as: 'toString' }), TypeError);
});

test('a text of C arrives as a text, and bytes of the wrong length are no number', async () => {
  const a = new Asynchron({ as: 'text' });
  valueLater(a, 1, 'größer');
  assert.equal(await a, 'größer');
  assert.equal(await through('', { as: 'text' }), '');
  assert.equal(await through('a\0b', { as: 'text' }), 'a\0b');
  const raw = new Asynchron();
  valueLater(raw, 1, 'größer');
  assert.deepEqual(await raw, Buffer.from('größer'));
  const number = new Asynchron({ as: 'u64' });
  valueLater(number, 1, 'abc');
  await assert.rejects(number.promise(), TypeError);
});

test('it says what it is where it is printed', () => {
  const a = new Asynchron({ name: 'one' });
  assert.equal(inspect(a), "Asynchron { name: 'one', state: 'pending' }");
  assert.equal(inspect({ a: [a] }, { depth: 0 }), '{ a: [Array] }');
  a.cancel();
  assert.equal(inspect(a), "Asynchron { name: 'one', state: 'cancelled' }");
  class Mine extends Asynchron {}
  assert.equal(inspect(Object.create(new Mine())), 'Mine');
  const mine = new Mine({ name: 'it\'s' });
  assert.equal(inspect(mine), 'Mine { name: "it\'s", state: \'pending\' }');
  mine.release();
  assert.equal(inspect(mine), 'Mine { released }');
});

test('names survive, and one that would not is refused', () => {
  assert.equal(new Asynchron({ name: 'Grüße, 世界' }).name, 'Grüße, 世界');
  assert.match(new Asynchron().name, /^asynchron-\d+$/);
  assert.equal(new Asynchron({ name: 'x'.repeat(10_000) }).name.length, 10_000);
  assert.throws(() => new Asynchron({ name: 'cut\0off' }), TypeError);
  assert.throws(() => new Asynchron({ name: 5 }), TypeError);
});
