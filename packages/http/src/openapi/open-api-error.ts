import { FwkError } from '@fwk/kernel';

/** A document gives no contract at all. Code `FWK_HTTP_OPENAPI_INVALID`; `problems` has one line a fault, with its place. */
export class OpenApiError extends FwkError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[], cause?: unknown) {
    super('FWK_HTTP_OPENAPI_INVALID', `the OpenAPI document cannot be used: ${problems.join('; ')}`, {
      cause,
      details: { problems },
    });
    this.problems = problems;
  }
}

/** A part of a document that has no contract: it is left out with its place, and the rest stays usable. */
export class Refused extends Error {
  readonly place: string;

  /** @param why - in words that follow the place. */
  constructor(place: string, why: string) {
    super(why);
    this.place = place;
  }
}
