import type { HealthReport } from '../component/component.js';
import type { Live } from '../live/live.js';
import type { CertificateFacts, TlsMaterial } from './tls-material.js';

/** A certificate is renewed earlier than this before its end, in milliseconds: 14 days. */
const longestNoticeMs = 14 * 86_400_000;
/** The same for short-lived ones, as a share of their life. */
const noticeShare = 1 / 6;

/**
 * What health says of TLS. DEGRADED and not DOWN: an instance that is taken out of service for its certificate takes the
 * others with it, since all have theirs from one place.
 */
export function tlsHealth({ value, stale }: Live<TlsMaterial>, nowMs: number): HealthReport {
  const { certificate } = value;
  const warning = certificate && warningOf(certificate, nowMs);
  return {
    status: stale || warning ? 'DEGRADED' : 'UP',
    details: {
      ...(certificate && {
        subject: certificate.subject,
        names: certificate.names,
        validFrom: new Date(certificate.validFromMs).toISOString(),
        validTo: new Date(certificate.validToMs).toISOString(),
      }),
      ...(warning !== undefined && { warning }),
      ...(stale && { notUsed: stale.reason, notUsedSince: new Date(stale.sinceMs).toISOString() }),
    },
  };
}

function warningOf({ validFromMs, validToMs }: CertificateFacts, nowMs: number): string | undefined {
  if (nowMs > validToMs) return `the certificate has expired ${durationOf(nowMs - validToMs)} ago`;
  if (nowMs < validFromMs)
    return `the certificate is valid only in ${durationOf(validFromMs - nowMs)}: is the clock right?`;
  const noticeMs = Math.min(longestNoticeMs, (validToMs - validFromMs) * noticeShare);
  return validToMs - nowMs < noticeMs ? `the certificate expires in ${durationOf(validToMs - nowMs)}` : undefined;
}

function durationOf(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours >= 2 ? `${Math.floor(hours)} hours` : `${Math.ceil(ms / 60_000)} minutes`;
}
