import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { stringify } from 'yaml'
import { createLocalCertificates, type Credential } from '../../dev/certificate-authority.ts'
import type { Config } from '../config.ts'
import { loadConfig } from '../load.ts'
import { InvalidConfig } from '../problems.ts'

type Environment = Readonly<Record<string, string>>

/** A folder with certificates, where configuration files are tried; gone after the tests. */
export interface Folder {
  readonly path: string
  readonly write: (name: string, content: string) => string
  /** Loads a file of this content: text as it is, anything else as YAML. */
  readonly load: (content: unknown, environment?: Environment) => Config
  /** The problems of such a file. */
  readonly problems: (content: unknown, environment?: Environment) => readonly string[]
}

const made = await createLocalCertificates(['localhost'], Date.now())
export const CREDENTIAL: Credential = made.server
export const AUTHORITY: string = made.authority

const KEY: object = generateSigningKey('ES256').publicJwk

/** What a file needs and no more. */
export const LEAST: Readonly<Record<string, unknown>> = {
  issuer: 'https://as.example',
  listen: { port: 9443 },
  store: { sqlite: './data/signet.db' },
}

export function client(change: object = {}): object {
  return {
    client_id: 'app',
    redirect_uris: ['https://app.example/cb'],
    jwks: { keys: [KEY] },
    ...change,
  }
}

export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'signet-config-'))
  after(() => rmSync(path, { recursive: true }))
  const write = (name: string, content: string): string => {
    const file = join(path, name)
    writeFileSync(file, content)
    return file
  }
  write('server.pem', CREDENTIAL.certificate)
  write('server-key.pem', CREDENTIAL.key)
  const load: Folder['load'] = (content, environment = {}) =>
    loadConfig(
      write('signet.yaml', typeof content === 'string' ? content : stringify(content)),
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
        for (const problem of error.problems) assert.ok(error.message.includes(problem))
        return error.problems
      }
      return []
    },
  }
}
