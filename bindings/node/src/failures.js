// Exceptions on their way to C and back. In the thread that threw it, the same exception arrives.
import * as c from './functions.js';
import * as objects from './objects.js';
import { Cancelled, Failure, TimedOut } from './errors.js';
import { messageForC } from './text.js';

/** Whose code it is, unless the exception says so. */
const DOMAIN = 'asynchron.javascript';

const isInt32 = (code) => Number.isInteger(code) && code === (code | 0);

/** What C sees of an exception, or of whatever else was thrown, or is the reason of an abort. */
export function messageOf(error) {
  try {
    return messageForC(error instanceof Error ? error.message : error);
  } catch {
    return 'an exception without a text';
  }
}

/** Delivers an exception, or whatever else was thrown. Returns the status, and its token in the table. */
export function deliverError(handle, error) {
  const code = isInt32(error?.code) ? error.code : 1;
  const domain = typeof error?.domain === 'string' ? messageForC(error.domain) : DOMAIN;
  const message = messageOf(error);
  const token = objects.keep(error);
  return { status: c.failWith(handle, code, domain, message, token, c.dropHandle), token };
}

const words = c.words(4);
const codes = new Int32Array(words.buffer);

/** What is thrown for one that failed or was cancelled; `cause` is what JavaScript knows of why it was cancelled. */
export function errorOf(handle, status, cause) {
  c.error(handle, words);
  const payload = Number(words[3]);
  if (payload && objects.has(payload)) return objects.at(payload);
  const details = { code: codes[0], domain: c.textAt(words[1]) };
  const message = c.textAt(words[2]);
  if (status === c.CANCELLED) return new Cancelled(message, { ...details, cause });
  const expired = details.domain === 'asynchron' && details.code === c.TIMEOUT;
  return expired ? new TimedOut(message, details) : new Failure(message, details);
}
