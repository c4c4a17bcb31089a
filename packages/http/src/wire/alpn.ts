/** The names by which both ends of a TLS connection agree on a protocol (ALPN). */
export const muxProtocol = 'mux';
export const httpProtocol = 'http/1.1';
