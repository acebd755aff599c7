// taken.mjs: what the programs in JavaScript share: how often each item was taken, and how often a timer ticked.

export const COUNT = 1000;
export const BATCH = 64; // so many items in a turn of the loop
export const OK = 0, END = 6, WOKEN = 7;

const taken = new Array(COUNT).fill(0);
let ticks = 0;
const ticking = setInterval(() => ticks++, 5);

export function tookOne(tag) {
  taken[tag]++;
}

// Milliseconds: 250 timers at a time, so more than a batch.
export function timeOf(tag) {
  return 1 + tag % 4 * 25;
}

export async function say() {
  const once = taken.filter((times) => times === 1).length;
  const twice = taken.filter((times) => times > 1).length;
  console.log(`taken: ${once} of ${COUNT} once, ${twice} twice`);
  await sayTimer();
}

export async function sayTimer() {
  await ticksMore(3);
  console.log('timer: goes on');
}

// Until the timer has ticked so often.
export async function ticksMore(count) {
  const end = ticks + count;
  while (ticks < end) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function end() {
  clearInterval(ticking);
}
