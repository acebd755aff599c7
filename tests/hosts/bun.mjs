// bun.mjs: bun:ffi: each question that docs/languages.md answers for it.
import { dlopen, CString, JSCallback, ptr, read } from 'bun:ffi';
import { isMainThread } from 'node:worker_threads';

const FOREVER = 2n ** 64n - 1n;
const OK = 0;
const { symbols: library } = dlopen('libasynchron.so.0', {
  asynchron_forever: { args: [], returns: 'u64' },
  asynchron_create: { args: ['ptr'], returns: 'ptr' },
  asynchron_timer: { args: ['u64'], returns: 'ptr' },
  asynchron_wait: { args: ['ptr', 'u64'], returns: 'i32' },
  asynchron_cancel: { args: ['ptr'], returns: 'i32' },
  asynchron_fail: { args: ['ptr', 'i32', 'ptr'], returns: 'i32' },
  asynchron_poll: { args: ['ptr'], returns: 'i32' },
  asynchron_error: { args: ['ptr', 'ptr'], returns: 'i32' },
  asynchron_call: { args: ['ptr', 'function', 'ptr'], returns: 'i32' },
  asynchron_spawn: { args: ['ptr', 'function', 'ptr', 'ptr'], returns: 'i32' },
  asynchron_notify: { args: ['ptr', 'function', 'ptr'], returns: 'i32' },
});
const { symbols: given } = dlopen('libgiven.so', {
  given_forever: { args: ['u64'], returns: 'i32' },
  given_nothing: { args: ['u64'], returns: 'i32' },
});
const timer = (milliseconds) => library.asynchron_timer(milliseconds * 1e6);
const wait = (a) => library.asynchron_wait(a, FOREVER);

function outcome(fn) {
  const a = library.asynchron_create(null);
  try {
    library.asynchron_call(a, new JSCallback(fn, { args: ['ptr', 'ptr'], returns: 'i32' }), null);
  } catch { /* it comes out of the call, once the library has returned */ }
  if (library.asynchron_poll(a) === OK) return 'success';
  const why = new Uint8Array(32); // an asynchron_error_t
  library.asynchron_error(a, ptr(why));
  return `failure: ${new CString(read.ptr(ptr(why), 16))}`;
}

// A worker is another thread, with a loop of its own.
async function leave() {
  new Worker(import.meta.url);
  await Bun.sleep(500);
  console.log('ending');
  process.exit();
}

// A function that fails, on our thread: it has answered 0 before it runs, and the asynchron is a success.
async function answersFirst() {
  let ran = false;
  const a = library.asynchron_create(null);
  const types = { args: ['ptr', 'ptr'], returns: 'i32', threadsafe: true };
  library.asynchron_spawn(a, new JSCallback(() => { ran = true; return 5; }, types), null, null);
  const first = wait(a) === OK && !ran;
  while (!ran) await Bun.sleep(10);
  return first;
}

const questions = {
  version: () => `Bun ${Bun.version}`,
  forever: () => given.given_forever(FOREVER) && wait(timer(50)) === OK ? 'arrives' : 'lost',
  guess: () => given.given_nothing(Infinity) ? 'arrives as 0' : 'something',
  max: () => library.asynchron_forever(),
  // Whether the loop comes to end the wait.
  blocking() {
    const a = library.asynchron_create(null);
    setTimeout(() => library.asynchron_cancel(a), 100);
    return library.asynchron_wait(a, 1e9) === OK ? 'the thread' : 'all';
  },
  interrupt() {
    console.log('waiting');
    library.asynchron_wait(library.asynchron_create(null), 5e9);
    return 'went on';
  },
  async callback() {
    let told = false;
    const tell = new JSCallback(() => { told = true; }, { args: ['ptr', 'ptr'], returns: 'void', threadsafe: true });
    library.asynchron_notify(timer(100), tell, null);
    for (const end = Date.now() + 300; Date.now() < end;); // JavaScript is busy
    const works = told;
    for (let i = 0; i < 1000 && !told; i++) await Bun.sleep(10);
    return works ? 'works' : told && await answersFirst() ? 'later' : 'lost';
  },
  exit: leave,
  exception: () => outcome(() => { throw new Error('no luck'); }),
  caught: () => outcome((a) => {
    try {
      throw new Error('no luck');
    } catch (e) {
      return library.asynchron_fail(a, 1, ptr(Buffer.from(`${e.message}\0`)));
    }
  }),
};
if (isMainThread) console.log(`${await questions[process.argv[2]]()}`);
else wait(library.asynchron_create(null));
