import { readFileSync } from 'node:fs'
import path from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** The clients a flow can be gone through as. */
export const CLIENT_NAMES = ['app', 'mtls', 'signed'] as const

export type ClientName = (typeof CLIENT_NAMES)[number]

/** What a demo client knows of itself; its keys are files. */
export interface DemoClient {
  readonly client_id: string
  readonly redirect_uri: string
  /** A private JWK. */
  readonly client_key?: string
  /** A private JWK, to decrypt with. */
  readonly encryption_key?: string
  /** PEM. */
  readonly certificate?: string
  readonly certificate_key?: string
}

/** What `signet dev` writes down for whoever wants to try it; of the client `app` at the top. */
export interface Demo extends DemoClient {
  readonly issuer: string
  /** The certificate of the local authority, as a file. */
  readonly ca: string
  readonly resource: string
  readonly user: string
  readonly password: string
  readonly flow_clients?: Readonly<Partial<Record<ClientName, DemoClient>>>
}

/** The flow cannot begin; the message says what to do. */
export class NotReady extends Error {}

const START = 'start it with "npm start" in another terminal, then run this again'

/** @throws NotReady when there is no such demo client */
export function clientNamed(name: string): ClientName {
  const found = CLIENT_NAMES.find((known) => known === name)
  if (found !== undefined) return found
  throw new NotReady(
    `There is no demo client "${name}". Choose one of: ${CLIENT_NAMES.join(', ')}.`,
  )
}

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

/** @throws NotReady when the settings are from before there was such a client */
export function demoClient(folder: string, demo: Demo, name: ClientName): DemoClient {
  const found = name === 'app' ? demo : demo.flow_clients?.[name]
  if (found !== undefined) return found
  const settings = path.relative('.', path.join(folder, 'signet.yaml'))
  throw new NotReady(
    `The server knows no client "${name}": its settings are older than that client.\n` +
      `Have fresh ones made: stop "npm start", run "mv ${settings} ${settings}.before", and start it again.`,
  )
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

/** A private key of a client, and its name. */
export interface NamedKey {
  readonly key: CryptoKey
  readonly kid: string
}

/** Reads the key a client signs with. */
export function readSigningKey(file = ''): Promise<NamedKey> {
  return readKey(file, { name: 'ECDSA', usage: 'sign' })
}

/** Reads the key a client decrypts with. */
export function readDecryptionKey(file = ''): Promise<NamedKey> {
  return readKey(file, { name: 'ECDH', usage: 'deriveBits' })
}

async function readKey(
  file: string,
  { name, usage }: { readonly name: string; readonly usage: KeyUsage },
): Promise<NamedKey> {
  const jwk: JsonWebKey & { kid: string } = JSON.parse(readFileSync(file, 'utf8'))
  const { kty = '', crv = 'P-256', x = '', y = '', d = '' } = jwk
  const material = { kty, crv, x, y, d }
  const algorithm = { name, namedCurve: 'P-256' }
  return {
    key: await crypto.subtle.importKey('jwk', material, algorithm, false, [usage]),
    kid: jwk.kid,
  }
}
