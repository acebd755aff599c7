// The process: awaiting keeps it alive, and nothing else does; it ends when it is told to, whatever is awaited.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { host, run } from './helper.js';

const LIMIT = { timeout: 90_000 };
// Within a second of its own exit; what a busy machine adds is not ours.
const SOON = 10_000;

for (const how of ['exit', 'no listeners', 'exception', 'main thread', 'terminate', 'thread exits']) {
  test(`it ends while a thousand waits are open: ${how}`, LIMIT, async () => {
    const ran = await run('exits.js', { args: [how] });
    assert.equal(ran.signal, null, `it had to be killed: ${ran.stdout}${ran.stderr}`);
    assert.equal(ran.code, how === 'exception' ? 1 : 3, ran.stderr);
    assert.equal(ran.stdout, 'exit\n');
    assert.ok(ran.afterLastLine < SOON, `after ${ran.afterLastLine} ms`);
  });
}

for (const how of ['terminate', 'exit', 'exception']) {
  for (const wait of ['getSync', 'waitSync', 'getSync for days']) {
    test(`it ends while a Worker stands still in ${wait}: ${how}`, LIMIT, async () => {
      const ran = await run('stopped.js', { args: [how, wait] });
      assert.equal(ran.signal, null, `it had to be killed: ${ran.stdout}${ran.stderr}`);
      assert.equal(ran.code, how === 'exception' ? 1 : 3, ran.stderr);
      assert.equal(ran.stdout, 'end\n');
    });
  }
}

test('it lives while something is awaited, and ends when nothing is', LIMIT, async () => {
  const ran = await run('ends.js');
  assert.equal(ran.signal, null, `it had to be killed: ${ran.stdout}${ran.stderr}`);
  assert.equal(ran.stdout, 'awaited\n', ran.stderr);
  assert.equal(ran.code, 0);
});

test('what nobody awaits keeps it alive no longer', LIMIT, async () => {
  const ran = await run('unawaited.js');
  assert.equal(ran.signal, null, `it had to be killed: ${ran.stdout}${ran.stderr}`);
  assert.deepEqual([ran.code, ran.stdout], [0, 'end\n'], ran.stderr);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  for (const how of ['await', 'getSync']) {
    test(`${signal} ends a program that waits: ${how}`, LIMIT, async () => {
      const ran = await run('stays.js', { args: [how], onLine: (_, child) => child.kill(signal) });
      assert.equal(ran.stdout, 'waiting\n', ran.stderr);
      assert.ok(ran.signal === signal || ran.code === (signal === 'SIGINT' ? 130 : 143), `${ran.signal} ${ran.code}`);
      assert.ok(ran.afterLastLine < SOON, `after ${ran.afterLastLine} ms`);
    });
  }
}
