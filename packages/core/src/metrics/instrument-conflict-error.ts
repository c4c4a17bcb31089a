import { FwkError } from '@fwk/kernel';

/** Two parts of a program gave one metric name two meanings. Code `FWK_CORE_INSTRUMENT_CONFLICT`. */
export class InstrumentConflictError extends FwkError {
  constructor(name: string, known: { readonly kind: string; readonly spec: { readonly unit?: string } }, kind: string) {
    super(
      'FWK_CORE_INSTRUMENT_CONFLICT',
      `the metric ${name} is a ${known.kind}${known.spec.unit ? ` in ${known.spec.unit}` : ''} already and cannot be made again as another ${kind}; give one of the two another name`,
      { details: { name, known: known.kind, asked: kind } },
    );
  }
}
