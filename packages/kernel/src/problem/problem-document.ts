/** Problem documents (RFC 9457): how every listener of the framework tells a client what is wrong. */

/** A problem document; further members are the problem's own. */
export interface ProblemDocument {
  /** Names the kind of problem; `about:blank` when title and status say all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** This occurrence, for people. */
  readonly detail?: string;
  /** The path that was asked for. */
  readonly instance?: string;
  /** `FWK_...` for problems of the framework. */
  readonly code?: string;
  readonly [member: string]: unknown;
}

/** A problem document that says what this occurrence is about. */
export type DetailedProblem = ProblemDocument & { readonly detail: string };

/** The media type of problem documents. */
export const problemType = 'application/problem+json';

/**
 * Makes a problem document whose title is that of its status.
 * @param status - 400 to 599.
 * @param members - further members; the standard ones take precedence over them, except `type`.
 */
export function problemDocument(
  status: number,
  detail: string,
  members: Readonly<Record<string, unknown>> & { readonly type?: string } = {},
): DetailedProblem {
  return { ...members, type: members.type ?? 'about:blank', title: titleOf(status), status, detail };
}

/** The title of an HTTP status from 400 to 599, as RFC 9110 and its registry have it. */
export function titleOf(status: number): string {
  return titles[status] ?? (status < 500 ? 'Client Error' : 'Server Error');
}

/** Not Node's table, which names some by older standards and comes with all of `node:http`. */
const titles: Readonly<Record<number, string>> = Object.freeze({
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  423: 'Locked',
  424: 'Failed Dependency',
  425: 'Too Early',
  426: 'Upgrade Required',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  507: 'Insufficient Storage',
  511: 'Network Authentication Required',
});
