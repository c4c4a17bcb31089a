/** What is seen in the headers that a service sends on, judged. */

/** The headers of one request that the service sent; repeated ones are listed. */
export interface SentHeaders {
  readonly traceparent: readonly string[];
  readonly tracestate: readonly string[];
}

/** Says what is wrong with what was sent; undefined where nothing is. */
export type Judge = (sent: readonly SentHeaders[]) => string | undefined;

interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const form = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

function parentOf({ traceparent }: SentHeaders): Parent | string {
  if (traceparent.length !== 1) return `${traceparent.length} traceparent headers, not 1`;
  const [, traceId, spanId, flags] = form.exec(traceparent[0] ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined)
    return `the traceparent "${traceparent[0]}"`;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/** Judges each valid traceparent. */
function eachParent(judge: (parent: Parent, headers: SentHeaders) => string | undefined): Judge {
  return (sent) => {
    for (const headers of sent) {
      const parent = parentOf(headers);
      const problem = typeof parent === 'string' ? parent : judge(parent, headers);
      if (problem !== undefined) return problem;
    }
    return sent.length === 0 ? 'nothing was sent on' : undefined;
  };
}

/** Another trace than any of these. */
export function newTrace(...not: readonly string[]): Judge {
  return eachParent(({ traceId }) =>
    not.includes(traceId) ? `the trace ${traceId}, which was to be left` : undefined,
  );
}

/** The same trace, in a span of its own. */
export function keepsTrace(wanted: string, notSpan: string): Judge {
  return eachParent(({ traceId, spanId }) => {
    if (traceId !== wanted) return `the trace ${traceId}, not ${wanted}`;
    return spanId === notSpan ? 'the span of the caller' : undefined;
  });
}

/** The same, and some flags have a value. */
export function keeps(judge: Judge, flagMask: number, wanted: number): Judge {
  const flagsRight = eachParent(({ flags }) =>
    (flags & flagMask) === wanted ? undefined : `the flags ${flags.toString(16)}`,
  );
  return (sent) => judge(sent) ?? flagsRight(sent);
}

function membersOf({ tracestate }: SentHeaders): string[] {
  return tracestate
    .join(',')
    .split(',')
    .filter((member) => member !== '');
}

/** All of these members in the tracestate, in this order, and no others. */
export function carried(...wanted: readonly string[]): Judge {
  return eachParent((_, headers) => {
    const members = membersOf(headers);
    return members.join() === wanted.map((member) => member.trim()).join()
      ? undefined
      : `the tracestate "${members.join()}"`;
  });
}

/** No member of this key. */
export function noMember(key: string): Judge {
  return eachParent((_, headers) => {
    const member = membersOf(headers).find((each) => each.startsWith(`${key}=`));
    return member === undefined ? undefined : `the member "${member}"`;
  });
}

/** One trace for all, and each a span of its own. */
export function sameTraceForAll(wanted: string): Judge {
  const kept = keepsTrace(wanted, '');
  return (sent) => kept(sent) ?? spansDiffer('')(sent);
}

/** Each a span of its own, none in this trace. */
export function spansDiffer(notTrace: string): Judge {
  const other = newTrace(notTrace);
  return (sent) => {
    const problem = other(sent);
    const spans = new Set(sent.map(parentOf).map((parent) => (typeof parent === 'string' ? parent : parent.spanId)));
    return problem ?? (spans.size === sent.length ? undefined : 'one span for several calls');
  };
}
