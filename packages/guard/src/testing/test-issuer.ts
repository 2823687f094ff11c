import { Buffer } from 'node:buffer'
import {
  certificateThumbprint,
  createAccessToken,
  createProof,
  createRequestSignature,
  generateSigningKey,
  withFields,
  type AccessTokenClaims,
  type Algorithm,
  type JsonObject,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'
import type { ClientKeySource, IssuerOptions } from '../options.ts'
import { pathAndQueryOf, type GuardRequest } from '../request.ts'

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
  /** The key of the client, for proofs and signed requests. */
  readonly clientKey: SigningKey
  /** For the `clientKeys` option of a guard. */
  readonly clientKeys: Readonly<Record<string, ClientKeySource>>
  /** A token bound to the client's DPoP key, with changes; a claim that is changed to undefined is left out. */
  token(change?: Readonly<Record<string, unknown>>): string
  /** A request with a token and a proof for it. */
  request(change?: RequestChange): GuardRequest
  /** The same request as a client signs it, with a body if there is one. */
  sign(request: GuardRequest, change?: SignatureChange): GuardRequest
}

export interface RequestChange {
  readonly method?: string
  /** Path and query. */
  readonly target?: string
  readonly token?: string
  readonly scheme?: string
  /** What the proof is for, if not for this request. */
  readonly proof?: Partial<Parameters<typeof createProof>[0]> | 'none'
  /** DER. The token is bound to this certificate and comes with it, instead of a proof. */
  readonly certificate?: Uint8Array
  /** Further header fields, names and values in turn. */
  readonly headers?: readonly string[]
  readonly formParameters?: readonly string[]
}

export interface SignatureChange {
  readonly body?: string
  /** Whoever signs, if not the client. */
  readonly key?: SigningKey
  readonly now?: Seconds
  /** Where the client believes the request goes, if not to the origin of the resource. */
  readonly baseUrl?: string
}

const CLIENT_ID = 'app'
const CERTIFIED = { scheme: 'Bearer', proof: 'none' } as const
const boundTo = (certificate: Uint8Array): Partial<AccessTokenClaims> => ({
  cnf: { 'x5t#S256': certificateThumbprint(certificate) },
})

export function createTestIssuer(options: TestIssuerOptions): TestIssuer {
  const { issuer, resource, now, algorithm = 'ES256' } = options
  const key = generateSigningKey(algorithm)
  const clientKey = generateSigningKey('ES256')
  const { origin } = new URL(resource)
  let count = 0
  const next = (): string => `test-${(count += 1)}`

  const token: TestIssuer['token'] = (change = {}) => {
    const time = Math.floor(now())
    const claims: AccessTokenClaims = {
      iss: issuer,
      sub: 'alice',
      aud: resource,
      client_id: CLIENT_ID,
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
    clientKeys: { [CLIENT_ID]: { jwks: { keys: [clientKey.publicJwk] } } },
    token,
    request(change = {}) {
      const { method = 'GET', target = '/accounts', certificate, formParameters } = change
      const { scheme = 'DPoP', proof = {} } = { ...(certificate && CERTIFIED), ...change }
      const accessToken = change.token ?? token(certificate && boundTo(certificate))
      const url = origin + target
      const headers = ['Authorization', `${scheme} ${accessToken}`, ...(change.headers ?? [])]
      if (proof !== 'none') {
        const made = { key: clientKey, method, url, now: now(), jti: next(), accessToken, ...proof }
        headers.push('DPoP', createProof(made))
      }
      return {
        method,
        target,
        headers,
        ...(formParameters && { formParameters }),
        ...(certificate && { peerCertificate: () => certificate }),
      }
    },
    sign(request, change = {}) {
      const { method, target, headers } = request
      const body = Buffer.from(change.body ?? '')
      const targetUri = (change.baseUrl ?? origin) + pathAndQueryOf(target)
      const fields = createRequestSignature({
        request: { method, targetUri, headers },
        body,
        key: change.key ?? clientKey,
        now: change.now ?? now(),
      })
      const readBody = (): Promise<Uint8Array> => Promise.resolve(body)
      return { ...request, headers: withFields(headers, fields), readBody }
    },
  }
}
