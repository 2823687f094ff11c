import { jwtVerify, importJWK } from 'jose'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { headerOf } from './testing/claims.ts'
import { signet, type Ran } from './testing/cli.ts'
import { ask, json, member } from './testing/https.ts'
import { codeOf, passThrough, Peer } from './testing/peer.ts'
import { ENVIRONMENT, MAIN, serve, type ServerProcess } from './testing/server-process.ts'
import { MASTER_KEY, serviceFor, USERS } from './testing/site.ts'

const declared = new Peer({ clientId: 'declared', scope: 'openid accounts offline_access' })
const added = new Peer({ clientId: 'added' })

/** Longer than a running server takes to see what another process wrote, as the documentation promises. */
const NOTICED_MILLISECONDS = 15_000

describe('beside a running server', () => {
  let server: ServerProcess
  let issuer: string
  before(async () => {
    server = await serve(
      serviceFor([declared.metadata()], {
        request_object_encryption: ['ECDH-ES', 'ECDH-ES+A256KW'],
      }),
    )
    issuer = server.site.origin
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  const run = (...args: readonly string[]): Promise<Ran> =>
    signet([...args, '--config', server.site.configFile])

  test('a client that was added can be used', async () => {
    assert.equal((await added.at(issuer).push()).status, 401)
    const file = join(server.site.folder, 'added.json')
    writeFileSync(file, JSON.stringify(added.metadata({ client_name: 'Added later' })))
    assertWell(await run('client', 'add', file))
    const status = await settled(async () => (await added.at(issuer).push()).status, 201)
    assert.equal(status, 201)

    const { stdout: list } = assertWell(await run('client', 'list'))
    assert.match(list, /^CLIENT +NAME +FROM +STATE$/m)
    assert.match(list, /^added +Added later +command +enabled$/m)
    assert.match(list, /^declared +Client declared +file +enabled$/m)
    const { stdout: shown } = assertWell(await run('client', 'show', 'added'))
    assert.equal(json({ body: shown })['client_name'], 'Added later')
  })

  test('a client that is disabled is shut out until it is enabled', async () => {
    const shut = new Peer({ clientId: 'shut' })
    const file = join(server.site.folder, 'shut.json')
    writeFileSync(file, JSON.stringify(shut.metadata()))
    assertWell(await run('client', 'add', file))
    const pushed = async (): Promise<number> => (await shut.at(issuer).push()).status
    assert.equal(await settled(pushed, 201), 201)
    assertWell(await run('client', 'disable', 'shut'))
    assert.equal(await settled(pushed, 401), 401)
    assert.match(assertWell(await run('client', 'list')).stdout, /^shut .*command +disabled$/m)
    assertWell(await run('client', 'enable', 'shut'))
    assert.equal(await settled(pushed, 201), 201)
    assertComplains(await run('client', 'disable', 'declared'), /declared in .*signet\.json/)
    assertComplains(await run('client', 'disable', 'nobody'), /no client nobody/)
  })

  test('client metadata that is mistyped, or none at all, is not added', async () => {
    const add = (stdin: string): Promise<Ran> =>
      signet(['client', 'add', '-', '--config', server.site.configFile], { stdin })
    const metadata = JSON.stringify({ ...added.metadata(), redirect_uri: 'https://c.example/' })
    assertComplains(await add(metadata), /redirect_uri: unknown key; did you mean redirect_uris/)
    assertComplains(await add('{ "client_id": '), /standard input cannot be used/)
    assertComplains(await add('[]'), /expected object/)
    assertComplains(await run('client', 'add', '/no/such.json'), /\/no\/such\.json/)
  })

  test('SP-AS-03 SP-AS-06 a client without a key of its own is not added', async () => {
    for (const change of [
      { token_endpoint_auth_method: 'none' },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { jwks: undefined },
    ]) {
      const metadata = JSON.stringify(added.metadata(change))
      const ran = await signet(['client', 'add', '-', '--config', server.site.configFile], {
        stdin: metadata,
      })
      assertComplains(ran, /cannot be registered/)
    }
  })

  test('SP-AZ-08 a redirect without TLS is not added, and every mistake is told at once', async () => {
    const metadata = JSON.stringify(
      added.metadata({ redirect_uris: ['http://client.example/cb'], scope: 'unheard-of' }),
    )
    const ran = await signet(['client', 'add', '-', '--config', server.site.configFile], {
      stdin: metadata,
    })
    assertComplains(ran, /redirect_uri/)
  })

  test('what the file declares is changed in the file', async () => {
    const metadata = JSON.stringify(declared.metadata())
    const ran = await signet(['client', 'add', '-', '--config', server.site.configFile], {
      stdin: metadata,
    })
    assertComplains(ran, /declared is declared in .*signet\.json/)
    assertComplains(await run('client', 'show', 'nobody'), /no client nobody/)
  })

  test('a user that was added can log in', async () => {
    const add = ['user', 'add', 'carol', '--password-stdin', '--claims', '{"name":"Carol"}']
    const ran = await signet([...add, '--config', server.site.configFile], {
      stdin: 'wonderland\n',
    })
    assert.doesNotMatch(assertWell(ran).stdout, /wonderland/)
    const client = declared.at(issuer)
    const link = client.link(await client.push())
    const code = codeOf(await passThrough(client.browser(), link, 'carol'))
    const accessToken = member(await client.exchange(code), 'access_token')
    const { sub } = json(await client.userinfo(accessToken))
    assert.ok(ran.stdout.includes(String(sub)), 'the subject it printed')
    assert.match(assertWell(await run('user', 'list')).stdout, /^carol +\S+ +command +enabled$/m)
  })

  test('a user that is disabled is shut out until it is enabled', async () => {
    const add = ['user', 'add', 'erin', '--password-stdin', '--config', server.site.configFile]
    assertWell(await signet(add, { stdin: 'wonderland' }))
    const client = declared.at(issuer)
    const logIn = async (): Promise<URL> =>
      passThrough(client.browser(), client.link(await client.push()), 'erin')
    const accessToken = member(await client.exchange(codeOf(await logIn())), 'access_token')
    const userinfo = async (): Promise<number> => (await client.userinfo(accessToken)).status
    assert.equal(await userinfo(), 200)
    assertWell(await run('user', 'disable', 'erin'))
    assert.equal(await settled(userinfo, 401), 401)
    await assert.rejects(logIn())
    assertWell(await run('user', 'enable', 'erin'))
    assert.ok(codeOf(await logIn()))
    assertComplains(await run('user', 'disable', 'alice'), /declared in .*signet\.json/)
    assertComplains(await run('user', 'disable', 'nobody'), /no user nobody/)
  })

  test('BCP-16 a new password, or to be disabled, ends sessions and tokens of the user for good', async () => {
    const add = ['user', 'add', 'frank', '--password-stdin', '--config', server.site.configFile]
    assertWell(await signet(add, { stdin: 'wonderland' }))
    const client = declared.at(issuer)
    await endsAll(client, 'frank', async () => {
      assertWell(await signet(add, { stdin: 'wonderland' }))
    })
    await endsAll(client, 'frank', async () => {
      assertWell(await run('user', 'disable', 'frank'))
      assertWell(await run('user', 'enable', 'frank'))
    })
  })

  test('a password that is too short, or nowhere to be asked for, is not taken', async () => {
    const add = ['user', 'add', 'dave', '--config', server.site.configFile]
    assertComplains(await signet([...add, '--password-stdin'], { stdin: 'short' }), /8 characters/)
    assertComplains(await signet(add), /--password-stdin/)
    const claims = [...add, '--password-stdin', '--claims', '[1]']
    assertComplains(await signet(claims, { stdin: 'wonderland' }), /--claims must be a JSON object/)
  })

  test('JWT-07 a running server announces a rotated key in time, and old tokens still verify', async () => {
    const client = declared.at(issuer)
    const { idToken = '', accessToken } = await client.logIn()
    const kidsBefore = await kids(client)
    const { stdout } = assertWell(await run('keys', 'rotate', '--algorithm', 'ES256'))
    assert.match(stdout, /announced/)
    await settled(async () => (await kids(client)).length, kidsBefore.length + 1)
    const kidsAfter = await kids(client)
    assert.equal(kidsAfter.length, kidsBefore.length + 1)
    for (const kid of kidsBefore) assert.ok(kidsAfter.includes(kid), `${kid} is gone`)

    const keys = await keySet(client)
    const jwk = keys.find(({ kid }) => kid === headerOf(idToken)['kid'])
    assert.ok(jwk)
    await jwtVerify(idToken, await importJWK(jwk, 'ES256'), { issuer, audience: 'declared' })
    assert.equal((await client.userinfo(accessToken)).status, 200)
    const next = await client.logIn()
    assert.equal(headerOf(next.idToken ?? '')['kid'], headerOf(idToken)['kid'], 'not yet signing')
  })

  test('a key rotated at once signs at once, beside the old one', async () => {
    const client = declared.at(issuer)
    const old = await client.logIn()
    assertWell(await rotateAtOnce('ES256', server))
    const kidOf = async (): Promise<boolean> =>
      headerOf((await client.logIn()).idToken ?? '')['kid'] === headerOf(old.idToken ?? '')['kid']
    assert.equal(await settled(kidOf, false), false)
    assert.ok((await kids(client)).includes(String(headerOf(old.idToken ?? '')['kid'])))
    assert.equal((await client.userinfo(old.accessToken)).status, 200)
    const { stdout } = assertWell(await run('keys', 'list'))
    assert.match(stdout, /^KEY +USE +ALGORITHM +STATE/m)
    for (const state of ['signing', 'retiring']) assert.match(stdout, new RegExp(` ${state} `))
    assert.doesNotMatch(stdout, /"d"|PRIVATE/)
  })

  test('OIDC-18 a key that requests are encrypted to is listed, and another takes its place', async () => {
    const client = declared.at(issuer)
    const [old] = await encryptedTo(client)
    const { stdout } = assertWell(await run('keys', 'rotate', '--algorithm', 'ECDH-ES+A256KW'))
    assert.match(stdout, / enc +ECDH-ES +(?:announced|encrypted to) [^]* enc +ECDH-ES /)
    assertWell(await rotateAtOnce('ECDH-ES', server))
    assert.equal(await settled(async () => (await encryptedTo(client)).includes(old), false), false)
    assert.equal((await encryptedTo(client)).length, 1)
    assert.match(assertWell(await run('keys', 'list')).stdout, / enc +ECDH-ES +retiring /)
  })

  test('a key of an algorithm the service does not have is not rotated', async () => {
    assertComplains(await run('keys', 'rotate', '--algorithm', 'RS256'), /RS256/)
  })
})

test('a mistyped command is answered with the right one', async () => {
  const ran = await signet(['explian', 'x'])
  assert.notEqual(ran.code, 0)
  assert.match(ran.stderr, /explain/)
})

test('a command whose reader has seen enough ends without a word', async () => {
  const child = spawn(process.execPath, [...MAIN, 'config', 'schema'], { env: ENVIRONMENT })
  child.stdout.destroy()
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(stderr, '')
  assert.equal(child.exitCode, 0)
})

test('a server says its version', async () => {
  assert.match(assertWell(await signet(['--version'])).stdout, /^\d+\.\d+\.\d+/)
})

describe('the database', () => {
  let folder: string
  let config: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
    config = join(folder, 'signet.yaml')
    const settings = 'issuer: https://as.example\nlisten: { port: 0 }\nstore: { sqlite: own.db }\n'
    writeFileSync(config, `${settings}master_key: ${MASTER_KEY}\n`)
  })
  after(() => rmSync(folder, { recursive: true }))
  const run = (...args: readonly string[]): Promise<Ran> => signet([...args, '--config', config])

  test('that is not there is not made by who asks or changes something', async () => {
    const commands = ['client list', 'client disable x', 'user list', 'keys list', 'keys rotate']
    for (const command of [...commands, 'explain x']) {
      assertComplains(await run(...command.split(' ')), /no database .*own\.db/)
    }
    assert.equal(existsSync(join(folder, 'own.db')), false)
  })

  test('is made for a user before the first start, which makes the keys', async () => {
    const add = ['user', 'add', 'carol', '--password-stdin', '--config', config]
    assertWell(await signet(add, { stdin: 'wonderland' }))
    assertComplains(await run('keys', 'rotate'), /no keys yet/)
  })

  test('that is none of ours is named and left alone', async () => {
    const file = join(folder, 'own.db')
    writeFileSync(file, 'Dear diary')
    for (const command of ['client list', 'serve']) {
      assertComplains(await run(...command.split(' ')), /own\.db: the file is not a database/)
    }
    assert.equal(readFileSync(file, 'utf8'), 'Dear diary')
  })
})

describe('the configuration', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const check = async (
    yaml: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Ran> => {
    const file = join(folder, 'signet.yaml')
    writeFileSync(file, yaml)
    return signet(['config', 'validate', '--config', file], { environment })
  }
  const GOOD = `
issuer: https://as.example
listen: { port: 9443 }
store: { sqlite: ./signet.db }
`

  test('that is good is told to be good', async () => {
    assert.match(assertWell(await check(GOOD)).stdout, /is valid: https:\/\/as\.example/)
  })

  test('that is JSON is good too', async () => {
    const file = join(folder, 'signet.json')
    const config = { issuer: 'https://as.example', listen: { port: 1 }, store: { sqlite: 'x.db' } }
    writeFileSync(file, JSON.stringify(config))
    assertWell(await signet(['config', 'validate', '--config', file]))
  })

  const BAD: Readonly<Record<string, readonly [yaml: string, message: RegExp]>> = {
    'with a mistyped key': [`${GOOD}lifetime: { code: 60 }`, /lifetime: .*did you mean lifetimes/],
    'with a mistyped key below': [
      `${GOOD}lifetimes: { acces_token: 60 }`,
      /lifetimes\.acces_token: .*did you mean access_token/,
    ],
    'without an issuer': ['listen: { port: 1 }\nstore: { sqlite: x }', /issuer: required/],
    'with a key twice': [`${GOOD}issuer: https://other.example`, /unique|duplicate|twice/i],
    'that is no YAML': ['issuer: [', /cannot be used/],
    'with an issuer without TLS': [GOOD.replace('https', 'http'), /https/],
    'without TLS for others': [
      GOOD.replace('port: 9443', 'port: 9443, host: 0.0.0.0'),
      /listen\.tls.*SP-NET-01/,
    ],
    'with a certificate that is not there': [
      GOOD.replace('port: 9443', 'port: 9443, tls: { certificate: none.pem, key: none.pem }'),
      /none\.pem.*ENOENT/,
    ],
    'with a profile nobody knows': [`${GOOD}profile: none`, /profile/],
    'with a client without keys': [
      `${GOOD}clients: [{ client_id: app, redirect_uris: ['https://c.example/'] }]`,
      /clients: app: .*jwks/,
    ],
  }
  for (const [name, [yaml, message]] of Object.entries(BAD)) {
    test(`${name} is refused`, async () => assertComplains(await check(yaml), message))
  }

  test('SP-PROF-01 SP-AS-11 SP-AZ-12 that loosens the profile is refused, with every breach at once', async () => {
    const ran = await check(
      `${GOOD}lifetimes: { code: 61, pushed_request: 600, access_token: 86400 }`,
    )
    assertComplains(ran, /lifetimes\.code.*SP-AS-11/)
    assert.match(ran.stderr, /lifetimes\.pushed_request.*SP-AZ-12/)
    assert.match(ran.stderr, /lifetimes\.access_token/)
  })

  test('can be overridden by the environment, and by files it names', async () => {
    const secret = join(folder, 'port')
    writeFileSync(secret, '4711\n')
    const file = join(folder, 'signet.yaml')
    writeFileSync(file, GOOD)
    const environment = {
      SIGNET_ISSUER: 'https://other.example',
      SIGNET_LISTEN_PORT_FILE: secret,
      SIGNET_CONFIG: file,
    }
    const { stdout } = assertWell(await signet(['config', 'print'], { environment }))
    assert.match(stdout, /https:\/\/other\.example/)
    assert.match(stdout, /port: 4711/)
    const typo = await check(GOOD, { SIGNET_ISUER: 'https://x.example' })
    assertComplains(typo, /SIGNET_ISUER: .*did you mean SIGNET_ISSUER/)
  })

  test('is printed without its secrets', async () => {
    const server = await serve((issuer) => ({ issuer, users: USERS }))
    const { configFile, folder: at } = server.site
    const { stdout } = assertWell(await signet(['config', 'print', '--config', configFile]))
    const key = readFileSync(join(at, 'server-key.pem'), 'utf8').split('\n')[1] ?? ''
    assert.ok(key.length > 20 && !stdout.includes(key))
    assert.doesNotMatch(stdout, /\$argon2id\$/)
    await server.stop()
    server.site.remove()
  })

  test('has a schema', async () => {
    const schema = json({ body: assertWell(await signet(['config', 'schema'])).stdout })
    assert.match(String(schema['$schema']), /json-schema\.org/)
    assert.match(
      assertWell(await signet(['config', 'environment'])).stdout,
      /^SIGNET_LISTEN_PORT /m,
    )
  })

  test('that is not there is named', async () => {
    assertComplains(await signet(['serve', '--config', '/no/such.yaml']), /\/no\/such\.yaml/)
  })
})

function assertWell(ran: Ran): Ran {
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

/** One readable complaint and no stack. */
function assertComplains({ code, stderr, stdout }: Ran, message: RegExp): void {
  assert.notEqual(code, 0, stdout)
  assert.match(stderr, message)
  assert.doesNotMatch(stderr, /\n +at |node:internal|Error:/, 'a stack is shown')
}

/** Asks until the answer is the wanted one, or until it should long have been. */
async function settled<Value>(look: () => Promise<Value>, wanted: Value): Promise<Value> {
  const giveUp = Date.now() + NOTICED_MILLISECONDS
  for (;;) {
    const value = await look()
    if (value === wanted || Date.now() > giveUp) return value
    await pause(250)
  }
}

interface PublishedKey {
  readonly kid?: string
  readonly use?: string
}

async function keySet(client: Peer): Promise<readonly PublishedKey[]> {
  const { keys } = json(await ask(client.endpoint('jwks')))
  assert.ok(Array.isArray(keys))
  return keys
}

async function encryptedTo(client: Peer): Promise<readonly unknown[]> {
  return (await keySet(client)).filter(({ use }) => use === 'enc').map(({ kid }) => kid)
}

async function kids(client: Peer): Promise<readonly string[]> {
  return (await keySet(client)).map(({ kid }) => String(kid))
}

/** Proves that a session and a refresh token of the user are good before a change, and not after it. */
async function endsAll(client: Peer, user: string, change: () => Promise<void>): Promise<void> {
  const browser = client.browser()
  const code = codeOf(await passThrough(browser, client.link(await client.push()), user))
  const refreshToken = member(await client.exchange(code), 'refresh_token')
  assert.equal((await client.refresh(refreshToken)).status, 200)
  const known = await browser.open(client.link(await client.push()))
  assert.ok(known instanceof URL, 'the session lasts')
  await change()
  assert.equal((await client.refresh(refreshToken)).status, 400)
  const page = await browser.open(client.link(await client.push()))
  assert.ok(!(page instanceof URL), 'the session is over')
}

function rotateAtOnce(algorithm: string, { site }: ServerProcess): Promise<Ran> {
  const command = ['keys', 'rotate', '--now', '--algorithm', algorithm]
  const environment = { SIGNET_KEYS_ANNOUNCE: '1' }
  return signet([...command, '--config', site.configFile], { environment })
}
