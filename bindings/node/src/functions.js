// The functions of the C library that the package calls, and memory for what they write.
//
// Handles are numbers here: no system gives a program addresses of 2^53 and above.
import koffi from 'koffi';
import { library } from './library.js';

const handle = 'uintptr_t';

function declare(name, result, ...parameters) {
  return library.func(`asynchron_${name}`, result, parameters);
}

export const version = declare('version', 'uint32_t');
export const statusString = declare('status_string', 'str', 'int32_t');

export const create = declare('create', handle, 'str');
export const retain = declare('retain', handle, handle);
export const release = declare('release', 'void', handle);
export const state = declare('state', 'int32_t', handle);
export const poll = declare('poll', 'int32_t', handle);
export const name = declare('name', 'str', handle);
export const isShared = declare('is_shared', 'int', handle);

export const setBytes = declare('set_bytes', 'int32_t', handle, 'void *', 'size_t');
export const setPointer = declare('set_pointer', 'int32_t', handle, handle, handle);
export const failWith = declare('fail_with', 'int32_t', handle, 'int32_t', 'str', 'str', handle, handle);
export const cancelWith = declare('cancel_with', 'int32_t', handle, 'str');
export const cancelPending = declare('cancel_pending', 'int32_t', handle, 'str');
export const follow = declare('follow', 'int32_t', handle, handle);
export const expireAfter = declare('expire_after', 'int32_t', handle, 'uint64_t');
const many = ['void *', 'size_t', handle, 'uint64_t'];
export const all = declare('all', handle, ...many);
export const any = declare('any', handle, ...many);
export const race = declare('race', handle, ...many);
export const CANCEL_REST = 1;
export const timer = declare('timer', handle, 'uint64_t');

export const getTimeout = declare('get_timeout', 'int32_t', handle, 'uint64_t', 'void *');
export const getBytes = declare('get_bytes', 'int32_t', handle, 'void *', 'size_t', 'void *');
export const wait = declare('wait', 'int32_t', handle, 'uint64_t');
export const error = declare('error', 'int32_t', handle, 'void *');

const compute = koffi.pointer(koffi.proto('int32_t asynchron_compute(uintptr_t self, uintptr_t ctx)'));
export const call = declare('call', 'int32_t', handle, compute, handle);

/** A function of JavaScript that C may call, on this thread alone. */
export function callable(fn) {
  return koffi.register(fn, compute);
}

export const reportCreate = declare('report_create', handle, handle, 'size_t');
export const reportAdd = declare('report_add', 'int32_t', handle, handle, handle);
export const reportRemove = declare('report_remove', 'int32_t', handle, handle);
export const reportWake = declare('report_wake', 'int32_t', handle);
export const reportFd = declare('report_fd', 'int', handle);
const taking = ['uint64_t', 'void *', 'size_t', 'void *'];
export const reportNextBatch = declare('report_next_batch', 'int32_t', handle, ...taking);

/** asynchron_drop() as what C calls: it releases a handle, on any thread, without JavaScript. */
export const dropHandle = Number(library.symbol('asynchron_drop'));

export const FOREVER = 2n ** 64n - 1n;
export const { OK, FAILED, CANCELLED, PENDING, TIMEOUT, ALREADY, END } =
  { OK: 0, FAILED: 1, CANCELLED: 2, PENDING: 3, TIMEOUT: 4, ALREADY: 5, END: 6 };
export const DEADLOCK = -3;

const wide = koffi.sizeof('void *') === 8;
export const wordSize = wide ? 8 : 4;

/** Memory for `n` words of the size of a pointer. Number(words[i]) is one. */
export function words(n) {
  return wide ? new BigUint64Array(n) : new Uint32Array(n);
}

/** An array of handles; there is memory also for none. */
export function handles(numbers) {
  const array = words(numbers.length || 1);
  numbers.forEach((number, i) => (array[i] = wide ? BigInt(number) : number));
  return array;
}

/** The text at an address. */
export function textAt(address) {
  return address ? koffi.decode.string(BigInt(address)) : '';
}
