import { fieldsOf } from '../fields.ts'
import { enforce } from '../rules/rule.ts'
import { readCertificate } from './certificate.ts'
import {
  CERTIFICATE_HEADER_FORMATS,
  HEADERS_OF,
  type CertificateHeaderFormat,
} from './certificate-header-formats.ts'
import { certificateFormatRules, certificateHeaderRules } from './certificate-header.rules.ts'

/**
 * The header fields, in lower case, in which proxies tell certificates. From anybody but a proxy of ours they count for nothing,
 * and must not be passed on.
 */
export const certificateHeaderNames: readonly string[] = CERTIFICATE_HEADER_FORMATS.flatMap(
  (format) => HEADERS_OF[format].names,
)

/** In characters: more than a chain of the largest certificates has. */
const LONGEST = 131_072

/**
 * The certificates that a proxy which ends TLS says its client has shown (DER, the client's own first), or none. Whoever calls
 * this must know that the request comes from such a proxy.
 *
 * @param rawHeaders names and values in turn, as they came.
 * @throws Refused with `invalid_request`.
 * @see RFC 9440 §2, RFC 8705 §6.5
 */
export function readCertificateHeader(
  rawHeaders: readonly string[],
  format: CertificateHeaderFormat,
): readonly Uint8Array[] {
  const present = CERTIFICATE_HEADER_FORMATS.filter((each) => isPresent(rawHeaders, each))
  enforce(certificateFormatRules, { format, present })
  const fields = HEADERS_OF[format].names.map((name) => fieldsOf(rawHeaders, name))
  const lengths = fields.flat().map((field) => field.length)
  return enforce(certificateHeaderRules, { format, lengths, chain: chainOf(format, fields) }).chain
}

function isPresent(rawHeaders: readonly string[], format: CertificateHeaderFormat): boolean {
  return HEADERS_OF[format].names.some((name) =>
    fieldsOf(rawHeaders, name).some((field) => !isEmpty(field)),
  )
}

/** What proxies write where their client has shown no certificate; `(null)` is the word of Apache httpd. */
function isEmpty(field: string): boolean {
  return field === '' || field === '(null)'
}

function chainOf(
  format: CertificateHeaderFormat,
  fields: readonly (readonly string[])[],
): readonly Uint8Array[] | undefined {
  if (fields.some((each) => each.length > 1)) return undefined
  const values = fields.map(([field = '']) => (isEmpty(field) ? '' : field))
  if (values.every((value) => value === '')) return []
  if (values.some((value) => value.length > LONGEST)) return undefined
  try {
    const chain = HEADERS_OF[format].read(values)
    // A token must not be bound to what is no certificate, and so may be told of many.
    chain.slice(0, 1).forEach(readCertificate)
    return chain
  } catch {
    return undefined
  }
}
