/** A request as it is sent, for a signature. What follows one call from hop to hop (trace, deadline, attempt) is added later. */
export interface RequestToSign {
  readonly method: string;
  /** Whole, with the endpoint's scheme, host and port, path and query. */
  readonly url: string;
  /** By name in lower case. `host` is that of the URL. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for no body and for a stream. */
  readonly body: string | Uint8Array | undefined;
}

/** Headers that a signature adds, by name. */
export type SignedHeaders = Readonly<Record<string, string | undefined>>;

/** Answers the headers that prove who calls. */
export type RequestSigner = (request: RequestToSign) => SignedHeaders | Promise<SignedHeaders>;
