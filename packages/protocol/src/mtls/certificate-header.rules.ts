import { invalidRequest } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { HEADERS_OF, type CertificateHeaderFormat } from './certificate-header-formats.ts'

/** The formats of which something came with a request, and the one the proxy is configured to use. */
export interface PresentedFormats {
  readonly format: CertificateHeaderFormat
  readonly present: readonly CertificateHeaderFormat[]
}

const namesOf = (format: CertificateHeaderFormat): string => HEADERS_OF[format].names.join(' or ')

/** Read beside RFC 8705 §6.5. */
export const certificateFormatRules: Rules<PresentedFormats, PresentedFormats> = [
  {
    id: 'MTLS-09',
    reason: 'certificate_formats_mixed',
    says: 'takes the certificate a proxy tells in the one format it is configured to use',
    holds: ({ format, present }) => !present.includes(format) || present.length === 1,
    otherwise: invalidRequest('client certificates came in headers of two formats at once'),
    expected: ({ format }) => `${namesOf(format)}, and no header of another format`,
    received: ({ present }) => present.map(namesOf).join(', and '),
    remedy:
      'Have the proxy remove every header that may tell a certificate from what clients send, and set the one it is configured to use.',
  },
]

/** What the header fields of one format tell. */
export interface CertificateHeader {
  readonly format: CertificateHeaderFormat
  /** The length of each field that came, in characters. */
  readonly lengths: readonly number[]
  /** DER, the certificate of the client first; undefined is what cannot be read. */
  readonly chain: readonly Uint8Array[] | undefined
}

export interface ReadableHeader extends CertificateHeader {
  readonly chain: readonly Uint8Array[]
}

/** Read beside RFC 9440 §2. */
export const certificateHeaderRules: Rules<CertificateHeader, ReadableHeader> = [
  {
    id: 'MTLS-09',
    reason: 'certificate_header_unreadable',
    says: 'takes the certificate a proxy tells from one well-formed header only',
    holds: ({ chain }) => chain !== undefined,
    otherwise: invalidRequest('the header with the client certificate is malformed'),
    expected: ({ format }) => `${namesOf(format)}, each once at most, in format ${format}`,
    received: ({ lengths }) =>
      `${lengths.length} header fields, of ${lengths.slice(0, 8).join(', ')} characters`,
    remedy:
      'Configure the format that the proxy writes, and have it remove the headers of that name from what clients send.',
  },
]
