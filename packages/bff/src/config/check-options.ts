import { certificateProblems } from '../oauth/client-certificate.ts'
import { importClientKey } from '../oauth/client-key.ts'
import type { BffOptions } from './options.ts'
import { Misconfigured, misconfigurations, type Misconfiguration } from './settings.ts'

/**
 * Everything that is wrong with options, place by place: for whoever reads them from somewhere else, where the places have
 * other names. `createBff` throws for the same reasons. No secret is told.
 */
export function checkOptions(options: BffOptions): readonly Misconfiguration[] {
  const { keys = [], tls } = options.client
  return [
    ...misconfigurations(options),
    ...keys.flatMap((jwk, index) => keyProblem(jwk, index)),
    ...(tls === undefined ? [] : certificateProblems(tls)),
  ]
}

function keyProblem(jwk: object, index: number): readonly Misconfiguration[] {
  try {
    importClientKey(jwk)
    return []
  } catch (error) {
    if (!(error instanceof Misconfigured)) throw error
    const message = error.message.replace(/^client\.keys: /, '')
    return [{ path: ['client', 'keys', index], message }]
  }
}
