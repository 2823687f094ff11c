import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Where everything is, as `signet dev` writes it down in `demo.json`. */
interface DemoFile {
  readonly issuer: string
  readonly ca: string
  readonly client_id: string
  readonly client_key: string
  readonly session_key: string
  readonly redirect_uri: string
  readonly resource: string
  /** Of the listener that tells what the authorization server did, in development. */
  readonly management: string
  readonly recent_login?: number
}

/** What API and app of the bank are run with. */
export interface Settings {
  readonly issuer: string
  /** Origin of the API, which is its resource identifier. */
  readonly api: string
  /** Origin of the app. */
  readonly app: string
  readonly management: string
  /** How long ago who pays may have logged in, in seconds. */
  readonly recentLogin: number
  /** PEM: the authority of this machine, and what both serve with. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
  readonly clientId: string
  readonly clientKey: object
  /** 32 bytes, under which sessions lie encrypted. */
  readonly sessionKey: Uint8Array
  /** The file with the sessions. */
  readonly sessions: string
}

/** For TLS 1.2 only what BCP 195 recommends. @see FAPI 2.0 Security Profile §5.2.2 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':')

const FIVE_MINUTES = 300

/** Reads `demo.json` and the files it names. */
export function readSettings(file: string): Settings {
  const demo: DemoFile = JSON.parse(readFileSync(file, 'utf8'))
  const folder = path.dirname(demo.ca)
  return {
    issuer: demo.issuer,
    api: demo.resource,
    app: new URL(demo.redirect_uri).origin,
    management: demo.management,
    recentLogin: demo.recent_login ?? FIVE_MINUTES,
    authority: readFileSync(demo.ca, 'utf8'),
    certificate: readFileSync(path.join(folder, 'server.pem'), 'utf8'),
    key: readFileSync(path.join(folder, 'server-key.pem'), 'utf8'),
    clientId: demo.client_id,
    clientKey: JSON.parse(readFileSync(demo.client_key, 'utf8')),
    sessionKey: Buffer.from(readFileSync(demo.session_key, 'utf8').trim(), 'base64url'),
    sessions: path.join(folder, 'sessions.db'),
  }
}

/** How both serve: TLS 1.2 or newer, with the certificate of this machine. */
export function tlsOf({ certificate, key }: Settings): {
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.2'
  readonly ciphers: string
} {
  return { cert: certificate, key, minVersion: 'TLSv1.2', ciphers: CIPHERS }
}
