import { certificateProblems } from '../oauth/client-certificate.ts'
import { importClientKey } from '../oauth/client-key.ts'
import { importOwnDecryptionKey } from '../oauth/decryption.ts'
import type { BffOptions, ClientOptions } from './options.ts'
import { Misconfigured, misconfigurations, type Misconfiguration } from './settings.ts'

/**
 * Everything that is wrong with options, place by place: for whoever reads them from somewhere else, where the places have
 * other names. `createBff` throws for the same reasons. No secret is told.
 */
export function checkOptions(options: BffOptions): readonly Misconfiguration[] {
  const { keys = [], decryptionKeys = [], tls } = options.client
  return [
    ...misconfigurations(options),
    ...keys.flatMap((jwk, index) => problemOf(['keys', index], () => importClientKey(jwk))),
    ...decryptionKeys.flatMap((jwk, index) =>
      problemOf(['decryptionKeys', index], () => importOwnDecryptionKey(jwk)),
    ),
    ...(tls === undefined ? [] : certificateProblems(tls)),
  ]
}

function problemOf(
  path: readonly [member: keyof ClientOptions, index: number],
  importKey: () => unknown,
): readonly Misconfiguration[] {
  try {
    importKey()
    return []
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error
    const message = error.message.replace(`client.${path[0]}: `, '')
    return [{ path: ['client', ...path], message }]
  }
}
