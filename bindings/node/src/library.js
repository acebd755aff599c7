// Finds the C library, and loads it once.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';

const names = { darwin: ['libasynchron.dylib', 'libasynchron.0.dylib'], win32: ['asynchron.dll', 'asynchron.dll'] };
const [packed, installed] = names[process.platform] ?? ['libasynchron.so', 'libasynchron.so.0'];

function find() {
  if (process.env.ASYNCHRON_LIBRARY) return process.env.ASYNCHRON_LIBRARY;
  const folder = new URL(`../prebuilt/${process.platform}-${process.arch}/`, import.meta.url);
  const file = fileURLToPath(new URL(packed, folder));
  return existsSync(file) ? file : installed;
}

/** The file that was loaded: the one in the package, or else the name under which a system has it installed. */
export const libraryPath = find();

/** The folder of asynchron.h, for extensions in C that share asynchrons with JavaScript. */
export const includePath = fileURLToPath(new URL('../include', import.meta.url));

export const library = koffi.load(libraryPath);
