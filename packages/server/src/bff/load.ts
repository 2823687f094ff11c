import { checkOptions, type SessionStore } from '@signet/bff'
import { statSync } from 'node:fs'
import { over } from '../config/defaults.ts'
import type { Environment } from '../config/environment.ts'
import { readPem } from '../config/files.ts'
import { listenOn, listenProblems } from '../config/listen.ts'
import { InvalidConfig } from '../config/problems.ts'
import { readConfig } from '../config/read.ts'
import { choiceProblem, placeProblems, placesOf } from '../config/store.ts'
import type { BffConfig, SessionsConfig, StoredOptions } from './config.ts'
import { BFF_FILE } from './format.ts'
import { readAuthority, readClientKey, readSessionKey } from './keys.ts'
import { placeInFile, withOptionNames } from './names.ts'
import { Reading } from './reading.ts'
import type { BffFile } from './schema.ts'

/**
 * Reads the configuration file of a BFF (YAML or JSON) with the environment over it, the keys it names too, and checks
 * everything that can be checked without starting.
 *
 * @throws InvalidConfig listing every problem.
 */
export function loadBffConfig(path: string, environment: Environment): BffConfig {
  const file = readConfig({ path, environment }, BFF_FILE)
  const reading = new Reading(path)
  const listen = reading.attempt('listen', () => listenOn(file.listen, { path, setting: 'listen' }))
  const store = reading.attempt('store', () => sessionsOf(file, path))
  const options = optionsOf(file, reading)
  const problems = [
    ...reading.problems,
    ...listenProblems(file.listen),
    ...choiceProblem(file.store, ['sqlite', 'postgres', 'redis']),
    ...placeProblems(file.store),
    ...folderProblems(options),
    ...optionProblems(options, reading),
  ]
  if (listen === undefined || store === undefined || problems.length > 0)
    throw new InvalidConfig(path, problems)
  const { management, log, drain = 10 } = file
  return {
    listen,
    ...(management && { management: over({ host: '127.0.0.1', port: 0 }, management) }),
    store,
    log: over<BffConfig['log']>({ level: 'info' }, log),
    drain,
    options,
  }
}

function sessionsOf({ store }: BffFile, path: string): SessionsConfig {
  const { sqlite = '', postgres, redis } = placesOf(store, path)
  if (postgres !== undefined) return { postgres }
  return redis === undefined ? { sqlite } : { redis }
}

function optionsOf(file: BffFile, reading: Reading): StoredOptions {
  const { $schema: _schema, listen: _listen, management: _management, ...ours } = file
  const { store: _store, log: _log, drain: _drain, ...named } = ours
  const { client, sessions, frontends, trusted_cas = [], requested_claims, ...plain } = named
  const { key_files: sessionKeys, ...lifetimes } = sessions
  const authorities = reading.each('trusted_cas', trusted_cas, { read: readAuthority, instead: '' })
  const options = {
    ...withOptionNames(plain),
    client: clientOf(client, reading),
    sessions: {
      ...withOptionNames(lifetimes),
      keys: reading.each('sessions.key_files', sessionKeys, {
        read: readSessionKey,
        instead: new Uint8Array(32),
      }),
    },
    frontends: frontends.map((frontend) =>
      withOptionNames({
        ...frontend,
        static: frontend.static === undefined ? undefined : reading.absolute(frontend.static),
      }),
    ),
    ...(requested_claims !== undefined && { requestedClaims: requested_claims }),
    ...(authorities.length > 0 && { ca: authorities.join('\n') }),
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names and types are those of the schema, which `Settings` holds to the options; `checkOptions` judges the values
  return options as unknown as StoredOptions
}

function clientOf(client: BffFile['client'], reading: Reading): object {
  const { client_id, key_files, decryption_key_files, tls, ...plain } = client
  const keysIn = (setting: string, files: readonly string[]): readonly object[] =>
    reading.each(setting, files, { read: readClientKey, instead: {} })
  const pemIn = (member: keyof NonNullable<typeof tls>, name: string): string => {
    const at = { path: reading.path, setting: `client.tls.${member}` }
    return reading.attempt(at.setting, () => readPem(name, at)) ?? ''
  }
  return {
    ...withOptionNames(plain),
    client_id,
    ...(key_files && { keys: keysIn('client.key_files', key_files) }),
    ...(decryption_key_files && {
      decryptionKeys: keysIn('client.decryption_key_files', decryption_key_files),
    }),
    ...(tls && {
      tls: { certificate: pemIn('certificate', tls.certificate), key: pemIn('key', tls.key) },
    }),
  }
}

/** What the BFF has against its options, but for what follows from a file that could not be read. */
function optionProblems(options: StoredOptions, { failed }: Reading): readonly string[] {
  const sessions = { ...options.sessions, store: NO_STORE }
  return checkOptions({ ...options, sessions }).flatMap(({ path, message }) => {
    const place = placeInFile(path)
    if (place === '') return [message]
    const isTold = failed.some((setting) => isWithin(place, setting) || isWithin(setting, place))
    return isTold ? [] : [`${place}: ${message}`]
  })
}

/** Nothing is kept while options are checked. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- none of its verbs is called
const NO_STORE = {} as SessionStore

function isWithin(place: string, other: string): boolean {
  return `${place}.`.startsWith(`${other}.`)
}

function folderProblems({ frontends }: StoredOptions): readonly string[] {
  return frontends.flatMap(({ static: folder }, index) =>
    folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
      ? []
      : [`frontends.${index}.static: there is no folder ${folder}`],
  )
}
