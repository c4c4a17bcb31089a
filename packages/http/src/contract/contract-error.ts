import { FwkError } from '@fwk/kernel';

/** A contract is malformed. Code `FWK_HTTP_CONTRACT_INVALID`; `problems` has one line a fault. */
export class ContractError extends FwkError {
  readonly problems: readonly string[];

  constructor(contract: string, problems: readonly string[]) {
    super('FWK_HTTP_CONTRACT_INVALID', `contract ${contract}: ${problems.join('; ')}`, {
      details: { contract, problems },
    });
    this.problems = problems;
  }
}
