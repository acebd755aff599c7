// Awaits what nobody delivers, until it is told to stop by a signal of the system.
import { Asynchron } from 'asynchron';

await Asynchron.timer(1);
console.log('waiting');
await new Asynchron();
