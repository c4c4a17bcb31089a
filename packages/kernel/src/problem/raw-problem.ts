/** Problems of requests that Node could not parse: there is no response object, so the answer is written byte by byte. */
import { type ProblemDocument, problemType } from './problem-document.js';

/** The status for what Node's parser found wrong. @param code - of Node's error */
export function statusOfParseFailure(code: string | undefined): 400 | 408 | 431 {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

/** A whole HTTP/1.1 answer that tells of a problem and ends the connection. @param headers - further ones */
export function rawProblem(problem: ProblemDocument, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify(problem);
  const all = {
    ...headers,
    'content-type': problemType,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`;
}
