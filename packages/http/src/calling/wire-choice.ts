/** Which wire the calls of a client take: `http`, `mux`, or `auto` for Mux where an endpoint says that it serves it, else HTTP. */
export type WireChoice = 'auto' | 'http' | 'mux';
