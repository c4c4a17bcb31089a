import { type Resolver, type Token, token } from '@fwk/kernel';
import { checkContract } from '../contract/contract-error.js';
import type { AnyContract, Client } from '../contract/contract-types.js';
import { appParts } from './app-parts.js';
import type { ClientOptions } from './client-options.js';
import { createClient } from './create-client.js';

const tokens = new WeakMap<object, Token<unknown>>();

/**
 * The key of a contract's client: `inject(clientOf(inventory))`. Without options it is the same key each time, so that an
 * application has one client of a contract, with one retry budget and one set of connections; with options it is a new
 * key, to be kept in a constant and shared. Instances are found through the application's discovery unless `endpoints`
 * are given; the container closes the client.
 * @throws ContractError `FWK_HTTP_CONTRACT_INVALID` for what is no contract
 */
export function clientOf<C extends AnyContract>(
  contract: C,
  options?: Partial<ClientOptions<C>>,
): Token<Client<C> & AsyncDisposable> {
  checkContract('clientOf()', contract);
  if (options) return clientToken(contract, options);
  const known = tokens.get(contract) as Token<Client<C> & AsyncDisposable> | undefined;
  if (known) return known;
  const made = clientToken(contract, {});
  tokens.set(contract, made);
  return made;
}

function clientToken<C extends AnyContract>(contract: C, options: Partial<ClientOptions<C>>) {
  return token(`client of ${contract.name}`, (resolver: Resolver) =>
    createClient<C>(contract, { ...options, ...appParts(resolver) }),
  );
}
