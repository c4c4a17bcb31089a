/** What the health of an application is made of, and which settings it follows. */
import { type Class, type HealthIndicator, type Resolver, reportRefusals } from '@fwk/kernel';
import { type HealthSource, healthSettings } from '../health/health-settings.js';
import type { Parts } from './assemble.js';

/** Adds the checks that the application lists; the container builds those that are classes. */
export function addOwnChecks(
  { health, container }: Pick<Parts, 'health' | 'container'>,
  checks: readonly (HealthIndicator | Class<HealthIndicator>)[],
): void {
  for (const check of checks) health.add(typeof check === 'function' ? container.get(check) : check);
}

/**
 * Follows the settings, now that configuration has been read.
 * @throws OptionsError when they are refused as they are now; later ones that are refused change nothing, and are reported.
 */
export function followHealthSettings(
  { health, container, env }: Pick<Parts, 'health' | 'container' | 'env'>,
  source: HealthSource | ((resolver: Resolver) => HealthSource),
): void {
  const { guarded, settings } = healthSettings(typeof source === 'function' ? source(container) : source);
  reportRefusals({ guarded }, env);
  health.follow(settings);
}

/** Adds the checks of the process itself. They count for no probe, so nobody waits for what they find. */
export function addBuiltInChecks({ health, builtIn }: Pick<Parts, 'health' | 'builtIn'>): void {
  for (const indicator of builtIn.all) health.addBuiltIn(indicator);
}
