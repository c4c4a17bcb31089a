/**
 * Asking a flag with three rules, beside OpenFeature's SDK with its own in-memory provider, whose evaluator tests the same. Both are
 * asked for the same users in turn; each rule decides for some of them.
 */
import { performance } from 'node:perf_hooks';
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk';
import * as fwk from '../fwk.mjs';
import { nsPerCall, quick } from '../lib.mjs';

const { featureFlags, loadConfig } = await fwk.config();

const users = Array.from({ length: 64 }, (_, at) => ({
  key: `user-${at}`,
  attributes: {
    email: at % 8 === 0 ? `user-${at}@example.com` : `user-${at}@mail.test`,
    country: at % 4 === 1 ? 'DE' : 'FR',
    plan: at % 2 === 0 ? 'pro' : 'free',
  },
}));

const definition = {
  default: 'off',
  rules: [
    { if: { attribute: 'email', endsWith: '@example.com' }, serve: 'on' },
    {
      if: {
        all: [
          { attribute: 'country', in: ['DE', 'AT'] },
          { attribute: 'plan', equals: 'free' },
        ],
      },
      serve: 'on',
    },
    { rollout: { on: 50 } },
  ],
};

/** Nanoseconds of one question to our flags. */
export async function ownFlags() {
  const config = await loadConfig({ defaults: { flags: { checkout: definition } }, environment: false });
  const flags = featureFlags(config);
  const calls = quick ? 100_000 : 2_000_000;
  return async () => {
    let on = 0;
    const startMs = performance.now();
    for (let at = 0; at < calls; at++) if (flags.value('checkout', false, users[at & 63])) on++;
    const ns = ((performance.now() - startMs) * 1e6) / calls;
    if (on === 0 || on === calls) throw new Error('the flag does not look at its rules');
    return ns;
  };
}

/** The same of the SDK's client. */
export async function openFeature() {
  const inCountry = new Set(['DE', 'AT']);
  const contextEvaluator = ({ targetingKey, email, country, plan }) => {
    if (email.endsWith('@example.com')) return 'on';
    if (inCountry.has(country) && plan === 'free') return 'on';
    return targetingKey.charCodeAt(targetingKey.length - 1) % 2 === 0 ? 'on' : 'off';
  };
  const checkout = { variants: { on: true, off: false }, defaultVariant: 'off', disabled: false, contextEvaluator };
  await OpenFeature.setProviderAndWait(new InMemoryProvider({ checkout }));
  const client = OpenFeature.getClient();
  const contexts = users.map(({ key, attributes }) => ({ targetingKey: key, ...attributes }));
  return () =>
    nsPerCall((at) => client.getBooleanValue('checkout', false, contexts[at & 63]), quick ? 10_000 : 100_000);
}
