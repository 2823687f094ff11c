import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createClientCertificate,
  createLocalCertificates,
  type Credential,
} from './certificate-authority.ts'

const NAMES = ['localhost', 'as.localhost', 'api.localhost', 'bank.localhost', '127.0.0.1', '::1']

/** One about to expire is made anew. */
const RENEW_BEFORE = 7 * 86_400_000

/** The files with a certificate, its key, and who vouches for it; relative to the folder of a demonstration. */
export interface CredentialFiles {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** What the servers of the demonstration serve with. */
export const SERVER_FILES: CredentialFiles = {
  authority: 'ca.pem',
  certificate: 'server.pem',
  key: 'server-key.pem',
}

/**
 * Makes the certificates of all servers of this machine, unless they are there and fresh.
 *
 * @returns whether it did
 */
export async function ensureServerCertificate(folder: string, now: number): Promise<boolean> {
  if (isFresh(folder, SERVER_FILES, now)) return false
  const { authority, server } = await createLocalCertificates(NAMES, now)
  write(folder, SERVER_FILES, { authority, ...server })
  return true
}

/**
 * Makes the certificate of a client, unless it is there and fresh. A new one has the same name.
 *
 * @param subject what the client is known by
 */
export async function ensureClientCertificate(
  folder: string,
  { files, subject }: { readonly files: CredentialFiles; readonly subject: string },
  now: number,
): Promise<void> {
  if (isFresh(folder, files, now)) return
  const { authority, client } = await createClientCertificate(subject, now)
  write(folder, files, { authority, ...client })
}

function isFresh(
  folder: string,
  { authority, certificate, key }: CredentialFiles,
  now: number,
): boolean {
  const files = [authority, certificate, key].map((name) => join(folder, name))
  if (!files.every((file) => existsSync(file))) return false
  const { validTo } = new X509Certificate(readFileSync(join(folder, certificate)))
  return Date.parse(validTo) - now > RENEW_BEFORE
}

function write(
  folder: string,
  files: CredentialFiles,
  made: Credential & { readonly authority: string },
): void {
  writeFileSync(join(folder, files.authority), made.authority)
  writeFileSync(join(folder, files.certificate), made.certificate)
  writeFileSync(join(folder, files.key), made.key, { mode: 0o600 })
}
