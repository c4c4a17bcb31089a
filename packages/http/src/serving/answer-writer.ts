/** Makes answers of what handlers return, for operations whose answers are more than a value as JSON. */
import { FwkError } from '@fwk/kernel';
import { contentTypeOf } from '../contract/content.js';
import type { AnswerPlans, ResponsePlan } from '../contract/response-spec.js';
import { jsonText } from '../wire/json-text.js';
import type { WireIssue } from '../wire/problem.js';
import { formatIssues, type Validated, validatePart } from '../wire/validate.js';
import { validateSent } from '../wire/validate-sent.js';
import { type WireHeaders, wireHeaders } from '../wire/wire-headers.js';
import type { ServedAnswer } from './answer.js';

/** A handler answered what its contract does not allow; callers get 500. */
export function answeredAgainst(operation: string, issues: readonly WireIssue[]): FwkError {
  return new FwkError(
    'FWK_HTTP_RESPONSE_INVALID',
    `${operation} answered against its contract: ${formatIssues(issues)}`,
    {
      details: { operation, issues },
    },
  );
}

/** What a handler returns, as far as it is known. */
interface Given {
  readonly status?: unknown;
  readonly body?: unknown;
  readonly headers?: unknown;
}

/** See the head of this file. */
export class AnswerWriter {
  readonly #operation: string;
  readonly #answers: AnswerPlans;

  constructor(operation: string, answers: AnswerPlans) {
    this.#operation = operation;
    this.#answers = answers;
  }

  /**
   * Makes the answer; later only where a schema answers later.
   * @throws FwkError `FWK_HTTP_RESPONSE_INVALID`; what a schema throws is passed on
   */
  write(result: unknown): ServedAnswer | Promise<ServedAnswer> {
    const { bare, byStatus } = this.#answers;
    const given: Given = bare ? { status: 200, body: result } : objectOf(result);
    const plan = typeof given.status === 'number' ? byStatus.get(given.status) : undefined;
    if (!plan) {
      const known = [...byStatus.keys()].join(', ');
      throw this.#refused(
        'status',
        `its contract has answers of the statuses ${known}, not ${String(given.status).slice(0, 40)}`,
      );
    }
    const headers = this.#headers(plan, given.headers);
    const checks = [
      plan.body && validateSent(plan.body, 'response', given.body),
      plan.headers && validatePart(plan.headers, 'headers', { ...headers }),
    ] as const;
    const [body, head] = checks;
    if (body instanceof Promise || head instanceof Promise) {
      return Promise.all(checks).then(([later, headLater]) => this.#made(plan, later, headLater, headers));
    }
    return this.#made(plan, body, head, headers);
  }

  /** As they go over the wire: those that the contract names. */
  #headers({ headers, headerNames }: ResponsePlan, given: unknown): WireHeaders | undefined {
    if (!headers) return undefined;
    const all = objectOf(given ?? {});
    const named = headerNames.flatMap((name) => (Object.hasOwn(all, name) ? [[name, Reflect.get(all, name)]] : []));
    return wireHeaders(Object.fromEntries(named), (name, why = 'cannot be written') => {
      throw this.#refused(name, why, 'headers');
    });
  }

  #made(
    { status, content, ...plan }: ResponsePlan,
    body: Validated | undefined,
    head: Validated | undefined,
    headers: WireHeaders | undefined,
  ): ServedAnswer {
    if (body?.issues || head?.issues) {
      throw answeredAgainst(this.#operation, [...(body?.issues ?? []), ...(head?.issues ?? [])]);
    }
    if (!plan.body || !body) return { status, contentType: undefined, body: undefined, headers };
    const written = content.kind === 'json' ? (jsonText(body.value) ?? 'null') : (body.value as string | Uint8Array);
    return { status, contentType: contentTypeOf(content), body: written, headers };
  }

  #refused(path: string, message: string, part: WireIssue['in'] = 'response'): FwkError {
    return answeredAgainst(this.#operation, [{ in: part, path, message }]);
  }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
