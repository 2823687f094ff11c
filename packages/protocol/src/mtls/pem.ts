import type { Buffer } from 'node:buffer'
import { decodeBase64 } from '../jose/base64url.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

const BLOCK =
  /-----BEGIN CERTIFICATE-----(?<base64>[A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----(?:\s*(?<end>$)|\s+)/gy

/**
 * Reads certificates in PEM to DER. Their line breaks may have become other white space, as they do in header fields.
 *
 * @throws UnusableCertificate if there is none, or anything else.
 * @see RFC 7468 §5
 */
export function readPem(text: string): readonly Buffer[] {
  const blocks = [...text.trimStart().matchAll(BLOCK)]
  if (blocks.at(-1)?.groups?.['end'] === undefined) throw new UnusableCertificate('not PEM')
  return blocks.map(({ groups }) => readBlock(groups?.['base64']))
}

function readBlock(base64 = ''): Buffer {
  const der = decodeBase64(base64.replace(/\s+/g, ''))
  if (der === undefined) throw new UnusableCertificate('not PEM: what it holds is not base64')
  return der
}
