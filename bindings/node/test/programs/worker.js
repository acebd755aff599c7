// A thread of the user's: awaits one that it was given, and delivers another.
import { parentPort, workerData } from 'node:worker_threads';
import { Asynchron } from 'asynchron';

const { question, answer, object, failed } = workerData;
const asked = Asynchron.adopt(question, { as: 'text' });
const answered = Asynchron.adopt(answer, { as: 'text' });
const text = await asked;
await Asynchron.timer(1);
answered.value(`${text}, indeed`);
asked.release();
answered.release();

// What only the other thread can hold is an address here, and its exception a failure with the same message.
const seen = [typeof Asynchron.adopt(object).get()];
try {
  Asynchron.adopt(failed).get();
} catch (error) {
  seen.push(error.name, error.domain, error.message);
}
parentPort.postMessage(seen.join(', '));
