import {
  exportPrivateJwk,
  importPrivateJwk,
  type JsonObject,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'

export interface AccessToken {
  readonly value: string
  /** The name of the key it works with. */
  readonly boundTo: string
  /** From when on it is renewed before it is used. A server need not say. */
  readonly renewAt?: Seconds
}

/** What a session holds and nobody may see: sealed wherever it lies. */
export interface Secrets {
  /** The tokens of the session work only with this key; it waits where they are bound to the certificate of the client. */
  readonly proofKey: SigningKey
  readonly idToken: string
  readonly claims: JsonObject
  readonly scope: string
  readonly refreshToken?: string
  /** By what they are for: see `tokenName`. */
  readonly tokens: Readonly<Record<string, AccessToken>>
}

/** What a call needs a token for. */
export interface Want {
  readonly scopes: readonly string[] | undefined
  readonly resource: string | undefined
}

/** The token that came with the login. */
export const LOGIN_TOKEN = 'login'

/** Where the token for this want is kept. */
export function tokenName({ scopes, resource }: Want): string {
  if (scopes === undefined && resource === undefined) return LOGIN_TOKEN
  return JSON.stringify([scopes?.toSorted() ?? null, resource ?? null])
}

export function writeSecrets({ proofKey, ...secrets }: Secrets): string {
  return JSON.stringify({ ...secrets, proofKey: exportPrivateJwk(proofKey) })
}

/** Reads what `writeSecrets` wrote; nobody else can have written it, because it was sealed. */
export function readSecrets(text: string): Secrets {
  const { proofKey, ...secrets }: Secrets & { readonly proofKey: unknown } = JSON.parse(text)
  return { ...secrets, proofKey: importPrivateJwk(proofKey) }
}

/** A small part of the lifetime is given away, so that a token does not expire on its way. */
const LEEWAY = 0.1
const MOST_LEEWAY: Seconds = 10

/** @param expiresIn the lifetime as the server told it, if it did */
export function accessToken(
  token: Pick<AccessToken, 'value' | 'boundTo'>,
  expiresIn: number | undefined,
  now: Seconds,
): AccessToken {
  if (expiresIn === undefined) return token
  return { ...token, renewAt: now + expiresIn - Math.min(expiresIn * LEEWAY, MOST_LEEWAY) }
}

/** What a token is measured by before it is used. */
export interface Use {
  readonly now: Seconds
  readonly boundTo: string
  /** A token that an API has refused: it is taken for expired. */
  readonly refused: string | undefined
}

export function isUsable(
  token: AccessToken | undefined,
  { now, boundTo, refused }: Use,
): token is AccessToken {
  if (token === undefined || token.boundTo !== boundTo || token.value === refused) return false
  return token.renewAt === undefined || token.renewAt > now
}
