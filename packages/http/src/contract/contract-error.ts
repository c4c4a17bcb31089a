import { FwkError, showValue } from '@fwk/kernel';

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

/**
 * Refuses what is no contract.
 * @param needs - who needs one, the head of the message: `createClient()`.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID`
 */
export function checkContract(needs: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === 'fwk.contract') return;
  const why =
    value === undefined
      ? 'undefined; either nothing was given, or two modules import each other and the contract is not made yet'
      : `${shownOf(value)}; contract(name, { version, operations }) makes one`;
  throw new ContractError(`for ${needs}`, [`it must be a contract, not ${why}`]);
}

function shownOf(value: unknown): string {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return names.length === 0 ? showValue(value) : `an object with ${names.slice(0, 8).join(', ')}`;
}
