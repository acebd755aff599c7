// bun_stream.mjs: a report in Bun: a stream of its descriptor yields something each time that it rings.
import { dlopen, ptr } from 'bun:ffi';
import { BATCH, COUNT, END, OK, say, ticksMore, timeOf, tookOne } from './taken.mjs';

const { symbols: library } = dlopen('libasynchron.so.0', {
  asynchron_timer: { args: ['u64'], returns: 'ptr' },
  asynchron_release: { args: ['ptr'], returns: 'void' },
  asynchron_report_create: { args: ['ptr', 'usize'], returns: 'ptr' },
  asynchron_report_add: { args: ['ptr', 'ptr', 'usize'], returns: 'i32' },
  asynchron_report_close: { args: ['ptr'], returns: 'i32' },
  asynchron_report_fd: { args: ['ptr'], returns: 'i32' },
  asynchron_report_next: { args: ['ptr', 'u64', 'ptr'], returns: 'i32' },
  asynchron_report_rearm: { args: ['ptr'], returns: 'i32' },
  asynchron_report_release: { args: ['ptr'], returns: 'void' },
});

// Adds one that a thread of the library completes.
function addTimer(report, tag, milliseconds) {
  const a = library.asynchron_timer(milliseconds * 1e6);
  if (library.asynchron_report_add(report, a, tag) !== OK) throw new Error('not added');
  library.asynchron_release(a); // the report keeps it
}

const item = new BigUint64Array(2); // an asynchron_item_t

// Takes a batch at most, and has the descriptor ring again for the rest.
function take(report) {
  for (let i = 0; i < BATCH; i++) {
    const what = library.asynchron_report_next(report, 0, ptr(item));
    if (what !== OK) return what;
    tookOne(Number(item[1]));
    library.asynchron_release(Number(item[0]));
  }
  library.asynchron_report_rearm(report);
  return OK;
}

async function takeAll() {
  const report = library.asynchron_report_create(null, 0);
  for (let tag = 0; tag < COUNT; tag++) addTimer(report, tag, timeOf(tag));
  library.asynchron_report_close(report); // it ends after these
  // The stream reads the descriptor, so what it yields is an edge: it comes once for what has rung until then.
  for await (const _ of Bun.file(library.asynchron_report_fd(report)).stream()) {
    if (take(report) === END) break;
  }
  library.asynchron_report_release(report);
}

// Against the rule: stop watching first, then release.
async function releaseWatched() {
  const calls = { gone: 0, again: 0 };
  const watch = async (fd, name) => {
    for await (const _ of Bun.file(fd).stream()) calls[name]++;
  };
  const report = library.asynchron_report_create(null, 0);
  const fd = library.asynchron_report_fd(report);
  watch(fd, 'gone');
  addTimer(report, 0, 0);
  await ticksMore(20);
  console.log('told by:', calls.gone > 10 ? 'level' : 'edge');
  calls.gone = 0;
  library.asynchron_report_release(report);
  await ticksMore(20);
  console.log('released while watched:', calls.gone > 10 ? 'spins' : 'nothing');

  const again = library.asynchron_report_create(null, 0);
  if (library.asynchron_report_fd(again) !== fd) throw new Error('another number');
  watch(fd, 'again');
  addTimer(again, 0, 0);
  await ticksMore(20);
  console.log('number used again:', calls.again > 0 ? 'heard' : 'not heard');
  process.exit(); // the streams would go on
}

console.log(`with: Bun ${Bun.version}`);
await takeAll();
await say();
await releaseWatched();
