// What an object owns of C's: given up once, by hand or by the garbage collector.
import * as c from './functions.js';
import * as objects from './objects.js';

const collected = new FinalizationRegistry((owned) => over || free(owned));

// As it ends, Deno calls this for what is left, when koffi's functions are gone; it says "unload" before.
let over = false;
globalThis.addEventListener?.('unload', () => (over = true));

/** Of an object that gets a reference: what is to be freed with it. */
export function ownedBy(object, handle) {
  const owned = { handle, token: 0 };
  collected.register(object, owned, owned);
  return owned;
}

/** Releases the handle, and forgets the value that stayed in JavaScript if nobody else has it. */
function free(owned) {
  c.release(owned.handle);
  if (owned.token) objects.forget(owned.token);
}

export function freeNow(owned) {
  if (!owned.handle) return;
  collected.unregister(owned);
  free(owned);
  owned.handle = 0;
}
