/**
 * The idempotency keys of one operation: what makes a request the same as another, whose key it is, and what is answered
 * when the request is not to be worked on.
 */
import { createHash } from 'node:crypto';
import { abandonOnCancel, type CallContext, type Env, isFwkError, messageOf } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type {
  Claim,
  ClaimedKey,
  IdempotencyStore,
  KeptAnswer,
  KeyedRequest,
} from '../idempotency/idempotency-store.js';
import { StoreUnavailableError } from '../idempotency/store-unavailable-error.js';
import { headerNames, readIdempotencyKey } from '../wire/headers.js';
import type { ServedAnswer } from './answer.js';
import type { IncomingRequest } from './incoming-request.js';
import { pickHeaders } from './read-headers.js';
import { RequestError } from './request-error.js';

/** How long the caller of a request that is already being worked on should wait before it asks again. */
const RUNNING_WAIT_MS = 100;
/** How long a caller should wait that was refused because the store cannot be asked. */
const UNAVAILABLE_WAIT_MS = 1000;
/** How much longer than the operation a claim lasts. */
const LEASE_MARGIN_MS = 5000;
/** How long work without a limit is taken to last at most. */
const LONGEST_WORK_MS = 3_600_000;

/** What became of a claim: the key to work under, or the answer that the request got before. */
export type ClaimResult = { readonly claimed: ClaimedKey } | { readonly answer: KeptAnswer };

/** See the head of this file. */
export class KeyedRequests {
  readonly #operation: string;
  readonly #headerNames: readonly string[];
  readonly #store: IdempotencyStore;
  readonly #limitMs: () => number;
  readonly #env: Env;

  /** @param limitMs - how long the operation may take now. */
  constructor(
    { id, headerNames = [] }: OperationPlan<string>,
    store: IdempotencyStore,
    limitMs: () => number,
    env: Env,
  ) {
    this.#operation = id;
    // The next attempt may carry another credential.
    this.#headerNames = headerNames.filter((name) => name !== 'authorization' && name !== 'cookie').toSorted();
    this.#store = store;
    this.#limitMs = limitMs;
    this.#env = env;
  }

  /** The key of a request. @throws RequestError `FWK_HTTP_IDEMPOTENCY_KEY_MISSING` */
  keyOf({ headers }: IncomingRequest): string {
    const key = readIdempotencyKey(headers[headerNames.idempotencyKey]);
    if (key !== undefined) return key;
    throw new RequestError(
      'FWK_HTTP_IDEMPOTENCY_KEY_MISSING',
      `${this.#operation} needs the header Idempotency-Key: a quoted string of 1 to 255 characters, such as "order-7"`,
    );
  }

  /**
   * Claims the key; at once where the store answers at once.
   * @throws RequestError when the request is not to be worked on; RequestError as well, or the context's reason, by a
   * promise where the store answers by one.
   */
  claim(key: string, request: IncomingRequest, context: CallContext): ClaimResult | Promise<ClaimResult> {
    const claim = this.#store.claim(this.#describe(key, request), context);
    if (!(claim instanceof Promise)) return this.#resultOf(claim);
    return abandonOnCancel(context, claim).then(
      (settled) => this.#resultOf(settled),
      (error: unknown) => {
        if (!context.cancelled) throw this.#unavailable(error);
        // Nobody works on it any more, so a claim that succeeds later must not hold the key.
        claim.then(
          (late) => (late.kind === 'fresh' ? this.release(late.entry) : undefined),
          () => {},
        );
        throw error;
      },
    );
  }

  /** Keeps the answer. What is not kept is told in the log, and is worked on again when it comes again. */
  finish(claimed: ClaimedKey, answer: ServedAnswer): Promise<void> | undefined {
    const { body } = answer;
    // Stores keep text; the contracts of operations with keys have no other.
    if (typeof body === 'object') return this.release(claimed);
    return this.#told(
      () => claimed.finish({ ...answer, body }),
      'an answer could not be kept under its idempotency key',
    );
  }

  /** Forgets the key. */
  release(claimed: ClaimedKey): Promise<void> | undefined {
    return this.#told(() => claimed.release(), 'an idempotency key could not be released; it is when its lease ends');
  }

  #describe(key: string, { url, headers, caller, address, body }: IncomingRequest): KeyedRequest {
    return {
      caller: callerOf(caller, headers.authorization),
      source: address,
      operation: this.#operation,
      key,
      fingerprint: this.#fingerprint(url, headers, body),
      leaseMs: Math.min(this.#limitMs(), LONGEST_WORK_MS) + LEASE_MARGIN_MS,
    };
  }

  /** What the contract knows of the request, credentials aside. */
  #fingerprint(url: string, headers: IncomingRequest['headers'], body: IncomingRequest['body']): string {
    const hash = createHash('sha256').update(url).update('\n');
    if (this.#headerNames.length > 0) hash.update(JSON.stringify(pickHeaders(headers, this.#headerNames))).update('\n');
    return hash.update(body).digest('base64');
  }

  #resultOf(claim: Claim): ClaimResult {
    switch (claim.kind) {
      case 'fresh':
        return { claimed: claim.entry };
      case 'stored':
        return { answer: claim.answer };
      case 'other-request':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_KEY_REUSED',
          'the idempotency key was used before for another request; use a new key for each logical call',
        );
      case 'running':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_IN_PROGRESS',
          'the first request with this idempotency key is still being worked on',
          { retryAfterMs: RUNNING_WAIT_MS },
        );
      case 'full':
        throw new RequestError(
          'FWK_HTTP_IDEMPOTENCY_STORE_FULL',
          'as many requests with idempotency keys are being worked on as the server keeps for this caller, or for all',
          { retryAfterMs: RUNNING_WAIT_MS },
        );
    }
  }

  #unavailable(error: unknown): RequestError {
    const { logger } = this.#env;
    logger.error({ err: error, operation: this.#operation }, 'the store of idempotency keys cannot be asked');
    const cause = isFwkError(error) ? error : new StoreUnavailableError(messageOf(error), error);
    return new RequestError(
      'FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE',
      'whether the request was answered before cannot be found out now, so it was not worked on',
      { retryAfterMs: UNAVAILABLE_WAIT_MS, cause },
    );
  }

  #told(work: () => Promise<void> | void, problem: string): Promise<void> | undefined {
    const tell = (error: unknown) => {
      this.#env.logger.error({ err: error, operation: this.#operation }, problem);
    };
    try {
      return work()?.catch(tell);
    } catch (error) {
      tell(error);
      return undefined;
    }
  }
}

/** A name is a claim, so a credential counts beside it where there is one; it is never kept itself. */
function callerOf(name = '', credential = ''): string {
  return credential === '' ? name : `${name}\n${createHash('sha256').update(credential).digest('base64')}`;
}
