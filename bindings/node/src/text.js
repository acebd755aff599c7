// Texts and addresses on their way to C. The first NUL ends a text there.

/** A name: refused if it would not arrive whole. */
export function nameForC(text) {
  if (text === undefined || text === null) return null;
  if (typeof text !== 'string') throw new TypeError('a name is a string');
  if (text.includes('\0')) throw new TypeError('a name must not contain NUL');
  return text;
}

/** A message, which comes from anywhere: NUL becomes the sign that stands for it. */
export function messageForC(text) {
  return String(text).replaceAll('\0', '\u2400');
}

/** A handle from outside, as the number that it is here. */
export function handleOf(address) {
  const number = typeof address === 'bigint' ? Number(address) : address;
  if (!Number.isSafeInteger(number) || number <= 0) throw new TypeError(`not an address: ${String(address)}`);
  return number;
}
