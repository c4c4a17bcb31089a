import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as config from '@fwk/config';
import * as core from '@fwk/core';
import * as create from '@fwk/create';
import * as discovery from '@fwk/discovery';
import * as http from '@fwk/http';
import * as kernel from '@fwk/kernel';
import * as mux from '@fwk/mux';
import * as resilience from '@fwk/resilience';
import { describe, expect, test } from 'vitest';
import { healthRules } from '../packages/core/src/health/health-rules.js';
import { prometheusName } from '../packages/core/src/metrics/metric-names.js';
import { clientFields } from '../packages/http/src/client/client-fields.js';
import { canonicalOrder } from '../packages/resilience/src/order/canonical-order.js';
import { orderTable, placed } from './docs/order.mjs';
import { optionsIn, referenceOf } from './docs/reference.mjs';
import { withSteps } from './docs/steps.mjs';
import { errorsPage, eventsPage, metricsPage } from './docs/tables.mjs';
import { tunablesPage } from './docs/tunables.mjs';
import { filesBelow, isSource, packageNames, root, shippedTexts } from './workspace.mjs';

const errors = {
  config: config.configErrors,
  core: core.coreErrors,
  create: create.createErrors,
  discovery: discovery.discoveryErrors,
  http: http.httpErrors,
  kernel: kernel.kernelErrors,
  mux: mux.muxErrors,
  resilience: resilience.resilienceErrors,
};
const events = {
  config: config.configEvents,
  core: core.coreEvents,
  discovery: discovery.discoveryEvents,
  http: http.httpEvents,
  kernel: kernel.kernelEvents,
  resilience: resilience.resilienceEvents,
};
const metrics = {
  config: config.configMetrics,
  core: core.coreMetrics,
  create: {},
  discovery: {},
  http: http.httpMetrics,
  kernel: kernel.kernelMetrics,
  mux: mux.muxMetrics,
  resilience: resilience.resilienceMetrics,
};
const exports = { config, core, create, discovery, http, kernel, mux, resilience };
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');
const sources = packageNames().flatMap((name) => filesBelow(join(root, 'packages', name, 'src'), isSource));
const text = sources.map((path) => readFileSync(path, 'utf8')).join('\n');

describe('the pages made from tables', () => {
  test('docs/errors.md is what `npm run docs` writes', () => expect(page('errors.md')).toBe(errorsPage(errors)));
  test('docs/tunables.md is what `npm run docs` writes', () => {
    expect(page('tunables.md')).toBe(
      tunablesPage({
        ...{ exports, sources: shippedTexts(), order: canonicalOrder, fields: clientFields, health: healthRules },
      }),
    );
  });
  test('docs/existing-programs.md shows the steps as `npm run docs` writes them', () => {
    expect(page('existing-programs.md')).toBe(withSteps(page('existing-programs.md')));
  });
  test('docs/events.md is what `npm run docs` writes', () => expect(page('events.md')).toBe(eventsPage(events)));
  test('docs/metrics.md is what `npm run docs` writes', () =>
    expect(page('metrics.md')).toBe(metricsPage(metrics, prometheusName)));
});

describe('the reference of a package', () => {
  test.each(packageNames())('%s: stands in the README as `npm run docs` writes it', (name) => {
    const readme = readFileSync(join(root, 'packages', name, 'README.md'), 'utf8');
    const tables = {
      errors: errors[name as keyof typeof errors],
      events: { ...events, create: {}, mux: {} }[name as keyof typeof errors],
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
    const used = new Set(text.match(/\bFWK_(?:KERNEL|CORE|CONFIG|CREATE|RESILIENCE|DISCOVERY|HTTP)_[A-Z_]*[A-Z]/g));
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

describe('the tables of metrics', () => {
  const rows = new Map<string, kernel.MetricEntry>(Object.values(metrics).flatMap((table) => Object.entries(table)));
  /** Where instruments are made for others, from whatever spec they were given. */
  const passesOn = /kernel\/src\/telemetry\/|resilience\/src\/statistics\/counting-meter/;
  const makers = sources.filter((path) => !passesOn.test(path)).map((path) => readFileSync(path, 'utf8'));
  const made = [...makers.join('\n').matchAll(/\b\w+Metrics\['([a-z0-9_.]+)'\]/g)].map(([, name]) => name as string);

  test('are where every instrument comes from', () => {
    const elsewhere =
      /\b(?:counter|gauge|histogram)\(\s*\{|\bobserve\(\s*'(?:gauge|counter)',\s*\{|\bname: '[a-z]+(?:\.[a-z_]+)+',\s*help:/;
    expect(makers.filter((code) => elsewhere.test(code))).toEqual([]);
    expect(made.filter((name) => !rows.has(name))).toEqual([]);
  });

  test('list no metric that nothing makes', () => {
    const named = new Set([...text.matchAll(/Metrics\['([a-z0-9_.]+)'\]/g)].map(([, name]) => name));
    expect([...rows.keys()].filter((name) => !named.has(name))).toEqual([]);
  });

  test('say the kind that each is made as', () => {
    const calls = makers.join('\n').matchAll(/\b(counter|gauge|histogram)\(\s*\w+Metrics\['([a-z0-9_.]+)'\]/g);
    const wrong = [...calls].filter(([, kind, name = '']) => rows.get(name)?.kind !== kind);
    expect(wrong.map(([call]) => call)).toEqual([]);
  });

  test('have no name twice, and help that a lint of Prometheus accepts', () => {
    const shown = [...rows].map(([name, row]) => prometheusName({ name, ...row }, row.kind));
    expect(new Set(shown).size).toBe(shown.length);
    expect([...rows.values()].filter(({ help }) => !/^[A-Z].*\.$/.test(help))).toEqual([]);
  });
});

describe('docs/tunables.md', () => {
  const rows = page('tunables.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  const row = (path: string) => rows.find(([, first]) => first === `\`${path}\``);

  test('has each option with its range, its default, when it counts and what it does', () => {
    expect(row('policies.NAME.retry.maxAttempts')?.slice(2, 5)).toEqual(['a whole number from 1 to 20', '`3`', 'live']);
    expect(row('policies.NAME.breaker.failureRatio')?.[4]).toMatch(/^live/);
    expect(row('policies.NAME.ejection.baseMs')?.slice(3, 5)).toEqual(['`30000`', 'live']);
    expect(row('tracing.ratio')?.slice(2, 5)).toEqual(['a number from 0 to 1', '`0.1`', 'live']);
    expect(row('health.intervalMs')?.slice(2, 5)).toEqual(['a number from 1 to 86400000 ms', '`5000`', 'live']);
    expect(row('health.checks.NAME.intervalMs')?.slice(3, 5)).toEqual(['what its code says', 'live']);
    expect(row('AppOptions.stepTimeoutMs')?.slice(3, 5)).toEqual(['`10000`', 'at start']);
  });

  test('says of each what it does', () => {
    const live = rows.filter(([, , , , when]) => when?.startsWith('live'));
    expect(live.length).toBeGreaterThan(100);
    expect(live.filter(([, , , , , text = '']) => !/^\S.{10,}\.$/.test(text)).map(([, path]) => path)).toEqual([]);
  });

  test('names nothing twice', () => {
    const paths = rows.map(([, path]) => path);
    expect(paths.filter((path, at) => paths.indexOf(path) !== at)).toEqual([]);
  });
});

test('the code of docs/testing.md stands in the tests of examples/testing', () => {
  const files = filesBelow(join(root, 'examples/testing'), (path) => path.endsWith('.ts'));
  const tested = files.map((path) => readFileSync(path, 'utf8')).join('\n');
  const blocks = [...page('testing.md').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  expect(blocks.length).toBeGreaterThan(4);
  expect(blocks.filter((code) => !tested.includes(code))).toEqual([]);
});

test('docs/coming-from/nestjs.md shows the configuration of Jest that the matrix runs', () => {
  const config = readFileSync(join(root, 'examples/existing-programs/src/nestjs/jest.config.json'), 'utf8');
  expect(page('coming-from/nestjs.md')).toContain(`\`\`\`json\n${config}\`\`\`\n`);
});
