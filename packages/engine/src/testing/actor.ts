import { createClientAssertion, createProof, type SigningKey } from '@signet/protocol'
import { createRequestObject } from '@signet/protocol/testing'
import { ASSERTION_TYPE } from '../client-authentication.rules.ts'
import type { Client } from '../clients/client.ts'
import type { MutualTlsEndpoints } from '../config.ts'
import type { BackChannelRequest, MutualTls } from '../outcomes.ts'
import type { Ports } from '../ports.ts'

/** A client with its keys: makes the requests a client makes. */
export interface Actor {
  readonly client: Client
  readonly key: SigningKey
  readonly dpopKey: SigningKey
  /** Where its requests go: to the aliases of the endpoints, if it has a certificate. */
  readonly endpoints: MutualTlsEndpoints
  readonly mutualTls: MutualTls | undefined
  assertion(): string
  proof(target: ProofOf): string
  /** What it asks for, in its own signature. */
  requestObject(parameters: object): string
  /** A form, authenticated as the client is registered to, with a proof when a target is given. */
  request(parameters: Parameters, target?: ProofOf): BackChannelRequest
}

export interface ProofOf {
  readonly url: string
  readonly method?: string
  readonly key?: SigningKey
  readonly accessToken?: string
  readonly nonce?: string
}

/** Several values make several parameters of one name. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>

/** What only the client has: its keys, and the certificates it shows. */
export interface Belongings extends Pick<Actor, 'key' | 'dpopKey'> {
  /** DER, its own first; undefined: it goes to the plain endpoints. */
  readonly chain: MutualTls['chain'] | undefined
}

export function createActor(
  client: Client,
  { key, dpopKey, chain }: Belongings,
  { service, clock, random }: Ports,
): Actor {
  const mutualTls = chain && { chain }
  const signer = { key, clientId: client.id, issuer: service.issuer }
  const assertion = (): string =>
    createClientAssertion({ ...signer, now: clock.now(), jti: random.token(128) })
  const proof = ({ key: proofKey = dpopKey, method = 'POST', ...target }: ProofOf): string =>
    createProof({ ...target, key: proofKey, method, now: clock.now(), jti: random.token(128) })
  const credentials = (): Parameters =>
    client.authentication.method === 'private_key_jwt'
      ? { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion() }
      : { client_id: client.id }
  return {
    client,
    key,
    dpopKey,
    endpoints: chain === undefined ? service.endpoints : (service.mtls ?? service).endpoints,
    mutualTls,
    assertion,
    proof,
    requestObject: (parameters) => createRequestObject({ ...signer, now: clock.now() }, parameters),
    request: (parameters, target) => ({
      ...formRequest({ ...credentials(), ...parameters }, target && proof(target)),
      ...(mutualTls && { mutualTls }),
    }),
  }
}

/** A form as it comes over the back channel. */
export function formRequest(parameters: Parameters, proof?: string): BackChannelRequest {
  const body = new URLSearchParams()
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of typeof values === 'string' ? [values] : values) body.append(name, value)
  }
  return {
    contentType: 'application/x-www-form-urlencoded',
    body: body.toString(),
    authorization: [],
    dpop: proof === undefined ? [] : [proof],
  }
}
