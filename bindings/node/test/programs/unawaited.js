// Has asynchrons that nobody awaits: they keep no process alive.
import { Asynchron } from 'asynchron';

const as = [new Asynchron(), Asynchron.timer(60_000)];
as.forEach((a) => a.signal);
new Asynchron({ signal: new AbortController().signal });
console.log('end');
