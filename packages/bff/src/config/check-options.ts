import { importDecryptionJwk, UnusableKey } from '@signet/protocol'
import { certificateProblems } from '../oauth/client-certificate.ts'
import { importClientKey } from '../oauth/client-key.ts'
import { clientProblems, signingProblems } from './client-settings.ts'
import type { Misconfiguration } from './misconfigured.ts'
import type { BffOptions, ClientOptions } from './options.ts'
import { optionsSchema } from './schema.ts'
import { readFrontends, type Frontend } from './settings.ts'

/**
 * Everything that is wrong with options, place by place: for whoever reads them from somewhere else, where the places have
 * other names. `createBff` throws for the same reasons. No secret is told.
 */
export function checkOptions(options: BffOptions): readonly Misconfiguration[] {
  const { success, error } = optionsSchema.safeParse(options)
  const alone = error?.issues.map(({ path, message }) => ({ path, message })) ?? []
  const isClientRead = alone.every(({ path: [first] }) => first !== 'client')
  const together = success ? [...clashes(options), ...lifetimes(options)] : []
  return [
    ...alone,
    ...(isClientRead ? [...clientProblems(options), ...credentialProblems(options.client)] : []),
    ...(success ? signingProblems(options) : []),
    ...together.map((message) => ({ path: [], message })),
  ]
}

function credentialProblems({
  keys = [],
  decryptionKeys = [],
  tls,
}: ClientOptions): readonly Misconfiguration[] {
  return [
    ...keys.flatMap((jwk, index) => problemOf(['keys', index], () => importClientKey(jwk))),
    ...decryptionKeys.flatMap((jwk, index) =>
      problemOf(['decryptionKeys', index], () => importDecryptionJwk(jwk)),
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
    if (!(error instanceof UnusableKey)) throw error
    return [{ path: ['client', ...path], message: error.message }]
  }
}

/** What is right alone and wrong together. */
function clashes(options: BffOptions): readonly string[] {
  const frontends = readFrontends(options)
  return frontends.flatMap((one, index) => [
    ...frontends.slice(index + 1).flatMap((other) => rivalry(one, other)),
    ...contradictions(one),
  ])
}

function rivalry(one: Frontend, other: Frontend): readonly string[] {
  if (one.name === other.name) return [`two frontends are named ${one.name}`]
  if (one.host !== other.host || one.folder !== other.folder) return []
  return [`${one.name} and ${other.name} have the same host and path`]
}

function contradictions({ name, folder, base, routes, ...rest }: Frontend): readonly string[] {
  const matches = routes.map(({ match }) => match)
  const paths = [base, rest.postLogoutPath, rest.errorPath ?? folder, ...matches]
  return [
    ...paths
      .filter((path) => !path.startsWith(folder))
      .map((path) => `${path} of ${name} is not below ${folder}`),
    ...matches
      .filter((match) => `${base}/`.startsWith(match) || match.startsWith(`${base}/`))
      .map((match) => `route ${match} of ${name} clashes with ${base}`),
    ...(new Set(matches).size < matches.length ? [`${name} has one route twice`] : []),
  ]
}

function lifetimes({ sessions: { sliding, absolute } }: BffOptions): readonly string[] {
  return sliding !== undefined && absolute !== undefined && sliding > absolute
    ? ['sessions.sliding is longer than sessions.absolute']
    : []
}
