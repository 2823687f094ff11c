import { checkOptions, type SessionStore } from '@signet/bff'
import { statSync } from 'node:fs'
import { over } from '../config/defaults.ts'
import type { Environment } from '../config/environment.ts'
import { listenOn, listenProblems } from '../config/listen.ts'
import { InvalidConfig } from '../config/problems.ts'
import { readConfig } from '../config/read.ts'
import type { BffConfig, StoredOptions } from './config.ts'
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
  const listen = reading.attempt('listen', () => listenOn(file.listen, path))
  const options = optionsOf(file, reading)
  const problems = [
    ...reading.problems,
    ...listenProblems(file),
    ...folderProblems(options),
    ...optionProblems(options, reading),
  ]
  if (listen === undefined || problems.length > 0) throw new InvalidConfig(path, problems)
  const { management, store, log, drain = 10 } = file
  return {
    listen,
    ...(management && { management: over({ host: '127.0.0.1', port: 0 }, management) }),
    store: { sqlite: reading.absolute(store.sqlite) },
    log: over<BffConfig['log']>({ level: 'info' }, log),
    drain,
    options,
  }
}

function optionsOf(file: BffFile, reading: Reading): StoredOptions {
  const { client, sessions, frontends, trusted_cas = [], requested_claims } = file
  const { issuer, userinfo, request_object, signed_response, timeout, development } = file
  const plain = { issuer, userinfo, request_object, signed_response, timeout, development }
  const { key_files: clientKeys, client_id } = client
  const { key_files: sessionKeys, ...lifetimes } = sessions
  const authorities = reading.each('trusted_cas', trusted_cas, { read: readAuthority, instead: '' })
  const options = {
    ...withOptionNames(plain),
    client: {
      client_id,
      keys: reading.each('client.key_files', clientKeys, { read: readClientKey, instead: {} }),
    },
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
