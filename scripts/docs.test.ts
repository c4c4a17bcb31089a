import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configErrors, configEvents } from '@fwk/config';
import { coreErrors, coreEvents } from '@fwk/core';
import { discoveryErrors, discoveryEvents } from '@fwk/discovery';
import { httpErrors, httpEvents } from '@fwk/http';
import { kernelErrors, kernelEvents } from '@fwk/kernel';
import { muxErrors } from '@fwk/mux';
import { resilienceErrors, resilienceEvents } from '@fwk/resilience';
import { describe, expect, test } from 'vitest';
import { canonicalOrder } from '../packages/resilience/src/order/canonical-order.js';
import { orderTable, placed } from './docs/order.mjs';
import { optionsIn, referenceOf } from './docs/reference.mjs';
import { errorsPage, eventsPage } from './docs/tables.mjs';
import { filesBelow, isSource, packageNames, root } from './workspace.mjs';

const errors = {
  config: configErrors,
  core: coreErrors,
  discovery: discoveryErrors,
  http: httpErrors,
  kernel: kernelErrors,
  mux: muxErrors,
  resilience: resilienceErrors,
};
const events = {
  config: configEvents,
  core: coreEvents,
  discovery: discoveryEvents,
  http: httpEvents,
  kernel: kernelEvents,
  resilience: resilienceEvents,
};
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');
const sources = packageNames().flatMap((name) => filesBelow(join(root, 'packages', name, 'src'), isSource));
const text = sources.map((path) => readFileSync(path, 'utf8')).join('\n');

describe('the pages made from tables', () => {
  test('docs/errors.md is what `npm run docs` writes', () => expect(page('errors.md')).toBe(errorsPage(errors)));
  test('docs/events.md is what `npm run docs` writes', () => expect(page('events.md')).toBe(eventsPage(events)));
});

describe('the reference of a package', () => {
  test.each(packageNames())('%s: stands in the README as `npm run docs` writes it', (name) => {
    const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
    const tables = {
      errors: errors[name as keyof typeof errors],
      events: { ...events, mux: {} }[name as keyof typeof errors],
    };
    expect(readme).toBe(placed(readme, 'reference', referenceOf(name, tables)));
  });

  test('has each option with its default and its meaning', () => {
    const source = [
      '/** Options. */',
      'export interface PauseOptions extends Base {',
      '  /** How long, 1 to 2 milliseconds; see {@link Base}. @defaultValue 5 */',
      '  readonly pauseMs: number | Live<number>;',
      '  /**',
      '   * Whether a | b,',
      '   * over two lines.',
      '   */',
      '  readonly split?: {',
      '    /** Inner. */',
      '    readonly inner: 1;',
      '  };',
      '}',
      'interface Hidden { }',
    ].join('\n');
    expect(optionsIn(source)).toEqual([
      {
        interfaceName: 'PauseOptions',
        fields: [
          { field: 'pauseMs', optional: false, means: 'How long, 1 to 2 milliseconds; see `Base`.', fallback: '5' },
          { field: 'split', optional: true, means: 'Whether a | b, over two lines.', fallback: undefined },
        ],
      },
    ]);
  });
});

describe('the order of layers', () => {
  const readme = readFileSync(join(root, 'packages/resilience/README.md'), 'utf8');

  test('stands in the README as `npm run docs` writes it', () => {
    expect(readme).toBe(placed(readme, 'order', orderTable(canonicalOrder)));
  });

  test('is said there line by line: option, role, scopes and reason, no more and no less', () => {
    const table = readme.split('<!-- order: made by npm run docs -->')[1]!.split('<!-- end of order -->')[0]!;
    const [head, , ...rows] = table
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const lines = rows.map(([options, role, ...others]) => ({
      options,
      role,
      scopes: head!.slice(2, -1).filter((_, at) => others[at] === 'yes'),
      reason: others.at(-1),
    }));
    const code = (name: string) => `\`${name}\``;
    const order = canonicalOrder.map(({ field, beside, role, scopes, reason }) => ({
      options: [field, ...Object.values(beside)].map(code).join(', '),
      role: code(role),
      scopes: [...scopes],
      reason,
    }));
    expect(lines).toEqual(order);
  });
});

describe('the tables', () => {
  const listed = new Set(Object.values(errors).flatMap((table) => Object.keys(table)));

  test('list every code that the sources mention', () => {
    const used = new Set(text.match(/\bFWK_(?:KERNEL|CORE|CONFIG|RESILIENCE|DISCOVERY|HTTP)_[A-Z_]*[A-Z]/g));
    expect([...used].filter((code) => !listed.has(code))).toEqual([]);
  });

  test('list no code that nothing raises', () => {
    expect([...listed].filter((code) => text.split(code).length < 3)).toEqual([]);
  });

  test('list every event that the sources emit', () => {
    const emitted = new Set([...text.matchAll(/\bemit\(\s*'([a-z-]+\.[a-z-]+)'/g)].map(([, name]) => name));
    const known = new Set(Object.values(events).flatMap((table) => Object.keys(table)));
    expect([...emitted].filter((name) => !known.has(name as string))).toEqual([]);
  });
});
