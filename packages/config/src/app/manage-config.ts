/** What operators see of settings, and do with them. */
import type { Env, ManagementEndpoint, ManagementRequest } from '@fwk/kernel';
import { refused } from '../live/override-change.js';
import { configMetrics } from '../metrics.js';
import type { ChangeReason, Config, OverrideOptions } from '../settings/config.js';

/** The part of a configuration that operators use. */
export type ManagedConfig = Pick<Config, 'view' | 'explain' | 'overrides'>;

/**
 * - `GET /manage/config` shows everything, masked, with its sources in their order, version, hash, overrides and unknown keys.
 * - `GET /manage/config/checkout.maxItems` explains one setting.
 * - `PUT /manage/config/checkout.maxItems` with `{"value": 5, "actor": "ann", "reason": "sale", "forMs": 3600000}` sets it over all sources, in
 *   this process and until it ends; `"dryRun": true` only tells what that would change, and which sections of code it would reach.
 * - `DELETE /manage/config/checkout.maxItems?actor=ann&reason=over` takes that away.
 * - `POST /manage/config/undo` with `{"actor": "ann", "reason": "wrong one"}` takes the last such change back.
 *
 * What does not fit is answered with 400 and the reason, and changes nothing.
 */
export function configEndpoints(config: ManagedConfig): ManagementEndpoint[] {
  const { overrides } = config;
  return [
    {
      path: 'config',
      purpose: 'All settings with their values, secrets masked, and their sources.',
      handle: () => config.view(),
    },
    {
      path: 'config/:path',
      purpose: 'Explains one setting: its value, who gave it, and what it lies over.',
      example: { parameter: 'checkout.maxItems' },
      handle: ({ parameter }) => config.explain(parameter ?? ''),
    },
    {
      path: 'config/:path',
      method: 'PUT',
      purpose: 'Sets one setting over all sources, in this process; `dryRun` only tells what that would change.',
      example: {
        parameter: 'checkout.maxItems',
        body: { value: 5, actor: 'ann', reason: 'sale', forMs: 3_600_000, dryRun: true },
      },
      handle: (request) => put(config, request),
    },
    {
      path: 'config/:path',
      method: 'DELETE',
      purpose: 'Takes away what was set over all sources for one setting.',
      example: { parameter: 'checkout.maxItems', query: 'actor=ann&reason=over' },
      async handle({ parameter = '', query }) {
        const lifted = await overrides.lift(parameter, { actor: query.actor ?? '', reason: query.reason ?? '' });
        return { lifted, setting: config.explain(parameter) };
      },
    },
    {
      path: 'config/undo',
      method: 'POST',
      purpose: 'Takes back the last change that was made by hand.',
      example: { body: { actor: 'ann', reason: 'wrong one' } },
      handle: async ({ body }) => ({
        undone: (await overrides.undo(membersOf(body) as ChangeReason & object)) ?? null,
      }),
    },
  ];
}

async function put(config: ManagedConfig, { parameter = '', body }: ManagementRequest): Promise<unknown> {
  const { value, dryRun = false, ...options } = membersOf(body);
  const unknown = Object.keys(options).filter((name) => !['actor', 'reason', 'forMs'].includes(name));
  if (unknown.length > 0)
    throw refused(`${unknown.join(', ')} is unknown; it takes value, actor, reason, forMs and dryRun`);
  if (typeof dryRun !== 'boolean') throw refused('dryRun must be true or false');
  const given = options as Partial<OverrideOptions> as OverrideOptions;
  const preview = await config.overrides.preview(parameter, value, given);
  if (dryRun) return { dryRun, ...preview };
  await config.overrides.set(parameter, value, given);
  return { dryRun, ...preview, setting: config.explain(parameter) };
}

function membersOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refused('a JSON object is needed');
  return { ...body };
}

/** Version and hash as metrics, so that drift between instances is seen: `config_hash` differs where settings do. */
export function observeConfig(config: Pick<Config, 'version' | 'hash'>, { metrics }: Env): Disposable {
  const version = configMetrics['config.version'];
  const hash = configMetrics['config.hash'];
  const observed = [
    metrics.observe('gauge', version, {}, () => config.version),
    metrics.observe('gauge', hash, {}, () => Number.parseInt(config.hash, 16)),
  ];
  return {
    [Symbol.dispose]() {
      for (const each of observed) each[Symbol.dispose]();
    },
  };
}
