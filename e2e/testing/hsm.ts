import type { ExternalSigningKey } from '@signet/server'
import { spawn, spawnSync } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
]
const PIN = '1234'
/** Of the package opensc. */
const TOOL = 'pkcs11-tool'

/** A token of SoftHSM with keys that never leave it. For tests: a program is started for each signature. */
export interface Hsm {
  /** Makes a key in the token. */
  makeKey(): ExternalSigningKey
  /** What the token says of a private key. */
  describe(kid: string): string
  /** How many signatures it has made. */
  readonly signatures: number
  remove(): void
}

/** @throws Error saying what to install when a program is missing. */
export function openHsm(): Hsm {
  const module = MODULES.find((file) => existsSync(file))
  if (module === undefined) throw new Error(missing('softhsm2'))
  const folder = mkdtempSync(join(tmpdir(), 'signet-hsm-'))
  mkdirSync(join(folder, 'tokens'))
  const configuration = join(folder, 'softhsm2.conf')
  writeFileSync(configuration, `directories.tokendir = ${join(folder, 'tokens')}\n`)
  const env = { PATH: process.env['PATH'], SOFTHSM2_CONF: configuration }
  const run = (program: string, args: readonly string[]): Buffer => {
    const { error, status, stdout, stderr } = spawnSync(program, args, { env })
    if (error) throw new Error(missing(program === TOOL ? 'opensc' : 'softhsm2'))
    if (status !== 0) throw new Error(`${program} failed: ${stderr.toString()}`)
    return stdout
  }
  run('softhsm2-util', [
    '--init-token',
    '--free',
    '--label',
    'signet',
    '--so-pin',
    PIN,
    '--pin',
    PIN,
  ])
  const session = ['--module', module, '--token-label', 'signet', '--login', '--pin', PIN]
  let made = 0
  let signatures = 0

  const sign = async (id: string, input: Uint8Array): Promise<Uint8Array> => {
    // The module signs a digest, and answers R and S.
    const args = [...session, '--sign', '--mechanism', 'ECDSA', '--id', id]
    const child = spawn(TOOL, args, { env, stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.end(createHash('sha256').update(input).digest())
    signatures += 1
    return buffer(child.stdout)
  }
  return {
    makeKey: () => {
      made += 1
      const id = made.toString().padStart(2, '0')
      const type = ['--key-type', 'EC:prime256v1', '--usage-sign', '--id', id]
      run(TOOL, [...session, '--keypairgen', ...type])
      const der = run(TOOL, [...session, '--read-object', '--type', 'pubkey', '--id', id])
      const { x = '', y = '' } = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({
        format: 'jwk',
      })
      const kid = `hsm-${id}`
      return {
        kid,
        algorithm: 'ES256',
        publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' },
        sign: (input) => sign(id, input),
      }
    },
    describe: (kid) => {
      const named = ['--type', 'privkey', '--id', kid.replace('hsm-', '')]
      return run(TOOL, [...session, '--list-objects', ...named]).toString()
    },
    get signatures() {
      return signatures
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function missing(debian: string): string {
  return `The test of keys in a security module needs the Debian package ${debian}: run npm run setup -- --services, or sudo apt-get install softhsm2 opensc.`
}
