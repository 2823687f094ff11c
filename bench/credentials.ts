import { generateKeyPairSync, hash, randomBytes, sign, type KeyObject } from 'node:crypto'
import type { PublicJwk, Setup, Target } from './contract.ts'

/** How many keys the proofs of a run are spread over, as if by the instances of one client. */
const PROOF_KEYS = 8

interface KeyPair {
  readonly privateKey: KeyObject
  readonly jwk: PublicJwk
}

/** What a client needs to prove who it is. Nothing here is ever used twice. */
export interface Credentials {
  readonly setup: Omit<Setup, 'mode'>
  /** A `client_assertion` for one request. @see RFC 7523 §3 */
  readonly assertion: (target: Target) => string
  /** Which key signs the proofs of a flow; all proofs of one flow share a key. */
  readonly prover: (flow: number) => Prover
}

export interface Prover {
  /** A DPoP proof for one request. @see RFC 9449 §4.2 */
  readonly proof: (method: 'GET' | 'POST', url: string, accessToken?: string) => string
}

export function createCredentials(): Credentials {
  const client = createKeyPair()
  const provers = Array.from({ length: PROOF_KEYS }, createProver)
  const clientId = 'bench-client'
  const header = { alg: 'ES256', kid: unique(), typ: 'JWT' }
  return {
    setup: {
      clientId,
      redirectUri: 'https://client.example/callback',
      scope: 'openid profile email',
      jwk: { ...client.jwk, kid: header.kid, alg: 'ES256', use: 'sig' },
    },
    assertion: ({ issuer }) => {
      const iat = Math.floor(Date.now() / 1000)
      return jws(client.privateKey, header, {
        iss: clientId,
        sub: clientId,
        aud: issuer,
        jti: unique(),
        iat,
        exp: iat + 60,
      })
    },
    prover: (flow) => {
      const prover = provers[flow % provers.length]
      if (prover === undefined) throw new RangeError(`no flow ${flow}`)
      return prover
    },
  }
}

/** 256 bits of chance in base64url. */
export function unique(): string {
  return randomBytes(32).toString('base64url')
}

export function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}

function createProver(): Prover {
  const { privateKey, jwk } = createKeyPair()
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk }
  return {
    proof: (htm, htu, accessToken) =>
      jws(privateKey, header, {
        jti: unique(),
        htm,
        htu,
        iat: Math.floor(Date.now() / 1000),
        ...(accessToken !== undefined && { ath: sha256(accessToken) }),
      }),
  }
}

function createKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  if (x === undefined || y === undefined) throw new Error('a P-256 key has no coordinates')
  return { privateKey, jwk: { kty: 'EC', crv: 'P-256', x, y } }
}

function jws(key: KeyObject, header: object, payload: object): string {
  const input = `${part(header)}.${part(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
