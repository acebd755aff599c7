// What the package gives.
export { Asynchron } from './asynchron.js';
export { AsynchronError, Cancelled, Failure, Refused, TimedOut } from './errors.js';
export { Report, report } from './report.js';
export { includePath, libraryPath } from './library.js';
import { version as number } from './functions.js';

/** The version of the C library that is running. */
export function version() {
  const n = number();
  return `${Math.floor(n / 10000)}.${Math.floor(n / 100) % 100}.${n % 100}`;
}
