// Ends in the way that is asked for while a thousand waits are open. Argument: how.
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Asynchron, report } from 'asynchron';

const how = isMainThread ? process.argv[2] : workerData;
const as = Array.from({ length: 1000 }, () => new Asynchron());
for (const a of as) a.promise();
report(as).next();
await Asynchron.timer(5); // the waits are open, and what watches them is there

if (!isMainThread) {
  if (how === 'thread exits') process.exit(0);
  setInterval(() => {}, 1000); // until the main thread ends it
} else if (how === 'exit') {
  console.log('exit');
  process.exit(3);
} else if (how === 'no listeners') {
  process.removeAllListeners('exit');
  console.log('exit');
  process.exit(3);
} else if (how === 'exception') {
  console.log('exit');
  setTimeout(() => {
    throw new Error('nobody catches it');
  }, 0);
} else {
  const worker = new Worker(new URL(import.meta.url), { workerData: how });
  const begun = Asynchron.timer(200);
  if (how === 'thread exits') {
    await new Promise((resolve) => worker.on('exit', resolve));
  } else {
    await begun;
    if (how === 'terminate') await worker.terminate();
  }
  console.log('exit');
  process.exit(3);
}
