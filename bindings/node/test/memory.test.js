// Memory: what is released is gone, and so is what nobody released.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asynchron } from 'asynchron';
import { count, counted, run } from './helper.js';

const LIMIT = { timeout: 300_000 };
const MANY = process.env.ASYNCHRON_LONG ? 1_000_000 : 200_000;
// In a round of a fifth: leaked values would be 500 bytes for each on average. Garbage collectors keep some room, too.
const MOST = (MANY / 5) * 200;

for (const how of ['released', 'left']) {
  test(`${MANY} creates, sets and gets leave memory flat: ${how}`, LIMIT, async () => {
    const ran = await run('memory.js', { args: [String(MANY), how], limit: 250_000 });
    assert.equal(ran.code, 0, ran.stderr);
    assert.ok(Number(ran.stdout) < MOST, `grown by ${ran.stdout} bytes`);
  });
}

const signals = ['with a signal', 'with a signal of its own', 'whose signal was read', 'whose promise was given up'];
for (const which of ['plain', ...signals]) {
  test(`what nobody released the garbage collector releases: ${which}`, LIMIT, async () => {
    const ran = await run('collected.js', { args: [which], limit: 60_000 });
    assert.equal(ran.stdout, 'collected\n', ran.stderr);
  });
}

test('values of JavaScript are forgotten once C is done with them', LIMIT, async () => {
  const ran = await run('forgotten.js', { limit: 60_000 });
  assert.equal(ran.stdout, 'forgotten\n', ran.stderr);
});

test('release() gives up the handle at once, and so does the end of a block', LIMIT, () => {
  const before = counted();
  const a = new Asynchron();
  count(a.handle);
  a.release();
  assert.equal(counted(), before + 1);
  const b = new Asynchron();
  count(b.handle);
  if (Symbol.dispose) b[Symbol.dispose]();
  else b.release();
  assert.equal(counted(), before + 2);
});

test('a reference that is handed over is given up even if the options are wrong', LIMIT, () => {
  for (const options of [{ as: 'u8' }, { timeout: -1 }, { signal: 'none' }]) {
    const before = counted();
    const a = new Asynchron();
    count(a.handle);
    const address = a.share();
    a.release();
    assert.throws(() => Asynchron.adopt(address, options), TypeError);
    assert.equal(counted(), before + 1);
  }
});

test('a value of JavaScript lives as long as C has it, and no longer than that', LIMIT, () => {
  const a = new Asynchron();
  a.value({ some: 'object' });
  const b = new Asynchron();
  b.follow(a);
  a.release();
  assert.deepEqual(b.get(), { some: 'object' });
});
