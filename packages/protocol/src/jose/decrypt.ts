import { Buffer } from 'node:buffer'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { decodeBase64url } from './base64url.ts'
import type { DecryptionKey } from './decryption-key.ts'
import type { ContentEncryption, KeyManagement } from './encryption-algorithms.ts'
import { readJweHeader, type JweHeader } from './jwe-header.ts'
import { Undecryptable } from './undecryptable.ts'

/** Longer than any nested JWT of the profile, in characters. */
const LONGEST = 65_536

/** So many keys are tried for one JWE; each try costs an operation with a private key. */
const MOST_CANDIDATES = 4

/** Three parts that are not empty: a signature is there, though nothing is said of whose. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** What a sender may use, where less is agreed than the keys are for. */
export interface AgreedEncryption {
  readonly alg?: readonly KeyManagement[]
  readonly enc?: readonly ContentEncryption[]
}

/** Whether a text has the five parts of a compact JWE. */
export function isEncryptedJwt(text: string): boolean {
  return text.split('.', 6).length === 5
}

/**
 * Takes the signed JWT out of an encrypted one. What it says is not proved yet: anybody can encrypt.
 *
 * @returns what has the form of a compact JWS; never claims without a signature, nor another JWE.
 * @throws Undecryptable
 * @see RFC 7516 §5.2, RFC 7519 §7.2, RFC 9101 §6.1
 */
export async function decryptJwt(
  jwe: string,
  keys: readonly DecryptionKey[],
  agreed: AgreedEncryption = {},
): Promise<string> {
  if (jwe.length > LONGEST) throw new Undecryptable(`longer than ${LONGEST} characters`)
  const [head = '', ...parts] = jwe.split('.')
  if (parts.length !== 4) throw new Undecryptable('a compact JWE has five parts')
  if (parts.some((part) => decodeBase64url(part) === undefined)) {
    throw new Undecryptable('a part is not canonical base64url')
  }
  const header = readJweHeader(head)
  if (!isAgreed(header, agreed)) {
    throw new Undecryptable(`${header.alg} with ${header.enc} is not what was agreed`)
  }
  const plaintext = await decryptWithAny(jwe, header, selectDecryptionKeys(keys, header))
  const jwt = Buffer.from(plaintext).toString('latin1')
  if (!COMPACT_JWS.test(jwt)) throw new Undecryptable('the content is no signed JWT')
  return jwt
}

function isAgreed({ alg, enc }: JweHeader, agreed: AgreedEncryption): boolean {
  return (agreed.alg?.includes(alg) ?? true) && (agreed.enc?.includes(enc) ?? true)
}

/** The keys a JWE may be for: the one it names, or all if it names none of ours. */
function selectDecryptionKeys(
  keys: readonly DecryptionKey[],
  { kid, alg }: JweHeader,
): readonly DecryptionKey[] {
  const named = keys.filter((key) => key.kid === kid)
  const selected = (named.length > 0 ? named : keys)
    .filter(({ algorithms }) => algorithms.includes(alg))
    .slice(0, MOST_CANDIDATES)
  if (selected.length === 0) throw new Undecryptable(`no key of ours is for ${alg}`)
  return selected
}

async function decryptWithAny(
  jwe: string,
  { alg, enc }: JweHeader,
  candidates: readonly DecryptionKey[],
): Promise<Uint8Array> {
  const options = {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [enc],
    maxDecompressedLength: 0,
  }
  const failures: string[] = []
  for (const { kid, privateKey } of candidates) {
    try {
      const { plaintext } = await compactDecrypt(jwe, privateKey, options)
      return plaintext
    } catch (error) {
      failures.push(`${kid}: ${error instanceof Error ? error.message : 'failed'}`)
    }
  }
  throw new Undecryptable(`no key of ours decrypts it: ${failures.join('; ')}`)
}
