/** The claims of a JWT, unverified: for looking, where the signature is not what is tested. */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  return part(jwt, 1)
}

/** The JOSE header of a JWT. */
export function headerOf(jwt: string): Readonly<Record<string, unknown>> {
  return part(jwt, 0)
}

/** The thumbprint of the key a token is bound to (RFC 9449 §6.1). */
export function boundKeyOf(accessToken: string): unknown {
  const { cnf } = claimsOf(accessToken)
  return typeof cnf === 'object' && cnf !== null && 'jkt' in cnf ? cnf.jkt : undefined
}

function part(jwt: string, index: number): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(jwt.split('.')[index] ?? '', 'base64url').toString())
}
