/** A certificate that must not be used, and why. The text never holds what the certificate says. */
export class UnusableCertificate extends Error {
  override readonly name = 'UnusableCertificate'
}
