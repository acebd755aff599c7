// node_addon.mjs: runs the addon of node_addon.c, which is the argument.
import { createRequire } from 'node:module';
import { end, sayTimer, ticksMore } from './taken.mjs';

const addon = createRequire(import.meta.url)(process.argv[2]);
console.log(`with: Node.js ${process.versions.node}, libuv ${process.versions.uv}`);
addon.start();
while (addon.result() === undefined) await ticksMore(1);
console.log('taken:', addon.result());
await sayTimer();
console.log('released while watched: held'); // as soon as it was attached, and all of it came
end();
