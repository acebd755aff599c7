// What this thread waits for: one report of the C library's, however many are awaited, and one who watches it.
//
// Nothing waits in JavaScript: the watcher says which tags have come, on this thread. A tag is an entry of the report,
// for one asynchron, and its number is never used again: an address may be.
import * as c from '../functions.js';
import { accepted, made, refused } from '../errors.js';
import { pollingWatcher } from './polling.js';
import { threadWatcher } from './thread.js';

const byTag = new Map();
const byHandle = new Map(); // Whoever is to be told has a reference, so an address is one asynchron here.
let report = 0;
let watcher;
let last = 0;
let holds = 0;

/** Where the event loop of the host can watch a descriptor for us, no thread is needed. */
function watch() {
  if (process.env.ASYNCHRON_WATCHER !== 'thread') {
    const polling = pollingWatcher(report, come);
    if (polling) return polling;
  }
  return threadWatcher(report, come);
}

function begin() {
  report = made(c.reportCreate(0, 0));
  // Stays pending, so that the report never ends.
  accepted(c.reportAdd(report, made(c.create('asynchron for JavaScript')), 0));
  watcher = watch();
  if (holds) watcher.hold();
}

function come(tag) {
  const entry = byTag.get(tag);
  if (!entry) return;
  forget(entry);
  for (const tell of entry.tells) tell();
}

function forget(entry) {
  byTag.delete(entry.tag);
  if (byHandle.get(entry.handle) === entry) byHandle.delete(entry.handle);
  watcher.count(byTag.size);
}

function enter(handle, tells) {
  if (!watcher) begin();
  const tag = ++last;
  const status = c.reportAdd(report, handle, tag);
  if (status !== c.OK) throw refused(status);
  const entry = { handle, tag, tells };
  byTag.set(tag, entry);
  byHandle.set(handle, entry);
  watcher.count(byTag.size);
}

/** Has `tell` called once, on this thread, when the asynchron is complete. The caller keeps a reference until then. */
export function add(handle, tell) {
  const entry = byHandle.get(handle);
  if (entry) entry.tells.push(tell);
  else enter(handle, [tell]);
}

/** Takes that back. */
export function remove(handle, tell) {
  const entry = byHandle.get(handle);
  const at = entry ? entry.tells.indexOf(tell) : -1;
  if (at < 0) return;
  entry.tells.splice(at, 1);
  if (entry.tells.length) return;
  // Its tag may be on the way from the waiting thread, and the address free before it comes.
  if (c.reportRemove(report, handle) === c.OK) forget(entry);
  else byHandle.delete(handle);
}

/** Takes out all who are to be told, for the caller to tell or to put back; undefined if none, or if it has come. */
export function take(handle) {
  const entry = byHandle.get(handle);
  if (!entry || c.reportRemove(report, handle) !== c.OK) return undefined;
  forget(entry);
  return entry.tells;
}

export function putBack(handle, tells) {
  const entry = byHandle.get(handle);
  if (entry) entry.tells.unshift(...tells);
  else enter(handle, tells);
}

/** Until as many unhold(), the process does not end by itself. */
export function hold() {
  if (++holds === 1) watcher?.hold();
}

export function unhold() {
  if (--holds === 0) watcher?.unhold();
}
