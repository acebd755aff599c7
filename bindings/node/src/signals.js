// AbortSignals: one listener at each, however many asynchrons it is for. A host looks through those that a signal has.
const bySignal = new WeakMap();

function begin(signal) {
  const calls = new Set();
  const aborted = () => {
    bySignal.delete(signal);
    for (const call of calls) call();
  };
  signal.addEventListener('abort', aborted, { once: true });
  const all = { calls, aborted };
  bySignal.set(signal, all);
  return all;
}

/** Has `call` called once, when the signal is aborted, which it is not yet. Returns what takes that back. */
export function onAbort(signal, call) {
  const all = bySignal.get(signal) ?? begin(signal);
  const { calls, aborted } = all;
  const own = () => call(); // The same function may be there twice.
  calls.add(own);
  return () => {
    if (!calls.delete(own) || calls.size || bySignal.get(signal) !== all) return;
    bySignal.delete(signal);
    signal.removeEventListener('abort', aborted);
  };
}
