import { importJwks, refusal, Refused, type VerificationKey } from '@signet/protocol'
import type { Clock, ResponseKeys } from '../config/options.ts'
import type { Route } from '../config/settings.ts'
import { fetchJwks, keepKeys, type JwksSource } from './kept-keys.ts'

/** The public keys of APIs that sign what they answer. If none fits, they are asked for again, now and then. */
export interface ApiKeys {
  /** @param keyid of a signature @throws Refused */
  find(route: Route, keyid: string | undefined): Promise<readonly VerificationKey[]>
}

export interface ApiKeysOptions extends JwksSource {
  readonly routes: readonly Route[]
  readonly clock: Clock
}

type Finder = (keyid: string | undefined) => Promise<readonly VerificationKey[]>

export function createApiKeys({ routes, ...options }: ApiKeysOptions): ApiKeys {
  const finders = new Map(
    routes.flatMap((route): readonly [Route, Finder][] =>
      route.responseKeys === undefined ? [] : [[route, finderOf(route.responseKeys, options)]],
    ),
  )
  return { find: async (route, keyid) => (await finders.get(route)?.(keyid)) ?? [] }
}

function finderOf(
  { jwks, jwksUri = '' }: ResponseKeys,
  { clock, ...source }: Omit<ApiKeysOptions, 'routes'>,
): Finder {
  if (jwks !== undefined) {
    const { keys } = importJwks(jwks)
    return async () => keys
  }
  const current = keepKeys(async () => {
    try {
      return importJwks(await fetchJwks(jwksUri, source)).keys
    } catch (error) {
      throw keysUnavailable(error)
    }
  }, clock)
  return (keyid) =>
    current((known) => keyid === undefined || known.some(({ kid }) => kid === keyid))
}

function keysUnavailable(error: unknown): Refused {
  return new Refused(
    refusal('temporarily_unavailable', 'signatures of the API cannot be verified now'),
    {
      id: 'HS-CL-05',
      reason: 'response_keys_unavailable',
      expected: 'a JWK set at responseKeys.jwksUri of the route',
      received: error instanceof Error ? error.message : 'no answer',
      remedy: 'See that the keys of the API can be fetched, or configure them as jwks.',
    },
    error,
  )
}
