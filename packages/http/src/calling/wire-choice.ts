/**
 * Which wire the calls of a client take. `auto`: none where the service runs in the group of its own process, else Mux where an
 * endpoint says that it serves it, else HTTP. `local`: only within the group. `http` and `mux`: only over these.
 */
export type WireChoice = 'auto' | 'local' | 'http' | 'mux';
