// deno.mjs: Deno.dlopen: each question that docs/languages.md answers for it.
const FOREVER = 2n ** 64n - 1n;
const LONG = 5_000_000_000n;
const OK = 0;
const fnType = { parameters: ['pointer', 'pointer'], result: 'i32' };
const notifyType = { parameters: ['pointer', 'pointer'], result: 'void' };
const waiting = { parameters: ['pointer', 'u64'], result: 'i32' };
const { symbols: library } = Deno.dlopen('libasynchron.so.0', {
  asynchron_forever: { parameters: [], result: 'u64' },
  asynchron_create: { parameters: ['buffer'], result: 'pointer' },
  asynchron_timer: { parameters: ['u64'], result: 'pointer' },
  asynchron_wait: waiting,
  wait_elsewhere: { ...waiting, name: 'asynchron_wait', nonblocking: true },
  asynchron_cancel: { parameters: ['pointer'], result: 'i32' },
  asynchron_fail: { parameters: ['pointer', 'i32', 'buffer'], result: 'i32' },
  asynchron_poll: { parameters: ['pointer'], result: 'i32' },
  asynchron_error: { parameters: ['pointer', 'buffer'], result: 'i32' },
  asynchron_call: { parameters: ['pointer', 'function', 'pointer'], result: 'i32' },
  asynchron_notify: { parameters: ['pointer', 'function', 'pointer'], result: 'i32' },
});
const { symbols: given } = Deno.dlopen('libgiven.so', {
  given_forever: { parameters: ['u64'], result: 'i32' },
  given_wait: { parameters: ['pointer'], result: 'i32', nonblocking: true },
  given_inside: { parameters: [], result: 'i32' },
});
const create = () => library.asynchron_create(null);
const timer = (milliseconds) => library.asynchron_timer(BigInt(milliseconds * 1e6));
const wait = (a) => library.asynchron_wait(a, FOREVER);
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function outcome(fn) {
  const a = create();
  try {
    library.asynchron_call(a, new Deno.UnsafeCallback(fnType, fn).pointer, null);
  } catch { /* it comes out of the call, once the library has returned */ }
  if (library.asynchron_poll(a) === OK) return 'success';
  const why = new BigUint64Array(4); // an asynchron_error_t
  library.asynchron_error(a, why);
  return `failure: ${Deno.UnsafePointerView.getCString(Deno.UnsafePointer.create(why[2]))}`;
}

// Whether the loop comes to end the wait.
async function isEnded(waiting, limit) {
  const a = create();
  setTimeout(() => library.asynchron_cancel(a), 100);
  return await waiting(a, limit) === OK;
}

async function leave() {
  library.wait_elsewhere(create(), FOREVER);
  await sleep(300);
  console.log('ending');
  Deno.exit();
}

const questions = {
  version: () => `Deno ${Deno.version.deno}`,
  forever: () => given.given_forever(FOREVER) && wait(timer(50)) === OK ? 'arrives' : 'lost',
  max: () => library.asynchron_forever(),
  async blocking() {
    const here = await isEnded(library.asynchron_wait, 1_000_000_000n);
    const elsewhere = await isEnded(library.wait_elsewhere, LONG);
    return !here && elsewhere ? 'all' : `${here}, ${elsewhere}`;
  },
  interrupt() {
    console.log('waiting');
    library.asynchron_wait(create(), LONG);
    return 'went on';
  },
  async callback() {
    let told = false;
    const tell = Deno.UnsafeCallback.threadSafe(notifyType, () => { told = true; });
    library.asynchron_notify(timer(100), tell.pointer, null);
    for (const end = Date.now() + 300; Date.now() < end;); // JavaScript is busy
    const works = told;
    for (let i = 0; i < 1000 && !told; i++) await sleep(10);
    tell.close();
    return works ? 'works' : told ? 'later' : 'lost';
  },
  exit: leave,
  exception: () => outcome(() => { throw new Error('no luck'); }),
  caught: () => outcome((a) => {
    try {
      throw new Error('no luck');
    } catch (e) {
      return library.asynchron_fail(a, 1, new TextEncoder().encode(`${e.message}\0`));
    }
  }),
  async pool() {
    const a = create();
    for (let i = 0; i < 100; i++) given.given_wait(a);
    let inside = 0;
    for (let same = 0; inside === 0 || same < 5; same++) {
      await sleep(200);
      if (given.given_inside() !== inside) same = 0;
      inside = given.given_inside();
    }
    library.asynchron_cancel(a);
    return inside;
  },
};
console.log(`${await questions[Deno.args[0]]()}`);
