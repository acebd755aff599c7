// The programs in the README and in the guide run, and print what is printed below them.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { host, run } from './helper.js';

const LIMIT = { timeout: 60_000 };
const here = fileURLToPath(new URL('.', import.meta.url));
const guide = ['../node.md', '../../../docs/guide/node.md'].map((path) => join(here, path)).find(existsSync);

for (const page of [join(here, '../README.md'), guide]) {
  const text = readFileSync(page, 'utf8');
  const samples = [...text.matchAll(/^```mjs\n(.*?)^```\n\n```text\n(.*?)^```$/gms)];
  assert.equal(samples.length, text.match(/^```mjs$/gm).length, `a program of ${page} has no output`);
  for (const [, program, output] of samples) {
    const line = text.slice(0, text.indexOf(program)).split('\n').length;
    test(`${page.split('/').at(-1)}, line ${line}`, LIMIT, async () => {
      const folder = mkdtempSync(join(here, 'programs', 'sample-')); // where the package is found
      try {
        writeFileSync(join(folder, 'sample.js'), program);
        const ran = await run(join(folder, 'sample.js').slice(join(here, 'programs').length + 1));
        assert.equal(ran.stderr, '');
        // Bun prints objects in several lines.
        const same = (printed) => (host === 'bun' ? printed.replace(/\s|,(?=\s*})/g, '') : printed);
        assert.equal(same(ran.stdout), same(output));
        assert.equal(ran.code, 0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}
