/** The key a token is bound to: the `cnf` claim. @see RFC 7800 §3.1, RFC 9449 §6.1, RFC 8705 §3.1 */
export type Confirmation = { readonly jkt: string } | { readonly 'x5t#S256': string }

/** What is known of who sends a request. Absent is what the request did not prove. */
export interface Sender {
  /** Thumbprint of the key of a verified DPoP proof. */
  readonly jkt?: string | undefined
  /** SHA-256 thumbprint of the certificate of the TLS connection, base64url. */
  readonly certificateThumbprint?: string | undefined
}

/** Whether the sender holds every key the token is bound to. A confirmation without a key binds nobody. */
export function boundTo(confirmation: Confirmation, sender: Sender): boolean {
  const jkt = 'jkt' in confirmation ? confirmation.jkt : undefined
  const certificate = 'x5t#S256' in confirmation ? confirmation['x5t#S256'] : undefined
  if (jkt === undefined && certificate === undefined) return false
  return (
    (jkt === undefined || jkt === sender.jkt) &&
    (certificate === undefined || certificate === sender.certificateThumbprint)
  )
}
