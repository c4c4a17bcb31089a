import type { ErrorTable } from '@fwk/kernel';

/** The codes of this package. */
export const httpErrors = Object.freeze({
  FWK_HTTP_CONTRACT_INVALID: {
    summary: 'A contract was refused when it was built; the message lists everything that is wrong with it.',
    status: 500,
  },
  FWK_HTTP_OPENAPI_INVALID: {
    summary:
      'An OpenAPI document gives no contract: it is of another version, malformed, or too large; `problems` says why.',
    status: 500,
  },
  FWK_HTTP_NOT_SERVED: {
    summary: 'A class was given to a server that is not decorated with `@Serves`, or that lacks a handler.',
    status: 500,
  },
  FWK_HTTP_ROUTE_CONFLICT: {
    summary: 'Two operations served together have the same method and path, or one takes a path of the probes.',
    status: 500,
  },
  FWK_HTTP_CREDENTIALS_FAILED: {
    summary:
      'There is no credential for a call: the token server does not answer, or not with a token. Nothing was sent; `cause` says why, and `retryAfterMs` when it is asked again.',
    status: 500,
  },
  FWK_HTTP_PROXY_REFUSED: {
    summary:
      'A proxy did not make a tunnel to an endpoint; the status is its own. It is the `cause` of `FWK_HTTP_CONNECTION`.',
    status: 500,
  },
  FWK_HTTP_PORT_TAKEN: {
    summary: 'The port to listen on is in use. Stop what uses it, choose another, or 0 for any free one.',
    status: 500,
  },
  FWK_HTTP_LISTEN_FAILED: {
    summary: 'The server could not listen on its address; `cause` says why.',
    status: 500,
  },
  FWK_HTTP_SERVER_USED: {
    summary: 'A server was started a second time, or after it was closed. Make another with `createServer()`.',
    status: 500,
  },
  FWK_HTTP_SOCKET_TAKEN: {
    summary: 'A process listens at the Unix socket (`socketPath`), or may do so. Stop it, or choose another path.',
    status: 500,
  },
  FWK_HTTP_NOT_A_SOCKET: {
    summary: 'What is at `socketPath` is not a socket, so it is not replaced. Choose another path, or move it away.',
    status: 500,
  },
  FWK_HTTP_OPERATION_ERROR: {
    summary:
      'A handler threw an error of its contract (`errors`); its name, status and data say which. Callers get it as such when the operation declares it.',
    status: 500,
  },
  FWK_HTTP_ERROR_UNDECLARED: {
    summary:
      'A handler threw an error of a contract that its operation does not declare; callers get 500. Add it to the `errors` of the operation, or throw another.',
    status: 500,
  },
  FWK_HTTP_PROBLEM: {
    summary: 'A handler answered with a problem of its own; status, title and detail are the handler’s.',
    status: 500,
  },
  FWK_HTTP_INTERNAL: {
    summary: 'The server failed in a way that it does not explain to callers; its log does, under the trace id.',
    status: 500,
  },
  FWK_HTTP_REQUEST_INVALID: {
    summary: 'The request does not fit the contract; `issues` lists every mismatch with its path.',
    status: 400,
  },
  FWK_HTTP_BODY_NOT_JSON: {
    summary: 'The body is not JSON in UTF-8, or has a key such as `__proto__`; the message says where.',
    status: 400,
  },
  FWK_HTTP_MEDIA_TYPE: {
    summary: 'The body has another content type than application/json.',
    status: 415,
  },
  FWK_HTTP_CONTENT_ENCODING: {
    summary:
      'The body has a `Content-Encoding` that the server does not read: any, unless its option `compression` is set. `Accept-Encoding` of the answer says which it reads.',
    status: 415,
  },
  FWK_HTTP_BODY_NOT_EXPANDED: {
    summary: 'The body is not what its `Content-Encoding` says, or was cut off.',
    status: 400,
  },
  FWK_HTTP_BODY_EXPANDS: {
    summary:
      'The compressed body expands to more than `maxRatio` times its size; `compressedBytes` and `expandedBytes` say how far it went.',
    status: 413,
  },
  FWK_HTTP_NOT_ACCEPTABLE: {
    summary: 'The caller refuses, by `Accept` or `Accept-Encoding`, every form in which the server could answer.',
    status: 406,
  },
  FWK_HTTP_CLIENT_CERTIFICATE: {
    summary: 'The server answers only callers that show a certificate of an authority it knows (`clientCertificate`).',
    status: 403,
  },
  FWK_HTTP_CROSS_SITE: {
    summary: 'A web page of another site asked for a change (`Sec-Fetch-Site: cross-site`).',
    status: 403,
  },
  FWK_HTTP_BODY_TOO_LARGE: {
    summary: 'The body is larger than the server’s `bodyLimitBytes`.',
    status: 413,
  },
  FWK_HTTP_REQUEST_MALFORMED: {
    summary:
      'The request is not valid HTTP for this server: its path, its query, its headers or the length of its body.',
    status: 400,
  },
  FWK_HTTP_ROUTE_UNKNOWN: {
    summary: 'The server has no operation with this path.',
    status: 404,
  },
  FWK_HTTP_METHOD_NOT_ALLOWED: {
    summary: 'The path exists, but not with this method; `allow` lists those that it has.',
    status: 405,
  },
  FWK_HTTP_STOPPING: {
    summary:
      'The server is stopping, and refused a call that came over Mux after it had asked for no more calls. Ask another instance.',
    status: 503,
  },
  FWK_HTTP_IDEMPOTENCY_KEY_MISSING: {
    summary: 'The operation needs the header `Idempotency-Key`: a quoted string of 1 to 255 characters.',
    status: 400,
  },
  FWK_HTTP_IDEMPOTENCY_KEY_REUSED: {
    summary: 'The idempotency key was used before for another request. Use a new key for each logical call.',
    status: 422,
  },
  FWK_HTTP_IDEMPOTENCY_IN_PROGRESS: {
    summary: 'The first request with this idempotency key is still being worked on. Ask again after `Retry-After`.',
    status: 409,
  },
  FWK_HTTP_IDEMPOTENCY_STORE_FULL: {
    summary: 'As many requests with idempotency keys are being worked on as the server keeps. Ask again later.',
    status: 503,
  },
  FWK_HTTP_IDEMPOTENCY_STORE_UNAVAILABLE: {
    summary: 'The store of idempotency keys that instances share cannot be asked; nothing was done. Ask again later.',
    status: 503,
  },
  FWK_HTTP_IDEMPOTENCY_ANSWER_TOO_LONG: {
    summary:
      'The first request with this idempotency key was worked on, but its answer was too long to be kept. It is not worked on again.',
    status: 409,
  },
  FWK_HTTP_PROGRAM_FAILED: {
    summary: 'A program behind `protect()` answered a status of 500 or above, which counts as a failure of its route.',
    status: 500,
  },
  FWK_HTTP_ALREADY_PROTECTED: {
    summary: '`protect()` was called a second time for the same program. Call it once, and keep what it returns.',
    status: 500,
  },
  FWK_HTTP_NOT_A_PROGRAM: {
    summary:
      '`protect()` was given something other than an Express 5, Fastify 5 or NestJS application, a server of `node:http`, or a function that makes one.',
    status: 500,
  },
  FWK_HTTP_RESPONSE_INVALID: {
    summary: 'The handler’s answer does not fit the contract; the server’s log lists every mismatch.',
    status: 500,
  },
  FWK_HTTP_LAYER_ANSWER_INVALID: {
    summary:
      'A layer that was added to a server gave an answer that cannot be sent; the server’s log says what is wrong with it.',
    status: 500,
  },
  FWK_HTTP_STREAM_IDLE: {
    summary:
      'No item of a stream came for as long as its contract allows (`idleMs`), or nothing at all was heard of the peer.',
    status: 504,
  },
  FWK_HTTP_STREAM_TOTAL: {
    summary: 'A stream took longer than its contract allows (`totalMs`).',
    status: 504,
  },
  FWK_HTTP_STREAM_DRAINING: {
    summary:
      'The server is stopping, and has ended the stream by a message, or did not begin it. Ask another instance.',
    status: 503,
  },
  FWK_HTTP_STREAM_WIRE: {
    summary: 'The operation is a stream, which goes over HTTP; it was called over a wire that carries none.',
    status: 501,
  },
  FWK_HTTP_CALL_INVALID: {
    summary:
      'The caller’s own request does not fit the contract, or cannot be sent at all; it was not sent. `issues` says why.',
    status: 500,
  },
  FWK_HTTP_HEADERS_FAILED: {
    summary: 'The headers function of a client failed or took too long; nothing was sent. `cause` is what it threw.',
    status: 502,
  },
  FWK_HTTP_HEADERS_INVALID: {
    summary: 'The headers function of a client answered headers that cannot be sent; nothing was sent.',
    status: 500,
  },
  FWK_HTTP_ANSWER_INVALID: {
    summary: 'The callee’s answer does not fit the contract: a schema mismatch, no JSON, or larger than allowed.',
    status: 502,
  },
  FWK_HTTP_REMOTE: {
    summary: 'The callee answered with an error status; the error carries it with the problem document.',
    status: 502,
  },
  FWK_HTTP_CONNECTION: {
    summary: 'No connection to the callee could be made, or it broke before the answer was complete.',
    status: 502,
  },
  FWK_HTTP_CLIENT_UNBOUND: {
    summary: 'A client was asked for that cannot know where to call. Use `discovery()`, or give it `endpoints`.',
    status: 500,
  },
  FWK_HTTP_CLIENT_CLOSED: {
    summary: 'A client was used after it, or the application that owns it, was stopped.',
    status: 503,
  },
}) satisfies ErrorTable;
