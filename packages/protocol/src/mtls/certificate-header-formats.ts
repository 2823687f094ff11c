import { Buffer } from 'node:buffer'
import { parseItem, parseList } from 'structured-headers'
import { decodeBase64 } from '../jose/base64url.ts'
import { readPem } from './pem.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

export const CERTIFICATE_HEADER_FORMATS = [
  'rfc9440',
  'nginx-escaped-pem',
  'xfcc',
  'x-ssl-cert',
] as const

/**
 * How a proxy that ends TLS tells the certificate of its client: as RFC 9440 says; nginx, `X-SSL-Client-Cert` with
 * `$ssl_client_escaped_cert`; Envoy, `X-Forwarded-Client-Cert` with Cert or Chain; HAProxy, `X-SSL-Cert` with
 * `%[ssl_c_der,base64]`, or Apache httpd, the same with `%{SSL_CLIENT_CERT}s`.
 */
export type CertificateHeaderFormat = (typeof CERTIFICATE_HEADER_FORMATS)[number]

interface HeaderFormat {
  /** In lower case. */
  readonly names: readonly string[]
  /**
   * Reads the fields of these names in this order, the empty text for one that did not come.
   *
   * @throws Error for whatever is malformed.
   */
  readonly read: (fields: readonly string[]) => readonly Uint8Array[]
}

export const HEADERS_OF: Readonly<Record<CertificateHeaderFormat, HeaderFormat>> = {
  rfc9440: {
    names: ['client-cert', 'client-cert-chain'],
    read: ([certificate = '', chain = '']) =>
      [parseItem(certificate), ...parseList(chain)].map(([value]) => bytesOf(value)),
  },
  'nginx-escaped-pem': {
    names: ['x-ssl-client-cert'],
    read: ([field = '']) => [one(readEscapedPem(field))],
  },
  xfcc: {
    names: ['x-forwarded-client-cert'],
    read: ([field = '']) => readForwarded(field),
  },
  'x-ssl-cert': {
    names: ['x-ssl-cert'],
    read: ([field = '']) => [field.startsWith('-') ? one(readPem(field)) : readBase64(field)],
  },
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof ArrayBuffer)) throw new UnusableCertificate('not a byte sequence')
  return Buffer.from(value)
}

function one([certificate, ...others]: readonly Buffer[]): Buffer {
  if (certificate === undefined || others.length > 0) throw new UnusableCertificate('not one')
  return certificate
}

function readEscapedPem(text: string): readonly Buffer[] {
  return readPem(decodeURIComponent(text))
}

function readBase64(text: string): Buffer {
  const der = decodeBase64(text)
  if (der === undefined) throw new UnusableCertificate('not base64')
  return der
}

type Pair = Readonly<Record<string, string | undefined>>

const PAIR = /(?<key>[A-Za-z]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^",;]*))(?<end>;|$)/gy

/** One element, by the one proxy that is next to us: what others may have put before it is not believed. */
function readForwarded(text: string): readonly Uint8Array[] {
  const pairs = [...text.matchAll(PAIR)].map(({ groups = {} }): Pair => groups)
  if (pairs.at(-1)?.['end'] !== '') throw new UnusableCertificate('not one element')
  const [own] = valuesOf(pairs, 'cert').map((value) => one(readEscapedPem(value)))
  const [chain = own && [own]] = valuesOf(pairs, 'chain').map(readEscapedPem)
  if (chain === undefined || (own && !chain[0]?.equals(own))) {
    throw new UnusableCertificate('neither Cert nor Chain, or two that differ')
  }
  return chain
}

function valuesOf(pairs: readonly Pair[], name: string): readonly string[] {
  const values = pairs
    .filter(({ key = '' }) => key.toLowerCase() === name)
    .map(({ quoted, bare = '' }) => quoted ?? bare)
  if (values.length > 1) throw new UnusableCertificate(`two values of ${name}`)
  return values
}
