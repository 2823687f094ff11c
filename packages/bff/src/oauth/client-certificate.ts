import { certificateThumbprint, type Seconds } from '@signet/protocol'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { ClientOptions } from '../config/options.ts'
import type { Misconfiguration } from '../config/misconfigured.ts'

type Pem = NonNullable<ClientOptions['tls']>

/** What this client shows where mutual TLS is asked for. */
export interface OwnCertificate {
  /** PEM: the certificate of the client, then those that lead to its authority. */
  readonly chain: string
  /** PEM. */
  readonly key: string
  /** What tokens are bound to. @see RFC 8705 §3.1 */
  readonly thumbprint: string
  readonly expires: Seconds
}

/** Reads a certificate that has no problems. */
export function importOwnCertificate(pem: Pem): OwnCertificate {
  const { raw, validToDate } = new X509Certificate(pem.certificate)
  return {
    chain: pem.certificate,
    key: pem.key,
    thumbprint: certificateThumbprint(raw),
    expires: Math.floor(validToDate.getTime() / 1_000),
  }
}

/**
 * What keeps a certificate from being used, one thing at most. Not that it has expired: whether it is still good is for
 * those to say who ask for it. Nothing of the key is told.
 */
export function certificateProblems({ certificate, key }: Pem): readonly Misconfiguration[] {
  const leaf = attempt(() => new X509Certificate(certificate))
  if (leaf === undefined) return [at('certificate', 'holds no PEM certificate')]
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return [at('key', 'holds no PEM private key without passphrase')]
  if (!leaf.checkPrivateKey(privateKey)) {
    return [at('key', 'is not the key of the first certificate')]
  }
  const context = attempt(() => createSecureContext({ cert: certificate, key }))
  return context === undefined
    ? [at('certificate', 'is too weak for TLS, or its chain broken')]
    : []
}

function at(member: keyof Pem, message: string): Misconfiguration {
  return { path: ['client', 'tls', member], message }
}

function attempt<Result>(make: () => Result): Result | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
