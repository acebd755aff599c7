// Ends while a Worker stands still in a wait for what nobody delivers. Arguments: how it ends, and in which wait.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Asynchron } from 'asynchron';

if (!isMainThread) {
  const a = new Asynchron();
  parentPort.postMessage('standing');
  if (workerData === 'waitSync') a.waitSync();
  else a.getSync(workerData === 'getSync' ? undefined : 1e9);
}
const [, , how, wait] = process.argv;
const worker = new Worker(new URL(import.meta.url), { workerData: wait });
await new Promise((resolve) => worker.once('message', resolve));
await Asynchron.timer(200); // by now it is inside the call of C
console.log('end');
if (how === 'terminate') {
  await worker.terminate();
  process.exitCode = 3;
} else if (how === 'exit') {
  process.exit(3);
} else {
  setTimeout(() => {
    throw new Error('nobody catches it');
  }, 0);
}
