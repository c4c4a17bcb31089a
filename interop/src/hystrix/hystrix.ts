import { createApp } from '@fwk/core';
import { policyRegistryToken, resilience } from '@fwk/resilience';
import type { Peer } from '../interop.js';
import { type Case, runCases } from '../run-cases.js';
import { fetchArtifacts } from './artifacts.js';
import { Dashboard } from './dashboard.js';

const successes = 40;
const failures = 4;

/** The Hystrix dashboard, which reads the numbers of our policies. */
export const hystrix: Peer = {
  name: 'hystrix',
  about: 'the Hystrix dashboard shows our policies; needs a JDK, Maven and Chromium',
  async run(options) {
    const artifacts = await fetchArtifacts(options.say, options.signal);
    await using dashboard = await Dashboard.start(artifacts, options.signal);
    await using app = await callingApp();
    options.say('the dashboard reads our stream …');
    const page = await dashboard.look(`${app.managementUrl}/manage/hystrix.stream`, isWhole, options.signal);
    await runCases(cases, page, 'they call us', options);
  },
};

/** True once the page has a place for each policy, and numbers in the last of them. */
function isWhole(page: string): boolean {
  return ['CIRCUIT_quote_0', 'CIRCUIT_charge_0', 'CIRCUIT_a.b c/v1_0', 'THREAD_POOL_quote_0'].every((id) =>
    page.includes(`id="${id}"`),
  );
}

/** An application with policies that have been called: one goes well, one has an open breaker, one has an awkward name. */
async function callingApp() {
  const app = createApp({
    ...{ name: 'shop', version: '1.0.0', owner: 'interop', logging: { level: 'silent' }, signals: false },
    use: [
      resilience({
        policies: {
          quote: { timeoutMs: 500, breaker: {}, bulkhead: { maxConcurrent: 7 } },
          charge: { breaker: { consecutiveFailures: failures, openMs: 60_000 } },
          'a.b c/v1': {},
        },
      }),
    ],
    shutdown: { propagationDelayMs: 0 },
  });
  await app.start();
  const registry = app.get(policyRegistryToken);
  const quote = registry.named('quote').wrap(async () => 'good');
  for (let call = 0; call < successes; call++) await quote();
  const charge = registry.named('charge').wrap(() => Promise.reject(new Error('down')));
  for (let call = 0; call <= failures; call++) await charge().catch(() => {});
  await registry.named('a.b c/v1').wrap(async () => 'good')();
  return app;
}

const cases: readonly Case<string>[] = [
  {
    name: 'a circuit that goes well is shown closed, with its calls',
    async run(page) {
      const text = partOf(page, 'CIRCUIT_quote_0');
      return all(text, [/Circuit\s+Closed/, /Successful Request Count\s+40\b/, /0(\.0)? %/]);
    },
  },
  {
    name: 'an open circuit is shown open, with its failures and what it refused',
    async run(page) {
      const text = partOf(page, 'CIRCUIT_charge_0');
      return all(text, [
        /Circuit\s+Open/,
        /Failure Request Count\s+4\b/,
        /Short-circuited Request Count\s+1\b/,
        /100(\.0)? %/,
      ]);
    },
  },
  {
    name: 'a policy with an awkward name is shown as well',
    run: async (page) => all(partOf(page, 'CIRCUIT_a.b c/v1_0'), [/Circuit\s+Closed/]),
  },
  {
    name: 'a bulkhead is shown as a thread pool',
    run: async (page) => all(partOf(page, 'THREAD_POOL_quote_0'), [/Pool Size\s+7\b/, /Executions\s+40\b/]),
  },
  {
    name: 'nothing is left loading',
    async run(page) {
      if (page.replace(/<script[\s\S]*?<\/script>/g, '').includes('Loading ...'))
        throw new Error('the page says "Loading ..."');
      return 'no "Loading ..."';
    },
  },
];

/** The words of an element of the page: texts and titles. */
function partOf(page: string, id: string): string {
  const [, after] = page.split(`id="${id}"`);
  if (after === undefined) throw new Error(`there is no element "${id}" in a page of ${page.length} characters`);
  const [own = ''] = after.split(/id="(?:CIRCUIT|THREAD_POOL)_/);
  return own
    .replace(/<script[\s\S]*?<\/script>/g, ' ')
    .replace(/<[^>]*?title="([^"]*)"[^>]*>/g, ' $1 ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

/** @returns what was found; throws what was not */
function all(text: string, wanted: readonly RegExp[]): string {
  const missing = wanted.filter((each) => !each.test(text));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not in: ${text.slice(0, 600)}`);
  return wanted.map((each) => each.exec(text)?.[0]).join('; ');
}
