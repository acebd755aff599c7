// What an object owns of C's: given up once, by hand or by the garbage collector.
import * as c from './functions.js';
import * as objects from './objects.js';
import * as waiting from './waiting/registry.js';

const collected = new FinalizationRegistry((owned) => over || free(owned));

// As it ends, Deno calls this for what is left, when koffi's functions are gone; it says "unload" before.
let over = false;
globalThis.addEventListener?.('unload', () => (over = true));

/** Of an object that gets a reference: what is to be freed with it. */
export function ownedBy(object, handle) {
  const owned = { handle, token: 0, reason: undefined, listeners: undefined, told: undefined, released: false };
  collected.register(object, owned, owned);
  return owned;
}

/** Releases the handle, and forgets the value that stayed in JavaScript if nobody else has it. */
function free(owned) {
  if (owned.listeners) {
    // Of an object that the garbage collector found: see listeners.js.
    for (const entry of owned.listeners) entry.gone?.();
    waiting.remove(owned.handle, owned.told);
  }
  c.release(owned.handle);
  if (owned.token) objects.forget(owned.token);
}

export function freeNow(owned) {
  if (!owned.handle) return;
  collected.unregister(owned);
  free(owned);
  owned.handle = 0;
}
