import { eventMatcher, type ManagementEndpoint, managementFeed, serverSentEvent } from '@fwk/kernel';
import { readQualityList } from '../negotiation/quality-list.js';
import { type EventHistory, type KeptEvent, maxKeptEvents } from './event-history.js';
import { ManagementRefusedError } from './problem.js';

/** Events that are listed where nobody says how many. */
const usualRecent = 100;
const maxPatterns = 20;
/** How long a browser waits before it connects again, in milliseconds. */
const retryMs = 2000;

/**
 * `GET /manage/events`: what happens, as server-sent events, for as long as the reader stays.
 *
 * - `?name=breaker.*,endpoint.ejected` narrows it to some names and families.
 * - `?recent=50` begins with the last 50 that are kept.
 * - A reader who comes back with `Last-Event-ID` (browsers send it by themselves), or with `?after=ID`, gets what it has missed;
 *   an event `gap` says that some of it is not kept any more.
 * - With `Accept: application/json` it lists the last ones and ends.
 */
export function eventsEndpoint(history: EventHistory): ManagementEndpoint {
  return {
    path: 'events',
    purpose: 'Streams what happens, or lists what has happened lately; `name` narrows it, `recent` shows earlier ones.',
    streams: true,
    example: { query: 'name=breaker.*,endpoint.*&recent=20' },
    handle({ query, accept, lastEventId }) {
      const matches = matcherOf(query.name ?? '*');
      const recent = recentOf(query.recent);
      const last = (count: number) => {
        const matching = history.kept.filter(({ name }) => matches(name));
        return matching.slice(Math.max(0, matching.length - count));
      };
      if (wantsList(accept)) {
        const events = last(recent ?? usualRecent).map((kept) => ({ id: kept.id, ...JSON.parse(history.json(kept)) }));
        return { lastId: history.lastId, events };
      }
      const after = lastEventId || query.after;
      const written = (kept: KeptEvent) => serverSentEvent({ id: kept.id, name: kept.name, data: history.json(kept) });
      return managementFeed({
        listen(reader) {
          reader.send(`retry: ${retryMs}\n\n`);
          const { gap, events } = after ? history.after(after) : { gap: undefined, events: last(recent ?? 0) };
          if (gap) reader.send(serverSentEvent({ name: 'gap', data: JSON.stringify(gap) }));
          for (const kept of events) if (matches(kept.name)) reader.send(written(kept));
          return history.on((kept) => {
            if (matches(kept.name)) reader.send(written(kept));
          });
        },
        // The id alone is no event, but browsers remember it: so whoever waits for rare events misses none of the others.
        beat: () => `: ping\nid: ${history.lastId}\n\n`,
      });
    },
  };
}

/** True where the client names JSON, and not the stream. */
function wantsList(accept: string | undefined): boolean {
  const weightOf = (type: string) => readQualityList(accept).find(({ value }) => value === type)?.q ?? 0;
  return weightOf('application/json') > weightOf('text/event-stream');
}

function matcherOf(text: string): (name: string) => boolean {
  const patterns = text.split(',', maxPatterns + 1);
  if (patterns.length > maxPatterns || patterns.some((pattern) => !/^(\*|[\w.-]+(\.\*)?)$/.test(pattern))) {
    throw new ManagementRefusedError(
      400,
      `name is a list of up to ${maxPatterns} names and families, such as "breaker.*,endpoint.ejected"`,
    );
  }
  const matchers = patterns.map(eventMatcher);
  return (name) => matchers.some((matches) => matches(name));
}

function recentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const recent = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (recent <= maxKeptEvents) return recent;
  throw new ManagementRefusedError(400, `recent is a number of events, 0 to ${maxKeptEvents}`);
}
