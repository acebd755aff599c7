// What failures, cancels and refused calls are in JavaScript.
import * as c from './functions.js';

/** What all of them are. */
export class AsynchronError extends Error {
  constructor(message, { code = 0, domain = '', cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.domain = domain;
  }
}

/** It failed, and not by an exception of this thread's JavaScript: that is thrown itself. */
export class Failure extends AsynchronError {
  constructor(message = '', { code = 1, domain = '', cause } = {}) {
    super(message, { code, domain, cause });
  }
}

/** It was cancelled. The message is the reason. */
export class Cancelled extends AsynchronError {}

/** The time of a wait ran out, and the asynchron goes on; or its own time did, and it failed. */
export class TimedOut extends AsynchronError {}

/** The library refused a call; `code` is the status. */
export class Refused extends AsynchronError {}

for (const kind of [AsynchronError, Failure, Cancelled, TimedOut, Refused]) {
  Object.defineProperty(kind.prototype, 'name', { value: kind.name, configurable: true, writable: true });
}

export function refused(status) {
  return new Refused(c.statusString(status), { code: status, domain: 'asynchron' });
}

/** The status of a call that may not be refused. */
export function accepted(status) {
  if (status < 0) throw refused(status);
  return status;
}

/** A new handle, which is 0 only without memory. */
export function made(handle) {
  if (!handle) throw new Refused('out of memory', { code: -2, domain: 'asynchron' });
  return handle;
}
