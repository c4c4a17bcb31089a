import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configErrors, configEvents } from '@fwk/config';
import { coreErrors, coreEvents } from '@fwk/core';
import { discoveryErrors, discoveryEvents } from '@fwk/discovery';
import { httpErrors } from '@fwk/http';
import { kernelErrors, kernelEvents } from '@fwk/kernel';
import { resilienceErrors, resilienceEvents } from '@fwk/resilience';
import { describe, expect, test } from 'vitest';
import { errorsPage, eventsPage } from './docs/tables.mjs';
import { filesBelow, isSource, packageNames, root } from './workspace.mjs';

const errors = {
  config: configErrors,
  core: coreErrors,
  discovery: discoveryErrors,
  http: httpErrors,
  kernel: kernelErrors,
  resilience: resilienceErrors,
};
const events = {
  config: configEvents,
  core: coreEvents,
  discovery: discoveryEvents,
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
