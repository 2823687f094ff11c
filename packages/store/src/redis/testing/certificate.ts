import { execFileSync } from 'node:child_process'

/** Of Debian's package of the same name. */
const OPENSSL = 'openssl'

/** Where the certificate and the key of a server are. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** Writes one that is its own authority; its name is like `DNS:localhost`. */
export function makeCertificate({
  certificateFile,
  keyFile,
  name,
}: CertificateFiles & { readonly name: string }): void {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const names = ['-subj', '/CN=redis', '-addext', `subjectAltName=${name}`, '-days', '2']
  execFileSync(
    OPENSSL,
    [...words, '-nodes', '-keyout', keyFile, '-out', certificateFile, ...names],
    { stdio: 'ignore' },
  )
}
