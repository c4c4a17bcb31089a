/** The longest delay that a Node timer can hold, in milliseconds (24.8 days); anything longer counts as no limit. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;
