import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { appDefaults, loggingDefaults, managementDefaults } from './app/app-options.js';
import { shutdownDefaults } from './app/shutdown-options.js';
import { containerDefaults } from './container/create-container.js';
import { checkDefaults, healthDefaults, overloadDefaults } from './health/health-settings.js';
import { faultDefaults } from './lifecycle/faults.js';
import { loggerDefaults } from './logging/logger-options.js';
import { meterDefaults } from './metrics/meter.js';
import { gatherDefaults } from './topology/gather-topology.js';
import { topologyDefaults } from './topology/topology-options.js';
import { usageDefaults } from './usage/usage-options.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

/** Documented defaults that are plain values, by interface and property. */
function documented(owner: string): Record<string, unknown> {
  const body = new RegExp(`export interface ${owner} [^{]*\\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const properties = body.matchAll(/@defaultValue ('[^']*'|true|false|[\d.]+)(?:,[^*]*)?\s+\*\/\s+readonly (\w+)\??:/g);
  return Object.fromEntries(
    [...properties].map(([, value = '', name]) => [name, JSON.parse(value.replaceAll("'", '"'))]),
  );
}

const plain = (defaults: object) =>
  Object.fromEntries(Object.entries(defaults).filter(([, value]) => typeof value !== 'object'));

test.each([
  ['AppOptions', appDefaults],
  ['LoggingOptions', loggingDefaults],
  ['ManagementOptions', managementDefaults],
  ['ShutdownOptions', shutdownDefaults],
  ['FaultOptions', faultDefaults],
  ['ContainerOptions', containerDefaults],
  ['HealthCheckOptions', checkDefaults],
  ['HealthSettings', healthDefaults],
  ['EventLoopSettings', healthDefaults.eventLoop],
  ['MemorySettings', healthDefaults.memory],
  ['DiskSettings', healthDefaults.disk],
  ['OverloadSettings', overloadDefaults],
  ['LoggerOptions', loggerDefaults],
  ['MeterOptions', meterDefaults],
  ['TopologyOptions', topologyDefaults],
  ['GatherOptions', gatherDefaults],
  ['UsageOptions', usageDefaults],
])('the documented defaults of %s are the real ones', (owner, defaults) => {
  expect(Object.isFrozen(defaults)).toBe(true);
  const { group, ...told } = documented(owner);
  expect(group ?? 'readiness').toBe('readiness');
  expect(told).toEqual(plain(defaults));
});
