import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isOwnVariable } from './own-variables.js';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

/** Variables that the packages read: `environment.FWK_X`, `process.env['FWK_X']`. */
function variablesRead(): string[] {
  const names = new Set<string>();
  for (const name of readdirSync(packages)) {
    for (const file of readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts') || file.includes('fixtures')) continue;
      const text = readFileSync(join(packages, name, 'src', file), 'utf8');
      for (const [, variable = ''] of text.matchAll(/\b(?:env|environment|variables)(?:\?)?(?:\.|\[['"])(FWK_\w+)/g)) {
        names.add(variable);
      }
    }
  }
  return [...names];
}

test('every variable that a package reads is known as our own', () => {
  const read = variablesRead();
  expect(read).toEqual(expect.arrayContaining(['FWK_REGISTRY_PORT', 'FWK_REGISTRY_TOKEN']));
  expect(read.filter((name) => !isOwnVariable(name))).toEqual([]);
});

test('no other variable is', () => {
  expect(
    ['FWK_PORT', 'FWK_REGISTRY', 'FWK_REGISTRYS', 'FWK_REGISTRY__PORT', 'FWK_SHOP__TOKEN', 'REGISTRY_TOKEN'].filter(
      isOwnVariable,
    ),
  ).toEqual([]);
});
