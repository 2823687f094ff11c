/** One challenge of a `WWW-Authenticate` header: what a request must bring to be served. */
export interface AuthenticationChallenge {
  readonly scheme: 'DPoP' | 'Bearer'
  /** In the order in which they are written; those without a value are left out. */
  readonly parameters: readonly (readonly [name: string, value: string | number | undefined])[]
}

/** The value of a `WWW-Authenticate` header. @see RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1 */
export function serialiseChallenges(challenges: readonly AuthenticationChallenge[]): string {
  return challenges.map(serialise).join(', ')
}

function serialise({ scheme, parameters }: AuthenticationChallenge): string {
  const written = parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${String(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`)
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`
}
