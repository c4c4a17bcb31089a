/** Lists of a query that are one text on the wire: `?ids=1,2`. */
import type { Separators } from '../contract/list-separators.js';
import type { QueryValues, Refuse } from './wire-values.js';

/**
 * Writes these lists.
 * @param refuse - told of a member in which the separator stands: the list would arrive as another one.
 */
export function separatedQuery(query: QueryValues, separators: Separators, refuse: Refuse): QueryValues {
  const written: Record<string, string | readonly string[]> = { ...query };
  for (const [name, separator] of Object.entries(separators)) {
    const value = Object.hasOwn(query, name) ? query[name] : undefined;
    if (value === undefined) continue;
    const members = typeof value === 'string' ? [value] : value;
    if (members.some((member) => member.includes(separator))) {
      return refuse(name, `has a member with ${JSON.stringify(separator)} in it, which stands between the members`);
    }
    written[name] = members.join(separator);
  }
  return written;
}
