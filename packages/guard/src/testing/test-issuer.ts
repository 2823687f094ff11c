import {
  createAccessToken,
  createProof,
  generateSigningKey,
  type AccessTokenClaims,
  type Algorithm,
  type JsonObject,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'
import type { IssuerOptions } from '../options.ts'
import type { GuardRequest } from '../request.ts'

/** What a test asks of an issuer. */
export interface TestIssuerOptions {
  readonly issuer: string
  /** The `aud` of its tokens, and the public URL its clients call. */
  readonly resource: string
  readonly algorithm?: Algorithm
  readonly now: () => Seconds
}

/** Issues tokens for tests of an API, and sends them as a client does. */
export interface TestIssuer {
  /** For the `issuer` option of a guard: its keys are in it, so that nothing is fetched. */
  readonly trusted: IssuerOptions & { readonly jwks: JsonObject }
  readonly key: SigningKey
  /** The DPoP key of the client. */
  readonly clientKey: SigningKey
  /** A token bound to the client's DPoP key, with changes; a claim that is changed to undefined is left out. */
  token(change?: Readonly<Record<string, unknown>>): string
  /** A request with a token and a proof for it. */
  request(change?: RequestChange): GuardRequest
}

export interface RequestChange {
  readonly method?: string
  /** Path and query. */
  readonly target?: string
  readonly token?: string
  readonly scheme?: string
  /** What the proof is for, if not for this request. */
  readonly proof?: Partial<Parameters<typeof createProof>[0]> | 'none'
  /** Further header fields, names and values in turn. */
  readonly headers?: readonly string[]
  readonly formParameters?: readonly string[]
}

export function createTestIssuer(options: TestIssuerOptions): TestIssuer {
  const { issuer, resource, now, algorithm = 'ES256' } = options
  const key = generateSigningKey(algorithm)
  const clientKey = generateSigningKey('ES256')
  let count = 0
  const next = (): string => `test-${(count += 1)}`

  const token: TestIssuer['token'] = (change = {}) => {
    const time = Math.floor(now())
    const claims: AccessTokenClaims = {
      iss: issuer,
      sub: 'alice',
      aud: resource,
      client_id: 'app',
      iat: time,
      exp: time + 300,
      jti: next(),
      scope: 'accounts',
      cnf: { jkt: clientKey.kid },
      ...change,
    }
    return createAccessToken(claims, key)
  }
  return {
    trusted: { issuer, jwks: { keys: [key.publicJwk] } },
    key,
    clientKey,
    token,
    request(change = {}) {
      const { method = 'GET', target = '/accounts', scheme = 'DPoP', proof = {} } = change
      const accessToken = change.token ?? token()
      const url = new URL(resource).origin + target
      const headers = ['Authorization', `${scheme} ${accessToken}`, ...(change.headers ?? [])]
      if (proof !== 'none') {
        const made = { key: clientKey, method, url, now: now(), jti: next(), accessToken, ...proof }
        headers.push('DPoP', createProof(made))
      }
      const { formParameters } = change
      return { method, target, headers, ...(formParameters && { formParameters }) }
    },
  }
}
