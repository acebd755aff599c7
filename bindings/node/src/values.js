// Values on their way to C and back, by the kind that an asynchron was made with.
import * as c from './functions.js';
import * as objects from './objects.js';

const view = new DataView(new ArrayBuffer(8));
const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Eight bytes of a number, in the order of this machine. */
function eight(set) {
  set();
  return Buffer.from(view.buffer.slice(0));
}

function eightOf(bytes, kind) {
  if (bytes.length !== 8) throw new TypeError(`not ${kind}: ${bytes.length} bytes instead of 8`);
  return new DataView(bytes.buffer, bytes.byteOffset, 8);
}

function bigint(value, kind, from, below) {
  const big = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (big === undefined || big < from || big >= below) throw new TypeError(`not ${kind}: ${String(value)}`);
  return big;
}

function bytes(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  return undefined;
}

function required(value, kind, type) {
  if (typeof value !== type) throw new TypeError(`not ${kind}: ${typeof value}`);
  return value;
}

/** To bytes and back, for each kind whose values C can read. */
const kinds = {
  bytes: {
    encode: (value) => bytes(value) ?? (() => { throw new TypeError(`not bytes: ${typeof value}`); })(),
    decode: (buffer) => buffer,
  },
  text: {
    encode: (value) => Buffer.from(required(value, 'text', 'string')),
    decode: (buffer) => buffer.toString(),
  },
  f64: {
    encode: (value) => eight(() => view.setFloat64(0, required(value, 'f64', 'number'), little)),
    decode: (buffer) => eightOf(buffer, 'f64').getFloat64(0, little),
  },
  i64: {
    encode: (value) => eight(() => view.setBigInt64(0, bigint(value, 'i64', -(2n ** 63n), 2n ** 63n), little)),
    decode: (buffer) => eightOf(buffer, 'i64').getBigInt64(0, little),
  },
  u64: {
    encode: (value) => eight(() => view.setBigUint64(0, bigint(value, 'u64', 0n, 2n ** 64n), little)),
    decode: (buffer) => eightOf(buffer, 'u64').getBigUint64(0, little),
  },
};

/** Of the option `as`: undefined, or how values become bytes. */
export function kindOf(as) {
  if (as === undefined) return undefined;
  if (!Object.hasOwn(kinds, as)) throw new TypeError(`unknown kind of value: ${String(as)}`);
  return kinds[as];
}

/** Delivers a value. Returns the status, and the token if the value stays in JavaScript. */
export function deliver(handle, kind, value) {
  const raw = kind ? kind.encode(value) : value === undefined ? Buffer.alloc(0) : bytes(value);
  if (raw) return { status: c.setBytes(handle, raw.length ? raw : null, raw.length), token: 0 };
  const token = objects.keep(value);
  return { status: c.setPointer(handle, token, c.dropHandle), token };
}

const length = c.words(1);
const empty = Buffer.alloc(0);

/** The value of one that has it, as asynchron_get() wrote it into `words`. */
export function collect(handle, kind, words) {
  const size = Number(words[1]);
  if (size) {
    // What is handed on is not from the pool, whose memory several Buffers share.
    const own = !kind || kind === kinds.bytes;
    const buffer = own ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size);
    c.getBytes(handle, buffer, size, length);
    return kind ? kind.decode(buffer) : buffer;
  }
  if (kind) return kind.decode(empty);
  if (!words[0]) return undefined;
  return objects.has(Number(words[0])) ? objects.at(Number(words[0])) : BigInt(words[0]);
}

/** The value that stayed in this thread's JavaScript, if it is one. */
export function objectIn(words) {
  return words[1] ? undefined : objects.at(Number(words[0]));
}
