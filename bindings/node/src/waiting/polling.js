// The event loop of Node.js watches the report's descriptor: no thread waits, and none has to end.
import koffi from 'koffi';
import * as c from '../functions.js';

const MOST = 256; // in a turn of the loop, so that others have their turns, too

/** A watcher; undefined where there is no such loop. (In Bun, asking koffi for one ends the process.) */
export function pollingWatcher(report, come) {
  if (process.versions.bun || process.versions.deno || !koffi.node?.poll) return undefined;
  const descriptor = c.reportFd(report);
  if (descriptor < 0) return undefined;

  const items = c.words(2 * MOST);
  const count = c.words(1);
  function collect() {
    if (c.reportNextBatch(report, 0, items, MOST, count) !== c.OK) return;
    const n = Number(count[0]);
    const tags = Array.from({ length: n }, (_, i) => Number(items[2 * i + 1]));
    for (let i = 0; i < n; i++) c.release(Number(items[2 * i]));
    tags.forEach(come);
  }
  // koffi calls this from the loop as it is: what then settles would run only when something else happens. An immediate
  // is the next that the same turn of the loop runs, and what it settles runs after it.
  const readable = () => void setImmediate(collect);

  let poll;
  try {
    poll = koffi.node.poll(descriptor, { readable: true }, readable);
  } catch {
    return undefined;
  }
  poll.unref();
  return { name: 'polling', count() {}, hold: () => poll.ref(), unhold: () => poll.unref() };
}
