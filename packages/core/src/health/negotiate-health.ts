import { weigh } from '../metrics/negotiate-format.js';
import { readQualityList } from '../negotiation/quality-list.js';
import { healthJsonType } from './health-json.js';

/**
 * Whether an `Accept` header asks for `application/health+json` by its weights (RFC 9110, 12.5.1). At equal weight it is taken
 * where it is named; Actuator's form otherwise, and also when neither is accepted: an answer in another form serves a
 * prober better than an error.
 */
export function prefersHealthJson(accept: string | undefined): boolean {
  const ranges = readQualityList(accept);
  const standard = weigh(ranges, { type: healthJsonType, versions: [] });
  const usual = weigh(ranges, { type: 'application/json', versions: [] });
  if (standard.q === 0) return false;
  return standard.q > usual.q || (standard.q === usual.q && standard.precision >= 3);
}
