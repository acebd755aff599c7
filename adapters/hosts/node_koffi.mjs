// node_koffi.mjs: a report in Node.js without an addon. JavaScript cannot watch its descriptor: a call of koffi that is
// not on its thread waits.
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { BATCH, COUNT, END, OK, WOKEN, end, say, ticksMore, timeOf, tookOne } from './taken.mjs';

const koffi = createRequire(import.meta.url)('koffi');
const FOREVER = 2n ** 64n - 1n;
const library = koffi.load('libasynchron.so.0');
koffi.struct('item', { asynchron: 'void *', tag: 'size_t' });
const timer = library.func('void *asynchron_timer(uint64_t timeout_ns)');
const release = library.func('void asynchron_release(void *a)');
const reportCreate = library.func('void *asynchron_report_create(void *as, size_t n)');
const reportAdd = library.func('int asynchron_report_add(void *r, void *a, size_t tag)');
const reportClose = library.func('int asynchron_report_close(void *r)');
const reportWake = library.func('int asynchron_report_wake(void *r)');
const reportRelease = library.func('void asynchron_report_release(void *r)');
const reportNow = library.func('int asynchron_report_next(void *r, uint64_t timeout_ns, _Out_ item *out)');
const reportNext = promisify(reportNow.async);

// Adds one that a thread of the library completes.
function addTimer(report, tag, milliseconds) {
  const a = timer(milliseconds * 1e6);
  if (reportAdd(report, a, tag) !== OK) throw new Error('not added');
  release(a); // the report keeps it
}

// Waits on a thread of Node's pool for the first, as long as it takes; the rest of a batch is there already.
async function take(report) {
  const item = {};
  let what = await reportNext(report, FOREVER, item);
  for (let i = 1; what === OK; i++) {
    tookOne(item.tag);
    release(item.asynchron);
    if (i === BATCH) break;
    what = reportNow(report, 0, item);
  }
  return what;
}

async function takeAll() {
  const report = reportCreate(null, 0);
  for (let tag = 0; tag < COUNT; tag++) addTimer(report, tag, timeOf(tag));
  reportClose(report); // it ends after these
  while (await take(report) !== END);
  reportRelease(report);
}

// A call is waiting: have it return first, then release.
async function wakeAndRelease() {
  const report = reportCreate(null, 0);
  addTimer(report, 0, 60_000); // or there would be nothing to wait for
  const waiting = take(report);
  await ticksMore(1);
  reportWake(report);
  const what = await waiting;
  reportRelease(report);
  console.log('released while watched:', what === WOKEN ? 'not watched' : what);
}

console.log(`with: Node.js ${process.versions.node}, koffi ${koffi.version}`);
await takeAll();
await say();
await wakeAndRelease();
end();
