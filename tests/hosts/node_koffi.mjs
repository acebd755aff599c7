// node_koffi.mjs: koffi in Node.js: each question that docs/languages.md answers for it.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const koffi = createRequire(import.meta.url)('koffi');
const FOREVER = 2n ** 64n - 1n;
const LONG = 5e9;
const OK = 0;
const library = koffi.load('libasynchron.so.0');
const given = koffi.load('libgiven.so');
const string = 'const char *';
koffi.struct('asynchron_error_t', { code: 'int32_t', domain: string, message: string, payload: 'void *' });
const Function = koffi.proto('int32_t asynchron_fn_t(void *a, void *ctx)');
const Notify = koffi.proto('void asynchron_notify_fn_t(void *a, void *ctx)');
const forever = library.func('uint64_t asynchron_forever()');
const create = library.func('void *asynchron_create(const char *name)');
const timerOf = library.func('void *asynchron_timer(uint64_t ns)');
const wait = library.func('int asynchron_wait(void *a, uint64_t ns)');
const cancel = library.func('int asynchron_cancel(void *a)');
const fail = library.func('int asynchron_fail(void *a, int32_t code, const char *message)');
const poll = library.func('int asynchron_poll(void *a)');
const errorOf = library.func('int asynchron_error(void *a, _Out_ asynchron_error_t *out)');
const call = library.func('int asynchron_call(void *a, asynchron_fn_t *fn, void *ctx)');
const notify = library.func('int asynchron_notify(void *a, asynchron_notify_fn_t *fn, void *ctx)');
const givenForever = given.func('int given_forever(uint64_t n)');
const givenNothing = given.func('int given_nothing(uint64_t n)');
const givenWait = given.func('int given_wait(void *a)');
const givenInside = given.func('int given_inside()');

const timer = (milliseconds) => timerOf(milliseconds * 1e6);
const waitElsewhere = promisify(wait.async);

function outcome(fn) {
  const a = create(null);
  try {
    call(a, koffi.register(fn, koffi.pointer(Function)), null);
  } catch { /* it comes out of the call, once the library has returned */ }
  if (poll(a) === OK) return 'success';
  const why = {};
  errorOf(a, why);
  return `failure: ${why.message}`;
}

// Whether the loop comes to end the wait.
async function isEnded(waiting, limit) {
  const a = create(null);
  setTimeout(() => cancel(a), 100);
  return await waiting(a, limit) === OK;
}

async function leave(cancels) {
  const a = create(null);
  wait.async(a, FOREVER, () => {});
  await sleep(300);
  if (cancels) process.on('exit', () => cancel(a));
  console.log('ending');
  process.exit();
}

const questions = {
  version: () => `Node.js ${process.versions.node}, koffi ${koffi.version}`,
  forever: () => givenForever(FOREVER) && wait(timer(50), FOREVER) === OK ? 'arrives' : 'lost',
  guess: () => givenNothing(Infinity) ? 'arrives as 0' : 'something',
  max: () => forever(),
  async blocking() {
    const here = await isEnded(wait, 1e9);
    const elsewhere = await isEnded(waitElsewhere, LONG);
    return !here && elsewhere ? 'all' : `${here}, ${elsewhere}`;
  },
  interrupt() {
    console.log('waiting');
    wait(create(null), LONG);
    return 'went on';
  },
  async callback() {
    let told = false;
    const tell = koffi.register(() => { told = true; }, koffi.pointer(Notify));
    notify(timer(100), tell, null);
    for (const end = Date.now() + 300; Date.now() < end;); // JavaScript is busy
    const works = told;
    for (let i = 0; i < 1000 && !told; i++) await sleep(10);
    koffi.unregister(tell);
    return works ? 'works' : told ? 'later' : 'lost';
  },
  exit: () => leave(false),
  mended: () => leave(true),
  exception: () => outcome(() => { throw new Error('no luck'); }),
  caught: () => outcome((a) => {
    try {
      throw new Error('no luck');
    } catch (e) {
      return fail(a, 1, e.message);
    }
  }),
  async pool() {
    const a = create(null);
    for (let i = 0; i < 100; i++) givenWait.async(a, () => {});
    let inside = 0;
    for (let same = 0; inside === 0 || same < 5; same++) {
      await sleep(200);
      if (givenInside() !== inside) same = 0;
      inside = givenInside();
    }
    cancel(a);
    return inside;
  },
};
const answer = await questions[process.argv[2]]();
console.log(`${answer}`);
