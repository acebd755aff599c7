// Those who are to be told when an asynchron is complete.
//
// All of it hangs on what the object owns, not on the object: a listener that does not refer to the object keeps it
// from no garbage collector, and ends with it.
import * as c from './functions.js';
import * as waiting from './waiting/registry.js';
import { accepted } from './errors.js';
import { freeNow } from './owned.js';

/**
 * Calls the listener once it is complete; at once, if it is. With `holds` the process lives until then; with `keeps`
 * it is called even if the object is released, and otherwise `gone` is. Returns what unlisten() takes.
 */
export function listen(owned, listener, { holds = false, keeps = false, gone } = {}) {
  const entry = { listener, holds, keeps, gone };
  if (c.poll(owned.handle) !== c.PENDING) {
    listener();
    return entry;
  }
  if (owned.listeners) {
    owned.listeners.push(entry);
  } else {
    const told = () => tell(owned);
    waiting.add(owned.handle, told);
    owned.told = told;
    owned.listeners = [entry];
  }
  if (holds) waiting.hold();
  return entry;
}

export function unlisten(owned, entry) {
  const at = owned.listeners ? owned.listeners.indexOf(entry) : -1;
  if (at < 0) return;
  owned.listeners.splice(at, 1);
  if (entry.holds) waiting.unhold();
  entry.gone?.();
  if (owned.listeners.length) return;
  owned.listeners = undefined;
  waiting.remove(owned.handle, owned.told);
  if (owned.released) freeNow(owned);
}

function tell(owned) {
  const entries = owned.listeners ?? [];
  owned.listeners = undefined;
  for (const { listener, holds } of entries) {
    if (holds) waiting.unhold();
    listener();
  }
  if (owned.released) freeNow(owned);
}

/** The object is given up: those who are to be told all the same have its handle for as long. */
export function release(owned) {
  if (owned.released) return;
  owned.released = true;
  for (const entry of [...(owned.listeners ?? [])]) {
    if (!entry.keeps) unlisten(owned, entry);
  }
  if (!owned.listeners) freeNow(owned);
}

/** Has `act` complete it. If it does, those who wait in this thread are told here, with no turn of the event loop. */
export function complete(handle, act) {
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
