/**
 * How a stream stands on the wire. Each record is one text:
 *
 * | record | line of JSON | server-sent event |
 * |---|---|---|
 * | an item | its JSON | `data`, with `id` where it has one |
 * | it failed | `{"@problem": …}`, a problem document | event `problem` |
 * | it ended well | `{"@end":{}}`, for those who ask for marks | event `end` |
 * | it is alive | an empty line | a comment |
 *
 * A broken connection may look like an end, and not every proxy tells the two apart; the mark does. Typed clients ask for it
 * with `fwk-stream: marked`, and servers that write marks say so with the same header. Whoever reads plain lines gets none.
 */
import type { ItemFormat } from '../contract/item-stream.js';

/** See the head of this file. */
export interface ItemWriter {
  /** @returns undefined for an item that would be read as something else */
  item(json: string, id: string | undefined): string | undefined;
  /** @param document - a problem document, as JSON. */
  problem(document: string): string;
  /** Empty where no mark is wanted. */
  readonly end: string;
  readonly heartbeat: string;
}

/** The third character of a mark. */
export const AT = '@'.charCodeAt(0);

/** How the marks among lines begin. */
export const lineMarks = Object.freeze({ problem: '{"@problem":', end: '{"@end":' });

/** Names of the events that are no items. */
export const eventMarks = Object.freeze({ problem: 'problem', end: 'end' });

/** The value of `fwk-stream`. */
export const marked = 'marked';

const plainLines: ItemWriter = Object.freeze({
  // Looking at one character costs less than comparing the beginning.
  item: (json: string) => (json.charCodeAt(2) === AT && isMark(json) ? undefined : `${json}\n`),
  problem: (document: string) => `${lineMarks.problem}${document}}\n`,
  end: '',
  heartbeat: '\n',
});

const markedLines: ItemWriter = Object.freeze({ ...plainLines, end: `${lineMarks.end}{}}\n` });

const events: ItemWriter = Object.freeze({
  item: (json: string, id: string | undefined) =>
    id === undefined ? `data: ${json}\n\n` : `id: ${id}\ndata: ${json}\n\n`,
  problem: (document: string) => `event: ${eventMarks.problem}\ndata: ${document}\n\n`,
  end: `event: ${eventMarks.end}\ndata: {}\n\n`,
  heartbeat: ':\n\n',
});

/** @param marks - whether the reader asks for the mark of a good end; events always have it: browsers would call again. */
export function itemWriter(format: ItemFormat, marks: boolean): ItemWriter {
  if (format === 'events') return events;
  return marks ? markedLines : plainLines;
}

function isMark(json: string): boolean {
  return json.startsWith(lineMarks.problem) || json.startsWith(lineMarks.end);
}
