// deno_call.mjs: a report in Deno. It has no way to watch a descriptor, so a call that is not on its thread waits.
import { BATCH, COUNT, END, OK, WOKEN, end, say, ticksMore, timeOf, tookOne } from './taken.mjs';

const FOREVER = 2n ** 64n - 1n;
const { symbols: library } = Deno.dlopen('libasynchron.so.0', {
  asynchron_timer: { parameters: ['u64'], result: 'pointer' },
  asynchron_release: { parameters: ['pointer'], result: 'void' },
  asynchron_report_create: { parameters: ['pointer', 'usize'], result: 'pointer' },
  asynchron_report_add: { parameters: ['pointer', 'pointer', 'usize'], result: 'i32' },
  asynchron_report_close: { parameters: ['pointer'], result: 'i32' },
  asynchron_report_next_batch: {
    parameters: ['pointer', 'u64', 'buffer', 'usize', 'buffer'], result: 'i32', nonblocking: true,
  },
  asynchron_report_wake: { parameters: ['pointer'], result: 'i32' },
  asynchron_report_release: { parameters: ['pointer'], result: 'void' },
});

// Adds one that a thread of the library completes.
function addTimer(report, tag, milliseconds) {
  const a = library.asynchron_timer(BigInt(milliseconds * 1e6));
  if (library.asynchron_report_add(report, a, BigInt(tag)) !== OK) throw new Error('not added');
  library.asynchron_release(a); // the report keeps it
}

const items = new BigUint64Array(2 * BATCH); // of asynchron_item_t
const count = new BigUint64Array(1);

// Waits on one of Deno's own threads for a batch, as long as it takes.
async function take(report) {
  const what = await library.asynchron_report_next_batch(report, FOREVER, items, BigInt(BATCH), count);
  for (let i = 0; i < Number(count[0]); i++) {
    tookOne(Number(items[2 * i + 1]));
    library.asynchron_release(Deno.UnsafePointer.create(items[2 * i]));
  }
  return what;
}

async function takeAll() {
  const report = library.asynchron_report_create(null, 0n);
  for (let tag = 0; tag < COUNT; tag++) addTimer(report, tag, timeOf(tag));
  library.asynchron_report_close(report); // it ends after these
  while (await take(report) !== END);
  library.asynchron_report_release(report);
}

// A call is waiting: have it return first, then release.
async function wakeAndRelease() {
  const report = library.asynchron_report_create(null, 0n);
  addTimer(report, 0, 60_000); // or there would be nothing to wait for
  let woken = false;
  const waiting = take(report).then((what) => { woken = what === WOKEN; });
  await ticksMore(1);
  library.asynchron_report_wake(report);
  await waiting;
  library.asynchron_report_release(report);
  console.log('released while watched:', woken ? 'not watched' : 'not woken');
}

console.log(`with: Deno ${Deno.version.deno}`);
await takeAll();
await say();
await wakeAndRelease();
end();
