/** What an API says about a token or proof it refused. @see RFC 9449 §7.1, RFC 9470 §3 */
export interface Challenge {
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

const LONGEST = 8_192

/** The challenges of a `WWW-Authenticate` header; schemes and names in lower case. @see RFC 9110 §11.6.1 */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  const parts = (header ?? '')
    .slice(0, LONGEST)
    .matchAll(
      /([!#$%&'*+.^_`|~\w-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~\w-]+)))?/g,
    )
  for (const [, name = '', quoted, plain] of parts) {
    const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() })
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), value)
  }
  return challenges
}

/** The error of the first challenge that names one. */
export function challengeError(challenges: readonly Challenge[]): string | undefined {
  return challenges
    .map(({ parameters }) => parameters.get('error'))
    .find((error) => error !== undefined)
}

/** A login that would satisfy an API which wants a stronger or newer one. */
export interface StepUp {
  readonly acrValues: readonly string[]
  readonly maxAge: string | undefined
}

export function stepUpOf(challenges: readonly Challenge[]): StepUp | undefined {
  const challenge = challenges.find(
    ({ parameters }) => parameters.get('error') === 'insufficient_user_authentication',
  )
  if (challenge === undefined) return undefined
  const { parameters } = challenge
  const maxAge = parameters.get('max_age')
  return {
    acrValues: (parameters.get('acr_values') ?? '').split(' ').filter(Boolean),
    maxAge: maxAge !== undefined && /^\d{1,8}$/.test(maxAge) ? maxAge : undefined,
  }
}
