import { RequestError } from './request-error.js';

/** What fastify refused before our code saw it, in our words. Undefined for what is not about the request. */
export function requestErrorOf(error: unknown, bodyLimitBytes: number): RequestError | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new RequestError('FWK_HTTP_BODY_TOO_LARGE', `the body is larger than ${bodyLimitBytes} bytes`, {
        members: { limitBytes: bodyLimitBytes },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE':
      return new RequestError('FWK_HTTP_MEDIA_TYPE', 'the body must have the content type application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the body is not as long as its Content-Length says');
    case 'FST_ERR_BAD_URL':
      return new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the path is not a valid URL path');
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? new RequestError('FWK_HTTP_REQUEST_MALFORMED', 'the request could not be read')
        : undefined;
  }
}
