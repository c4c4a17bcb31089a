/** Options of compression, of servers and of clients. */
import { checkOptions, integerIn, type Rule } from '@fwk/kernel';
import { type Coding, coder, codings } from './codings.js';

/** See the head of this file. */
export interface CompressionOptions {
  /** The codings that are used where this Node has them, most wanted first. @defaultValue ['zstd', 'br', 'gzip'] */
  readonly codings: readonly Coding[];
  /** Shorter answers are sent as they are, 0 to 1 073 741 824 bytes. Servers only. @defaultValue 1024 */
  readonly thresholdBytes: number;
  /**
   * How many times its size a received body may expand to, 2 to 100 000, once it has expanded to a mebibyte. Its size is
   * bounded by `bodyLimitBytes` and `maxAnswerBytes` as that of any other. @defaultValue 100
   */
  readonly maxRatio: number;
}

/** Defaults of {@link CompressionOptions}. */
export const compressionDefaults = Object.freeze({
  codings,
  thresholdBytes: 1024,
  maxRatio: 100,
}) satisfies CompressionOptions;

const codingList: Rule = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((each) => codings.includes(each)) &&
  new Set(value).size === value.length
    ? undefined
    : `a list of some of ${codings.join(', ')}, each once`;

const rules: { readonly [Field in keyof CompressionOptions]: Rule } = {
  codings: codingList,
  thresholdBytes: integerIn(0, 1_073_741_824),
  maxRatio: integerIn(2, 100_000),
};

/** The codings that are used by this Node. */
export function usableCodings({ codings: wanted }: CompressionOptions): readonly Coding[] {
  const { known } = coder();
  return wanted.filter((coding) => known.includes(coding));
}

/** Checks them. @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkCompression(owner: string, options: Partial<CompressionOptions>): CompressionOptions {
  return checkOptions<CompressionOptions>(`compression of ${owner}`, options, compressionDefaults, rules);
}
