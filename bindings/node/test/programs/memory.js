// Creates, sets, gets and releases in five rounds; prints by how many bytes the process has grown in the round in which
// it has grown least: what leaks grows in each.
// Arguments: how many, and how: 'released', or 'left' to the garbage collector.
import { setImmediate } from 'node:timers/promises';
import { Asynchron } from 'asynchron';

const [, , many, how] = process.argv;
const bytes = Buffer.alloc(1024, 1);
const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;

async function round(n) {
  for (let i = 0; i < n; i++) {
    const a = new Asynchron({ name: 'some name of some length' });
    if (i % 4 === 0) a.value({ i, bytes: 'in JavaScript' });
    else if (i % 4 === 1) a.fail(new Error('in JavaScript'));
    else a.value(bytes);
    if (i % 4 === 1) {
      try {
        a.get();
      } catch {
        // as it should be
      }
    } else {
      a.get();
    }
    if (i % 16 === 0) await a.promise().catch(() => {});
    if (i % 64 === 0) new Asynchron({ signal: new AbortController().signal }).release();
    if (how === 'released') a.release();
    if (i % 5000 === 0) await setImmediate();
  }
  for (let i = 0; i < 5; i++) {
    collect();
    await setImmediate();
  }
  return process.memoryUsage().rss;
}

const sizes = [];
for (let i = 0; i < 5; i++) sizes.push(await round(many / 5));
console.log(Math.min(...sizes.slice(1).map((size, i) => size - sizes[i])));
