import { addTried, type CallContext, tellNotSent, triedKey } from '@fwk/kernel';
import { endpointChoiceKey } from '../membership/endpoint.js';
import type { Candidate } from '../pick/balancer.js';
import type { Undecided } from '../pick/undecided.js';

/** Waits for a choice that takes time, and tells the call where it goes. Rejects when the call is cancelled meanwhile. */
export async function decided(undecided: Undecided, context: CallContext): Promise<Candidate> {
  let candidate: Candidate;
  try {
    candidate = await undecided.decide(context);
    if (context.cancelled) throw context.reason;
  } catch (error) {
    if (context.cancelled) tellNotSent(context);
    throw error;
  }
  const choice = context.get(endpointChoiceKey);
  if (choice) choice.last = candidate.endpoint;
  const tried = context.get(triedKey);
  if (tried) addTried(tried, candidate.endpoint);
  return candidate;
}
