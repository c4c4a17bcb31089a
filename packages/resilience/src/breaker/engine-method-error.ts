import { FwkError } from '@fwk/kernel';

/** A method of the opossum object was called whose work belongs elsewhere here. Code `FWK_RESILIENCE_ENGINE_METHOD`. */
export class EngineMethodError extends FwkError {
  /**
   * @param method - of the opossum object.
   * @param instead - what does its work here.
   */
  constructor(method: string, instead: string) {
    super('FWK_RESILIENCE_ENGINE_METHOD', `${method}() of the opossum object does nothing here: ${instead}`, {
      details: { method },
    });
  }
}
