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
  const tags = [];
  function readable() {
    while (tags.length) come(tags.pop()); // of a turn that an exception ended
    if (c.reportNextBatch(report, 0, items, MOST, count) !== c.OK) return;
    for (let i = Number(count[0]) - 1; i >= 0; i--) {
      c.release(Number(items[2 * i]));
      tags.push(Number(items[2 * i + 1]));
    }
    while (tags.length) come(tags.pop());
  }

  let poll;
  try {
    poll = koffi.node.poll(descriptor, { readable: true }, readable);
  } catch {
    return undefined;
  }
  poll.unref();
  return { name: 'polling', count() {}, hold: () => poll.ref(), unhold: () => poll.unref() };
}
