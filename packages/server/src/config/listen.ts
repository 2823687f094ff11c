import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Listen } from './config.ts'
import type { ListenFile } from './file.ts'
import { readPem, type Named } from './files.ts'
import { InvalidConfig } from './problems.ts'

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** SP-NET-01: without TLS only where nobody else can listen. */
export function listenProblems(listen: ListenFile, setting = 'listen'): readonly string[] {
  if (listen.tls !== undefined || LOOPBACK.has(listen.host ?? '127.0.0.1')) return []
  return [
    `${setting}.tls: required on ${listen.host ?? ''} (SP-NET-01); plain http is for loopback, behind a TLS proxy`,
  ]
}

/**
 * @param at the file, and the setting in it
 * @throws InvalidConfig when certificate or key cannot be read, or do not belong together.
 */
export function listenOn({ host, port, tls }: ListenFile, { path, setting }: Named): Listen {
  const credential = tls && {
    certificate: readPem(tls.certificate, { path, setting: `${setting}.tls.certificate` }),
    key: readPem(tls.key, { path, setting: `${setting}.tls.key` }),
  }
  const problem = credential && mismatch(credential)
  if (problem !== undefined) throw new InvalidConfig(path, [`${setting}.tls.${problem}`])
  return { host: host ?? '127.0.0.1', port, ...(credential && { tls: credential }) }
}

/** Nothing of the key may be told, and what OpenSSL says of it is of no use. */
function mismatch({ certificate, key }: NonNullable<Listen['tls']>): string | undefined {
  const leaf = attempt(() => new X509Certificate(certificate))
  if (leaf === undefined) return 'certificate: holds no PEM certificate'
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return 'key: holds no PEM private key without passphrase'
  return leaf.checkPrivateKey(privateKey)
    ? undefined
    : 'key: is not the key of the first certificate beside it'
}

function attempt<Result>(make: () => Result): Result | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
