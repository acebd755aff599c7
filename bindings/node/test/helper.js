// The functions of helper.c, compiled for this process; and the programs that tests start.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { includePath, libraryPath } from 'asynchron';

const here = fileURLToPath(new URL('.', import.meta.url));

function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'asynchron-'));
  try {
    const file = join(folder, 'helper.so');
    const arguments_ = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-o', file, join(here, 'helper.c')];
    execFileSync(process.env.CC ?? 'cc', [...arguments_, '-I', includePath, libraryPath, '-pthread']);
    return koffi.load(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const library = compile();
const a = 'uintptr_t';
const declare = (name, result, ...parameters) => library.func(`helper_${name}`, result, parameters);

const complete = declare('complete', 'int', a, 'uint64_t', 'char', 'int32_t', 'str', 'str');

/** Has a thread of C's complete it after some milliseconds. */
function start(asynchron, ms, kind, code, domain, text) {
  if (complete(asynchron.handle, BigInt(ms) * 1_000_000n, kind.charCodeAt(0), code, domain, text) !== 0) {
    throw new Error('no thread');
  }
}
export const valueLater = (asynchron, ms, text) => start(asynchron, ms, 'v', 0, '', text);
export const failLater = (asynchron, ms, code, domain, text) => start(asynchron, ms, 'f', code, domain, text);
export const cancelLater = (asynchron, ms, text) => start(asynchron, ms, 'c', 0, '', text);

/** By C, without JavaScript's knowing. */
export const valueNow = koffi.load(libraryPath).func('asynchron_set_bytes', 'int32_t', [a, 'str', 'size_t']);
const pointer = [a, 'uint64_t', a];
export const pointerNow = koffi.load(libraryPath).func('asynchron_set_pointer', 'int32_t', pointer);

export const u64Of = declare('u64', 'uint64_t', a);
export const setU64 = declare('set_u64', 'int', a, 'uint64_t');
export const messageOf = declare('message', 'str', a);
export const domainOf = declare('domain', 'str', a);
export const codeOf = declare('code', 'int32_t', a);
export const count = declare('count', 'int', a);
export const counted = declare('counted', 'int');
export const serve = declare('serve', 'int', 'int', 'size_t');
const putAll = declare('put', 'int', 'void *', 'size_t');

/** Has the threads of serve() complete all of these. */
export function put(...asynchrons) {
  const handles = BigUint64Array.from(asynchrons, (one) => BigInt(one.handle));
  if (putAll(handles, handles.length) !== 0) throw new Error('no room');
}

export const host = process.versions.deno ? 'deno' : process.versions.bun ? 'bun' : 'node';

/** How this host starts a program. */
const before = {
  node: ['--expose-gc'],
  bun: [],
  deno: ['run', '-A', '--v8-flags=--expose-gc'],
}[host];

/** Starts a program of test/programs; resolves when it has ended, with what it printed, and how long it took. */
export function run(program, { args = [], onLine, limit = 30_000 } = {}) {
  const begun = performance.now();
  const child = spawn(process.execPath, [...before, join(here, 'programs', program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const alarm = setTimeout(() => child.kill('SIGKILL'), limit);
  let stdout = '';
  let stderr = '';
  const lines = [];
  child.stdout.on('data', (data) => {
    stdout += data;
    const whole = stdout.split('\n').slice(0, -1);
    for (const text of whole.slice(lines.length)) {
      lines.push({ text, at: performance.now() });
      onLine?.(text, child);
    }
  });
  child.stderr.on('data', (data) => (stderr += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(alarm);
      const ended = performance.now();
      resolve({ code, signal, stdout, stderr, afterLastLine: ended - (lines.at(-1)?.at ?? begun) });
    });
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
