/** What a component shows to operators, and what it lets them change. */

/** One resource under `/manage/`. */
export interface ManagementEndpoint {
  /** Below `/manage/`, such as `policies`; one path parameter is allowed at its end (`policies/:name`). */
  readonly path: string;
  /** Whatever is not GET takes the token of the management listener and leaves an audit line. @defaultValue GET */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** What it shows or changes, in one sentence for people; stands in the list at `/manage`. @defaultValue none */
  readonly purpose?: string;
  /** A request that shows its use; stands in the list at `/manage` as a line for curl. @defaultValue its path and no more */
  readonly example?: ManagementExample;
  /**
   * Whether it takes the token and leaves an audit line although it is read by GET, since it costs much or shows what is
   * nobody else's business. @defaultValue false
   */
  readonly guarded?: boolean;
  /**
   * What the audit line tells of the body, where the names in it do not show which parts are secret. Should it throw, nothing of the
   * body is told. @defaultValue the body; its secrets are masked by their names either way
   */
  auditedBody?(request: Pick<ManagementRequest, 'parameter' | 'body'>): unknown;
  /** Whether it answers a {@link managementFeed}, which the list then says. @defaultValue false */
  readonly streams?: boolean;
  /** Time until it must have answered, or begun a stream, in milliseconds. @defaultValue 10000 */
  readonly limitMs?: number;
  /**
   * Answers plain data that becomes JSON, or a {@link managementFeed}; a thrown error becomes a problem document, with its
   * own `status` if it has one. Its context is cancelled when its time is over or the client has left.
   */
  handle(request: ManagementRequest): unknown | Promise<unknown>;
}

/** What stands in the example of an endpoint beside its path. */
export interface ManagementExample {
  /** In place of the path parameter. */
  readonly parameter?: string;
  /** After the question mark. */
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What a management endpoint is asked. */
export interface ManagementRequest {
  readonly parameter: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The request's `Accept` header. */
  readonly accept?: string | undefined;
  /** The request's `Last-Event-ID` header, with which a reader of a feed goes on where it was. */
  readonly lastEventId?: string | undefined;
}
