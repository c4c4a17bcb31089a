import { FwkError } from '@fwk/kernel';
import type { CheckedSpec } from './instrument-spec.js';

/** Two parts of a program gave one metric name two meanings. Code `FWK_CORE_INSTRUMENT_CONFLICT`. */
export class InstrumentConflictError extends FwkError {
  /** @param name - what both would write: the name itself, or one with a suffix such as `_total` or `_bucket`. */
  constructor(name: string, known: CheckedSpec, asked: CheckedSpec) {
    const same = known.prometheusName === asked.prometheusName;
    const first = same ? `is a ${known.kind}` : `belongs to the ${known.kind} ${known.prometheusName}`;
    super(
      'FWK_CORE_INSTRUMENT_CONFLICT',
      `the metric ${name} ${first}${known.unit ? ` in ${known.unit}` : ''} already and cannot be made again by ${same ? 'another' : 'the'} ${asked.kind}${same ? '' : ` ${asked.prometheusName}`}; give one of the two another name`,
      { details: { name, known: known.kind, asked: asked.kind } },
    );
  }
}
