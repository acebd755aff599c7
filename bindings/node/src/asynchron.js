// A value that arrives later: the handle of one, and what JavaScript does with it.
import * as c from './functions.js';
import * as listeners from './listeners.js';
import * as objects from './objects.js';
import * as owned from './owned.js';
import * as values from './values.js';
import { Refused, TimedOut, accepted, made, refused } from './errors.js';
import { compute } from './compute.js';
import { deliverError, errorOf, messageOf } from './failures.js';
import { complete } from './listeners.js';
import { onAbort } from './signals.js';
import { handleOf, messageForC, nameForC } from './text.js';
import { inSlices, nanoseconds } from './time.js';

const STATES = ['pending', 'running', 'ready', 'cancelled'];
const ADOPTED = Symbol('a reference that the new object gets');
const outcome = c.words(2);
const ofSignal = new WeakMap(); // Whoever has the signal of an asynchron keeps that, too, and is told.

/** Promises unpack what is in a promise: they would do so for ever, and nothing else would run. */
const refusedCircle = () =>
  new Refused('an asynchron cannot be its own value', { code: c.DEADLOCK, domain: 'asynchron' });

const isThenable = (value) =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && typeof value.then === 'function';

/** For reports, which hold the process themselves: see listeners.js. */
export let listen;
export let unlisten;

/** index.d.ts says what each of it does. */
export class Asynchron {
  #owned; // the handle, and what else is to be freed with it
  #kind; // how values become bytes
  #controller; // of the signal that it aborts

  static {
    listen = (a, listener) => {
      if (!(a instanceof Asynchron)) throw new TypeError('not an Asynchron');
      a.#live();
      return listeners.listen(a.#owned, listener, { keeps: true });
    };
    unlisten = (a, entry) => listeners.unlisten(a.#owned, entry);
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

  static all(asynchrons, options) {
    return Asynchron.#group(c.all, [...asynchrons], options);
  }

  static any(asynchrons, options) {
    return Asynchron.#group(c.any, [...asynchrons], options, true);
  }

  static race(asynchrons, options) {
    return Asynchron.#group(c.race, [...asynchrons], options, true);
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
    return complete(handle, (handle) => this.#kept(values.deliver(handle, this.#kind, value)));
  }

  fail(error) {
    return complete(this.#live(), (handle) => this.#kept(deliverError(handle, error)));
  }

  cancel(reason = '') {
    return complete(this.#live(), (handle) => c.cancelWith(handle, messageForC(reason)));
  }

  cancelPending(reason = '') {
    return complete(this.#live(), (handle) => c.cancelPending(handle, messageForC(reason)));
  }

  follow(source) {
    return complete(this.#live(), (handle) => c.follow(handle, source.#live()));
  }

  expire(ms) {
    return accepted(c.expireAfter(this.#live(), nanoseconds(ms))) === c.OK;
  }

  compute(fn) {
    return complete(this.#live(), (handle) => compute(handle, () => this.#run(handle, fn)));
  }

  cancelOn(signal) {
    this.#live();
    const owned = this.#owned; // and not this object: see listeners.js
    const abort = () =>
      complete(owned.handle, (handle) => {
        const status = accepted(c.cancelWith(handle, messageOf(signal.reason)));
        if (status === c.OK) owned.reason = signal.reason;
        return status;
      });
    if (signal.aborted) return abort();
    const gone = onAbort(signal, abort);
    listeners.listen(owned, gone, { gone });
    return false;
  }

  get signal() {
    if (!this.#controller) {
      this.#live();
      const controller = (this.#controller = new AbortController());
      ofSignal.set(controller.signal, this);
      const owned = this.#owned;
      const reference = new WeakRef(controller);
      listeners.listen(owned, () => {
        if (c.poll(owned.handle) !== c.CANCELLED) return;
        reference.deref()?.abort(errorOf(owned.handle, c.CANCELLED, owned.reason));
      });
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
      const kind = { holds: true, keeps: true };
      if (!signal) return listeners.listen(this.#owned, settle, kind);
      signal.throwIfAborted();
      const gone = onAbort(signal, () => {
        listeners.unlisten(this.#owned, entry);
        reject(signal.reason);
      });
      const done = () => {
        gone();
        settle();
      };
      const entry = listeners.listen(this.#owned, done, kind);
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
    listeners.release(this.#owned);
  }

  /** What console.log() prints. */
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const { name } = this.constructor;
    if (!(#owned in this)) return name; // what inherits from one
    if (this.#owned.released) return `${name} { released }`;
    return `${name} ${inspect({ name: this.name, state: this.state }, options)}`;
  }

  /** One that completes as several do. With `shares` it gets the value of one of them, and is of their kind. */
  static #group(join, as, { cancelRest = false, ...options } = {}, shares = false) {
    const handles = c.handles(as.map((a) => a.#live()));
    if (shares && !as.length) throw new TypeError('the first of none never completes');
    if (shares && as.some((a) => a.#kind !== as[0].#kind)) throw new TypeError('not all are of the same kind');
    const group = new Asynchron(options);
    if (shares) group.#kind = as[0].#kind;
    c.release(made(join(handles, as.length, group.#owned.handle, cancelRest ? c.CANCEL_REST : 0)));
    return group;
  }

  #live() {
    if (this.#owned.released) throw new Refused('released', { code: -1, domain: 'asynchron' });
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
    throw status < 0 ? refused(status) : errorOf(handle, status, this.#owned.reason);
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
      complete(this.#owned.handle, () => {
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
}

if (Symbol.dispose) Asynchron.prototype[Symbol.dispose] = Asynchron.prototype.release;
