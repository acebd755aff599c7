// A value that arrives later: the handle of one, and what JavaScript does with it.
import * as c from './functions.js';
import * as objects from './objects.js';
import * as owned from './owned.js';
import * as values from './values.js';
import * as waiting from './waiting/registry.js';
import { Refused, TimedOut, accepted, made, refused } from './errors.js';
import { compute } from './compute.js';
import { deliverError, errorOf } from './failures.js';
import { handleOf, messageForC, nameForC } from './text.js';
import { inSlices, nanoseconds } from './time.js';

const STATES = ['pending', 'running', 'ready', 'cancelled'];
const ADOPTED = Symbol('a reference that the new object gets');
const outcome = c.words(2);

/** Promises unpack what is in a promise: they would do so for ever, and nothing else would run. */
const refusedCircle = () =>
  new Refused('an asynchron cannot be its own value', { code: c.DEADLOCK, domain: 'asynchron' });

const isThenable = (value) =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && typeof value.then === 'function';

/** For reports, which hold the process themselves: see #listen. */
export let listen;
export let unlisten;

/** index.d.ts says what each of it does. */
export class Asynchron {
  #owned; // the handle, and what else is to be freed with it
  #kind; // how values become bytes
  #listeners; // an array, while there are any
  #told; // what the registry calls, while there are any
  #released = false;
  #controller; // of the signal that it aborts

  static {
    listen = (a, listener) => {
      if (!(a instanceof Asynchron)) throw new TypeError('not an Asynchron');
      a.#live();
      return a.#listen(listener, false, true);
    };
    unlisten = (a, entry) => a.#unlisten(entry);
  }

  constructor(options = {}) {
    this.#owned = owned.ownedBy(this, options[ADOPTED] ?? made(c.create(nameForC(options.name))));
    try {
      this.#kind = values.kindOf(options.as);
      if (options.timeout !== undefined) this.expire(options.timeout);
      if (options.signal) this.cancelOn(options.signal);
    } catch (error) {
      owned.freeNow(this.#owned);
      throw error;
    }
  }

  static of(kind, options) {
    return new Asynchron({ ...options, as: kind });
  }

  static timer(ms, options) {
    return new Asynchron({ ...options, [ADOPTED]: made(c.timer(nanoseconds(ms))) });
  }

  static compute(fn, options) {
    const a = new Asynchron(options);
    a.compute(fn);
    return a;
  }

  static fromHandle(address, options) {
    const handle = handleOf(address);
    c.retain(handle);
    return Asynchron.adopt(handle, options);
  }

  static adopt(address, options) {
    return new Asynchron({ ...options, [ADOPTED]: handleOf(address) });
  }

  get handle() {
    return BigInt(this.#live());
  }

  share() {
    return BigInt(c.retain(this.#live()));
  }

  get name() {
    return c.name(this.#live());
  }

  get state() {
    return STATES[c.state(this.#live())];
  }

  get complete() {
    return c.poll(this.#live()) !== c.PENDING;
  }

  value(value) {
    const handle = this.#live();
    if (!this.#kind && value instanceof Asynchron && value.#leadsTo(handle)) throw refusedCircle();
    return this.#complete(handle, (handle) => this.#kept(values.deliver(handle, this.#kind, value)));
  }

  fail(error) {
    return this.#complete(this.#live(), (handle) => this.#kept(deliverError(handle, error)));
  }

  cancel(reason = '') {
    return this.#complete(this.#live(), (handle) => c.cancelWith(handle, messageForC(reason)));
  }

  follow(source) {
    return this.#complete(this.#live(), (handle) => c.follow(handle, source.#live()));
  }

  expire(ms) {
    return accepted(c.expireAfter(this.#live(), nanoseconds(ms))) === c.OK;
  }

  compute(fn) {
    return this.#complete(this.#live(), (handle) => compute(handle, () => this.#run(handle, fn)));
  }

  cancelOn(signal) {
    const abort = () => {
      const reason = messageForC(signal.reason?.message ?? signal.reason);
      return this.#complete(this.#owned.handle, (handle) => c.cancelWith(handle, reason));
    };
    this.#live();
    if (signal.aborted) return abort();
    const gone = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    this.#listen(gone, false, false, gone);
    return false;
  }

  get signal() {
    if (!this.#controller) {
      this.#live();
      const controller = (this.#controller = new AbortController());
      this.#listen(() => {
        const handle = this.#owned.handle;
        if (c.poll(handle) === c.CANCELLED) controller.abort(errorOf(handle, c.CANCELLED));
      }, false, false);
    }
    return this.#controller.signal;
  }

  get() {
    if (!this.complete) throw refused(c.PENDING);
    return this.#collect();
  }

  getSync(ms) {
    const handle = this.#live();
    return this.#outcome(inSlices(nanoseconds(ms), (ns) => c.getTimeout(handle, ns, outcome)));
  }

  waitSync(ms) {
    const handle = this.#live();
    return accepted(inSlices(nanoseconds(ms), (ns) => c.wait(handle, ns))) === c.OK;
  }

  promise({ signal } = {}) {
    this.#live();
    return new Promise((resolve, reject) => {
      const settle = () => {
        try {
          const value = this.#collect();
          if (value instanceof Asynchron && value.#leadsTo(this.#owned.handle)) throw refusedCircle();
          resolve(value);
        } catch (error) {
          reject(error);
        }
      };
      if (!signal) return this.#listen(settle, true, true);
      signal.throwIfAborted();
      const giveUp = () => {
        this.#unlisten(entry);
        reject(signal.reason);
      };
      const gone = () => signal.removeEventListener('abort', giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      const done = () => {
        gone();
        settle();
      };
      const entry = this.#listen(done, true, true);
    });
  }

  then(fulfilled, rejected) {
    return this.promise().then(fulfilled, rejected);
  }

  catch(rejected) {
    return this.promise().catch(rejected);
  }

  finally(settled) {
    return this.promise().finally(settled);
  }

  release() {
    if (this.#released) return;
    this.#released = true;
    for (const entry of [...(this.#listeners ?? [])]) {
      if (!entry.keeps) this.#unlisten(entry);
    }
    if (!this.#listeners) owned.freeNow(this.#owned);
  }

  #live() {
    if (this.#released) throw new Refused('released', { code: -1, domain: 'asynchron' });
    return this.#owned.handle;
  }

  #collect() {
    return this.#outcome(c.getTimeout(this.#owned.handle, 0, outcome));
  }

  /** What a call that wrote `outcome` came to, returned or thrown. */
  #outcome(status) {
    const handle = this.#owned.handle;
    if (status === c.OK) return values.collect(handle, this.#kind, outcome);
    if (status === c.TIMEOUT) throw new TimedOut('not complete yet', { code: status, domain: 'asynchron' });
    throw status < 0 ? refused(status) : errorOf(handle, status);
  }

  /** Whether this is the asynchron of that handle, or has as its value one that leads to it, or to a circle. */
  #leadsTo(handle) {
    const seen = new Set([handle]);
    let at = this;
    for (; at instanceof Asynchron; at = at.#inside()) {
      if (seen.has(at.#owned.handle)) return true;
      seen.add(at.#owned.handle);
    }
    return false;
  }

  /** The value, if it is complete with one that only JavaScript can hold. */
  #inside() {
    const { handle } = this.#owned;
    if (this.#kind || !handle || c.poll(handle) !== c.OK) return undefined;
    return c.getTimeout(handle, 0, outcome) === c.OK ? values.objectIn(outcome) : undefined;
  }

  /** Of what was delivered: what stays in JavaScript is forgotten with this object, or now if it came too late. */
  #kept({ status, token }) {
    if (status === c.OK) this.#owned.token = token;
    else if (token) objects.forget(token);
    return status;
  }

  /** Has `act` complete it. If it does, those who wait in this thread are told here, with no turn of the event loop. */
  #complete(handle, act) {
    const tells = waiting.take(handle);
    try {
      return accepted(act(handle)) === c.OK;
    } finally {
      if (!tells) {
        // Nobody waits, or the report tells them.
      } else if (c.poll(handle) === c.PENDING) {
        waiting.putBack(handle, tells);
      } else {
        for (const tell of tells) tell();
      }
    }
  }

  /** Runs the function that computes it. Nothing is thrown: C is below. */
  #run(handle, fn) {
    try {
      const result = fn(this);
      if (result instanceof Asynchron) accepted(c.follow(handle, result.#live()));
      else if (isThenable(result)) this.#promised(handle, result);
      else this.#kept(values.deliver(handle, this.#kind, result));
    } catch (error) {
      this.#kept(deliverError(handle, error));
    }
  }

  /** It follows another, to which the promise is delivered. If the promise is lost, so is that, and it breaks. */
  #promised(handle, promise) {
    const later = new Asynchron();
    later.#kind = this.#kind;
    accepted(c.follow(handle, later.#owned.handle));
    const settled = (deliver) => {
      this.#complete(this.#owned.handle, () => {
        deliver();
        return c.OK;
      });
      later.release();
    };
    const fail = (error) => settled(() => later.fail(error));
    promise.then((value) => {
      settled(() => {
        try {
          later.value(value);
        } catch (error) {
          later.fail(error);
        }
      });
    }, fail);
  }

  /**
   * Calls the listener once it is complete; at once, if it is. With `holds` the process lives until then; with `keeps`
   * it is called even if this object is released, and otherwise `gone` is. Returns what #unlisten() takes.
   */
  #listen(listener, holds, keeps, gone) {
    const entry = { listener, holds, keeps, gone };
    if (c.poll(this.#owned.handle) !== c.PENDING) {
      listener();
      return entry;
    }
    if (this.#listeners) {
      this.#listeners.push(entry);
    } else {
      const told = () => this.#tell();
      waiting.add(this.#owned.handle, told);
      this.#told = told;
      this.#listeners = [entry];
    }
    if (holds) waiting.hold();
    return entry;
  }

  #unlisten(entry) {
    const at = this.#listeners ? this.#listeners.indexOf(entry) : -1;
    if (at < 0) return;
    this.#listeners.splice(at, 1);
    if (entry.holds) waiting.unhold();
    entry.gone?.();
    if (this.#listeners.length) return;
    this.#listeners = undefined;
    waiting.remove(this.#owned.handle, this.#told);
    if (this.#released) owned.freeNow(this.#owned);
  }

  #tell() {
    const entries = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const { listener, holds } of entries) {
      if (holds) waiting.unhold();
      listener();
    }
    if (this.#released) owned.freeNow(this.#owned);
  }
}

if (Symbol.dispose) Asynchron.prototype[Symbol.dispose] = Asynchron.prototype.release;
