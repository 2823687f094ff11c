import { generateSigningKey, type SigningKey } from '@signet/protocol'
import type { IntrospectionOptions } from '../introspection.ts'
import type { GuardOptions } from '../options.ts'
import { API, createStage, ISSUER, json, type Stage } from './stage.ts'

export const ENDPOINT: string = `${ISSUER}/introspect`
/** Shown to no one but clients with certificates. */
export const ALIAS = 'https://mtls.as.example/introspect'
export const API_KEY: SigningKey = generateSigningKey('ES256')

/** A guard that asks about tokens. */
export interface Told extends Stage {
  /** What the issuer tells of every token. */
  tell(change?: object): object
}

/** An API with a key, unless that is changed, and an issuer with an alias of its endpoint. */
export function asking(
  introspection: Partial<IntrospectionOptions> = {},
  options: Partial<GuardOptions> = {},
): Told {
  const stage = createStage({
    tokens: 'introspection',
    introspection: { clientId: 'api', key: API_KEY, ...introspection },
    ...options,
  })
  const tell = (change: object = {}): object => {
    const cnf = { jkt: stage.issuer.clientKey.kid }
    const told = { active: true, iss: ISSUER, aud: API, scope: 'accounts', cnf, ...change }
    for (const url of [ENDPOINT, ALIAS]) stage.answers.set(url, () => json(told))
    return told
  }
  stage.answers.set(`${ISSUER}/.well-known/openid-configuration`, () =>
    json({
      issuer: ISSUER,
      introspection_endpoint: ENDPOINT,
      mtls_endpoint_aliases: { introspection_endpoint: ALIAS },
    }),
  )
  tell()
  return { ...stage, tell }
}

/** How often the issuer was asked. */
export function asked({ calls }: Stage): number {
  return calls.filter(({ url }) => url === ENDPOINT || url === ALIAS).length
}
