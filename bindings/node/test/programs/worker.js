// A thread of the user's: awaits one that it was given, and delivers another.
import { parentPort, workerData } from 'node:worker_threads';
import { Asynchron } from 'asynchron';

const { question, answer } = workerData;
const asked = Asynchron.adopt(question, { as: 'text' });
const answered = Asynchron.adopt(answer, { as: 'text' });
const text = await asked;
await Asynchron.timer(1);
answered.value(`${text}, indeed`);
asked.release();
answered.release();
parentPort.postMessage('done');
