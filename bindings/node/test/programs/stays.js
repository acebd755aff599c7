// Waits for what nobody delivers, until it is told to stop by a signal of the system. Argument: how.
import { Asynchron } from 'asynchron';

await Asynchron.timer(1);
console.log('waiting');
if (process.argv[2] === 'getSync') new Asynchron().getSync();
await new Asynchron();
