import { readFileSync } from 'node:fs'
import path from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** What `signet dev` writes down for whoever wants to try it. */
export interface Demo {
  readonly issuer: string
  /** The certificate of the local authority, as a file. */
  readonly ca: string
  readonly client_id: string
  /** The private JWK of the client, as a file. */
  readonly client_key: string
  readonly redirect_uri: string
  readonly resource: string
  readonly user: string
  readonly password: string
}

/** The flow cannot begin; the message says what to do. */
export class NotReady extends Error {}

const START = 'start it with "npm start" in another terminal, then run this again'

/**
 * Reads what the demonstration needs, and has this process trust the local authority beside those it trusts anyway.
 *
 * @throws NotReady when `signet dev` has never run here
 */
export function readDemo(folder: string): Demo {
  try {
    const demo: Demo = JSON.parse(readFileSync(path.join(folder, 'demo.json'), 'utf8'))
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(demo.ca, 'utf8')])
    return demo
  } catch (error) {
    throw new NotReady(`No server has been set up in ${folder}: ${START}.`, { cause: error })
  }
}

/** @throws NotReady when nobody answers at the issuer, or somebody with another certificate */
export async function assertRunning({ issuer }: Demo): Promise<void> {
  try {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`)
    await response.body?.cancel()
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
    throw new NotReady(`No server answers at ${issuer} (${why}): ${START}.`, { cause: error })
  }
}

/** Reads the client's key and its name. */
export async function readClientKey({
  client_key,
}: Demo): Promise<{ readonly key: CryptoKey; readonly kid: string }> {
  const jwk: JsonWebKey & { kid: string } = JSON.parse(readFileSync(client_key, 'utf8'))
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return {
    key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']),
    kid: jwk.kid,
  }
}
