import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AnswerCopy } from './answer-copy.js';
import { headersOf } from './head-arguments.js';

/**
 * Lets go of the head of a response that somebody else has answered: what the program still says of its own answer is kept apart, as if
 * nothing had been sent. Error handlers of frameworks end the connection when they find that a head was sent, and setting a header would
 * throw.
 * @param copy - gets the head that the program would have sent.
 */
export function detachHead(node: ServerResponse, copy: AnswerCopy | undefined): void {
  const headers = new Map<string, number | string | readonly string[]>();
  const answered = node.statusCode;
  let status: number | undefined;
  const setStatus = (given: number) => {
    status = given;
  };
  Object.defineProperties(node, {
    headersSent: { configurable: true, get: () => false },
    writableEnded: { configurable: true, get: () => false },
    // Loggers read what was answered, and frameworks what they have set.
    statusCode: { configurable: true, get: () => status ?? answered, set: setStatus },
  });
  node.setHeader = (name, value) => {
    headers.set(name.toLowerCase(), value);
    return node;
  };
  node.appendHeader = (name, value) => {
    const known = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), known === undefined ? value : [known, value].flat().map(String));
    return node;
  };
  node.removeHeader = (name) => void headers.delete(name.toLowerCase());
  node.writeHead = (...given: unknown[]) => {
    if (typeof given[0] === 'number') status = given[0];
    for (const [name, value] of Object.entries(headersOf(given))) {
      if (value !== undefined) headers.set(name.toLowerCase(), value);
    }
    return node;
  };
  node.flushHeaders = () => {};
  copy?.readLate(() => ({ status: status ?? 200, headers: Object.fromEntries(headers) as OutgoingHttpHeaders }));
}
