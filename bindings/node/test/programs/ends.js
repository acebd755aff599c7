// Ends by itself when nothing is awaited any more.
import { Asynchron, report } from 'asynchron';

const idle = Array.from({ length: 100 }, () => new Asynchron());
idle.forEach((a) => a.signal); // listened to, but not awaited

const given = new AbortController();
idle[0].promise({ signal: given.signal }).catch(() => {});
report(idle).next();
const closed = report(idle);
closed.next();
closed.close();

const one = Asynchron.timer(300);
one.then(() => {
  console.log('awaited');
  given.abort();
  idle.forEach((a) => a.cancel());
});
