/** A real Prometheus scrapes services of the shop, and its own checker has nothing to say against what they show. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMetrics } from '@fwk/config';
import { coreMetrics, kernelMetrics, type MetricEntry } from '@fwk/core';
import { httpMetrics } from '@fwk/http';
import { muxMetrics } from '@fwk/mux';
import { resilienceMetrics } from '@fwk/resilience';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStrictly } from '../../../../packages/core/src/metrics/fixtures/strict-parser.js';
import { prometheusName } from '../../../../packages/core/src/metrics/metric-names.js';
import { findPrometheus, promtoolOf } from '../../../../scripts/programs/prometheus.mjs';
import { Fleet } from '../../dist/demo/fleet.js';
import { freePort } from './ports.js';

const program = await findPrometheus();
const services = ['catalog', 'pricing', 'inventory', 'storefront'];

describe.runIf(program !== undefined)('a real Prometheus', () => {
  let fleet: Fleet;
  let folder: string;
  let prometheus: ChildProcess;
  let api: string;
  let management: string[];
  let storefront: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fwk-prometheus-'));
    fleet = new Fleet({ FWK_REGISTRY_PORT: String(await freePort()), SHOP_PORT: '0' }, () => {});
    const started = await Promise.all(services.map((service) => fleet.start(service)));
    management = started.map((each) => each.management);
    storefront = started.at(-1)?.url as string;
    await untilServed(`${storefront}/products/lamp`);
    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration(management, storefront)));
    const options = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
      // Older ones have no such storage, and do not know the option.
      ...(hasFeatures(program as string) ? ['--enable-feature=exemplar-storage'] : []),
    ];
    prometheus = spawn(program as string, options, { stdio: 'ignore' });
  }, 60_000);

  afterAll(async () => {
    const gone = prometheus && prometheus.exitCode === null ? once(prometheus, 'exit') : undefined;
    prometheus?.kill('SIGKILL');
    await gone;
    await fleet?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  test('finds every endpoint up, and reads its samples and exemplars', async () => {
    const targets = await until(async () => {
      const { activeTargets } = await ask<{ activeTargets: Target[] }>('targets?state=active');
      return activeTargets.length === 5 && activeTargets.every(({ health }) => health !== 'unknown') && activeTargets;
    });
    expect(targets.map(({ health, lastError }) => [health, lastError])).toEqual(Array(5).fill(['up', '']));
    const { result } = await ask<{ result: { metric: Record<string, string> }[] }>('query?query=target_info');
    expect(new Set(result.map(({ metric }) => metric.service_name))).toEqual(new Set(services));
    // Older ones read exemplars and drop them.
    const { version } = await ask<{ version: string }>('status/buildinfo');
    if (Number(version.split('.')[1]) < 26) return;
    const exemplars = await until(async () => {
      await fetch(`${storefront}/products/lamp`);
      const query = 'query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=99999999999';
      const found = await ask<{ exemplars: { labels: { trace_id: string } }[] }[]>(query);
      return found.length > 0 && found;
    });
    expect(exemplars[0]?.exemplars[0]?.labels.trace_id).toMatch(/^[0-9a-f]{32}$/);
  }, 60_000);

  test('has a checker that is content with every endpoint, and a strict reader is with both formats', async () => {
    for (const url of [...management.map((each) => `${each}/manage/metrics`), `${storefront}/metrics`]) {
      const text = await (await fetch(url)).text();
      const checked = spawnSync(promtoolOf(program as string), ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect([checked.status, checked.stdout + checked.stderr], url).toEqual([0, '']);
      parseStrictly(text, 'prometheus');
      const open = await fetch(url, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } });
      parseStrictly(await open.text(), 'openmetrics');
    }
  }, 60_000);

  test('is shown no metric, kind or label that the tables do not have', async () => {
    const tables = [configMetrics, coreMetrics, httpMetrics, kernelMetrics, muxMetrics, resilienceMetrics];
    const rows = tables.flatMap((table) => Object.entries<MetricEntry>(table));
    const known = new Map(rows.map(([name, row]) => [prometheusName({ name, ...row }, row.kind), row]));
    for (const url of management) {
      const families = parseStrictly(await (await fetch(`${url}/manage/metrics`)).text(), 'prometheus');
      expect(families.size).toBeGreaterThan(10);
      for (const [name, { type, samples }] of families) {
        expect(known.get(name)?.kind, name).toBe(type);
        const labels = new Set(
          [...samples.keys()].flatMap((sample) => [...sample.matchAll(/(\w+)="/g)].map((m) => m[1])),
        );
        labels.delete('le');
        const listed = Object.keys(known.get(name)?.labels ?? {}).map((label) => label.replaceAll('.', '_'));
        expect(
          [...labels].filter((label) => !listed.includes(label as string)),
          name,
        ).toEqual([]);
      }
    }
  });

  async function ask<T>(path: string): Promise<T> {
    return ((await (await fetch(`${api}/${path}`)).json()) as { data: T }).data;
  }
});

function hasFeatures(program: string): boolean {
  const { stdout, stderr } = spawnSync(program, ['--help'], { encoding: 'utf8' });
  return `${stdout}${stderr}`.includes('--enable-feature');
}

interface Target {
  readonly health: string;
  readonly lastError: string;
}

function configuration(management: readonly string[], storefront: string) {
  const job = (name: string, path: string, urls: readonly string[]) => ({
    job_name: name,
    metrics_path: path,
    scrape_interval: '1s',
    scrape_timeout: '1s',
    static_configs: [{ targets: urls.map((url) => new URL(url).host) }],
  });
  return {
    scrape_configs: [job('management', '/manage/metrics', management), job('service', '/metrics', [storefront])],
  };
}

/** Asks until the answer is none of false, undefined and an error; the limit is that of the test. */
async function until<T>(look: () => Promise<T | false>): Promise<T> {
  for (;;) {
    const found = await look().catch(() => false as const);
    if (found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function untilServed(url: string): Promise<Response> {
  return until(async () => {
    const answer = await fetch(url);
    return answer.ok && answer;
  });
}
