import {
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { stringify } from 'yaml'
import { InvalidConfig } from '../../config/problems.ts'
import { createLocalCertificates } from '../../dev/certificate-authority.ts'
import type { BffConfig } from '../config.ts'
import { loadBffConfig } from '../load.ts'

type Environment = Readonly<Record<string, string>>

/** A folder with keys and certificates, where configuration files of a BFF are tried; gone after the tests. */
export interface Folder {
  readonly path: string
  readonly write: (name: string, content: string | Uint8Array) => string
  /** Loads a file of this content: text as it is, anything else as YAML. */
  readonly load: (content: unknown, environment?: Environment) => BffConfig
  /** The problems of such a file. */
  readonly problems: (content: unknown, environment?: Environment) => readonly string[]
}

const { authority, server } = await createLocalCertificates(['localhost'], Date.now())
export const AUTHORITY: string = authority
export const OTHER: { readonly certificate: string; readonly key: string } = (
  await createLocalCertificates(['localhost'], Date.now())
).server
export const CREDENTIAL: { readonly certificate: string; readonly key: string } = server

export const CLIENT_KEY: Readonly<Record<string, unknown>> = {
  ...exportPrivateJwk(generateSigningKey('ES256')),
}
export const DECRYPTION_KEY: Readonly<Record<string, unknown>> = {
  ...exportDecryptionJwk(generateEncryptionKey('ECDH-ES')),
}
export const SESSION_KEY: Buffer = Buffer.alloc(32, 7)

export const ROUTE = { match: '/api/', target: 'https://api.example/v1/', token: 'user' } as const
export const FRONTEND = { name: 'app', public_origin: 'https://app.example', scopes: ['openid'] }

/** What a file needs and no more. */
export const LEAST = {
  issuer: 'https://as.example',
  client: { client_id: 'app', key_files: ['client.jwk'] },
  listen: { port: 9446 },
  store: { sqlite: './data/sessions.db' },
  sessions: { key_files: ['session.key'] },
  frontends: [FRONTEND],
}

/** Such a file with another frontend. */
export function withFrontend(change: object): object {
  return { ...LEAST, frontends: [{ ...FRONTEND, ...change }] }
}

export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'signet-bff-config-'))
  after(() => rmSync(path, { recursive: true }))
  const write: Folder['write'] = (name, content) => {
    const file = join(path, name)
    writeFileSync(file, content)
    return file
  }
  write('client.jwk', JSON.stringify(CLIENT_KEY))
  write('decryption.jwk', JSON.stringify(DECRYPTION_KEY))
  write('session.key', SESSION_KEY)
  write('ca.pem', AUTHORITY)
  write('server.pem', CREDENTIAL.certificate)
  write('server-key.pem', CREDENTIAL.key)
  mkdirSync(join(path, 'dist'))
  const load: Folder['load'] = (content, environment = {}) =>
    loadBffConfig(
      write('bff.yaml', typeof content === 'string' ? content : stringify(content)),
      environment,
    )
  return {
    path,
    write,
    load,
    problems: (content, environment) => {
      try {
        load(content, environment)
      } catch (error) {
        if (!(error instanceof InvalidConfig)) throw error
        return assertTold(error)
      }
      return []
    },
  }
}

/** Every problem is in the message, and nothing of a key. */
function assertTold({ problems, message }: InvalidConfig): readonly string[] {
  for (const problem of problems) assert.ok(message.includes(problem))
  const secrets = [
    String(CLIENT_KEY['d']),
    String(DECRYPTION_KEY['d']),
    CREDENTIAL.key,
    SESSION_KEY.toString(),
    SESSION_KEY.toString('base64'),
  ]
  for (const secret of secrets) assert.ok(!message.includes(secret))
  return problems
}
