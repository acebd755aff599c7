// Several asynchrons, in the order in which they complete.
import { listen, unlisten } from './asynchron.js';
import * as waiting from './waiting/registry.js';

const END = { value: undefined, done: true };

export class Report {
  #ready = [];
  #first = 0; // of those that are ready and were not yielded
  #pending = new Map(); // a key each, to what takes its listener back
  #asking = [];
  #closed = false;

  constructor(asynchrons = []) {
    try {
      for (const a of asynchrons) this.add(a);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How many were added and not yet yielded. */
  get size() {
    return this.#pending.size + this.#ready.length - this.#first;
  }

  add(a) {
    if (this.#closed) throw new Error('the report is closed');
    const key = Symbol('one of a report');
    let come = false;
    const entry = listen(a, () => {
      come = true;
      this.#come(key, a);
    });
    if (!come) this.#pending.set(key, () => unlisten(a, entry));
    return this;
  }

  #come(key, a) {
    this.#pending.delete(key);
    if (!this.#asking.length) {
      this.#ready.push(a);
      return;
    }
    this.#answer({ value: a, done: false });
    if (!this.size) this.#end();
  }

  #answer(result) {
    waiting.unhold();
    this.#asking.shift()(result);
  }

  #end() {
    while (this.#asking.length) this.#answer(END);
  }

  // Not an async generator, which would await the asynchron itself.
  next() {
    if (this.#first < this.#ready.length) {
      const value = this.#ready[this.#first];
      this.#ready[this.#first++] = undefined;
      if (this.#first === this.#ready.length) this.#ready.length = this.#first = 0;
      return Promise.resolve({ value, done: false });
    }
    if (!this.#pending.size) return Promise.resolve(END);
    return new Promise((resolve) => {
      this.#asking.push(resolve);
      waiting.hold();
    });
  }

  close() {
    this.#closed = true;
    for (const stop of this.#pending.values()) stop();
    this.#pending.clear();
    this.#ready.length = this.#first = 0;
    this.#end();
  }

  return(value) {
    this.close();
    return Promise.resolve({ value, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

/** `for await (const a of report(asynchrons))` */
export function report(asynchrons) {
  return new Report(asynchrons);
}
