import { FwkError } from '@fwk/kernel';

/** An instrument was asked for in a way that scrapers could not read. Code `FWK_CORE_INSTRUMENT_INVALID`. */
export class InstrumentInvalidError extends FwkError {
  /**
   * @param name - the instrument, as it was asked for.
   * @param problem - what is wrong and what to do, in a sentence that goes on after the name.
   */
  constructor(name: unknown, problem: string, details: Readonly<Record<string, unknown>> = {}) {
    const shown =
      typeof name === 'string' ? `"${name.slice(0, 200)}"` : `of type ${name === null ? 'null' : typeof name}`;
    super('FWK_CORE_INSTRUMENT_INVALID', `the metric ${shown} ${problem}`, { details: { name: shown, ...details } });
  }
}
