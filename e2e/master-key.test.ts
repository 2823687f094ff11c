import { sealKeyName } from '@signet/protocol'
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { headerOf } from './testing/claims.ts'
import { signet, type Ran } from './testing/cli.ts'
import { Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

describe('the keys of a server in its database', () => {
  let server: ServerProcess
  let keyFile: string
  before(async () => {
    server = await serve(
      serviceFor([app.metadata()], { request_object_encryption: ['RSA-OAEP-256'] }),
    )
    keyFile = join(server.site.folder, 'master.key')
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })
  const run = (command: string): Promise<Ran> =>
    signet([...command.split(' '), '--config', server.site.configFile])
  const setKeys = (...keys: readonly Buffer[]): void =>
    writeFileSync(keyFile, keys.map((key) => `${key.toString('base64url')}\n`).join(''))
  const kidOfIdToken = async (): Promise<unknown> =>
    headerOf((await app.at(server.site.origin).logIn()).idToken ?? '')['kid']

  test('are of no use to who has only the database', () => {
    const database = new DatabaseSync(server.site.database, { readOnly: true })
    const rows = database.prepare("SELECT data ->> 'material' AS material FROM keys").all()
    database.close()
    assert.ok(rows.length >= 5)
    for (const { material } of rows) assert.match(String(material), /^sealed-2:[\w-]{11}\.[\w-]+$/)
    const files = readdirSync(server.site.folder).filter((name) => name.startsWith('signet.db'))
    for (const name of files) {
      const bytes = readFileSync(join(server.site.folder, name))
      assert.ok(!bytes.includes('"kty":"oct"') && !bytes.includes('"d":'), name)
    }
  })

  test('survive a change of the master key, step by step, and go on signing', async () => {
    const [old, fresh] = [Buffer.alloc(32, 5), randomBytes(32)]
    const kid = await kidOfIdToken()
    setKeys(old, fresh)
    await server.stop()
    await server.start()
    setKeys(fresh, old)
    await server.stop()
    await server.start()
    const { stdout: listed } = assertWell(await run('keys list'))
    assert.ok(listed.includes(sealKeyName(old)) && !listed.includes(sealKeyName(fresh)))

    assert.match(assertWell(await run('keys reseal')).stdout, /first master key: \d/)
    assert.match(assertWell(await run('keys reseal')).stdout, /already/)
    const { stdout: list } = assertWell(await run('keys list'))
    assert.ok(!list.includes(sealKeyName(old)) && list.includes(sealKeyName(fresh)))
    setKeys(fresh)
    await server.stop()
    await server.start()
    assert.equal(await kidOfIdToken(), kid)
    for (const key of [old, fresh]) {
      assert.ok(!server.output().includes(key.toString('base64url')))
    }
  })

  test('are wanted at the start: with another master key there is none, and it is said which one', async () => {
    const right = readFileSync(keyFile)
    await server.stop()
    setKeys(Buffer.alloc(32, 9))
    const ran = await run('serve')
    assertComplains(ran, /The key \S+ of https:\S+ is sealed with master key /)
    assert.ok(ran.stderr.includes(sealKeyName(Buffer.from(right.toString(), 'base64url'))))
    assertComplains(await run('keys rotate'), /is sealed with master key/)
    writeFileSync(keyFile, right)
    await server.start()
  })

  test('are none that somebody else has put there: neither a start nor a reseal takes it', async () => {
    const change = (sql: string): void => {
      const database = new DatabaseSync(server.site.database)
      database.exec(sql)
      database.close()
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }))
    await server.stop()
    change(`
      INSERT INTO keys SELECT service, 'planted', created_at, retires_at,
        json_set(data, '$.kid', 'planted', '$.material', '${jwk}')
      FROM keys WHERE data ->> 'algorithm' = 'ES256'`)
    for (const command of ['serve', 'keys rotate', 'keys reseal'])
      assertComplains(await run(command), /^The key planted of https:\S+ is not sealed\./)
    assert.match(assertWell(await run('keys list')).stdout, /^planted .* nothing$/m)
    change("DELETE FROM keys WHERE kid = 'planted'")
    await server.start()
  })

  test('are never kept without a master key', async () => {
    const settings: object = JSON.parse(readFileSync(server.site.configFile, 'utf8'))
    const config = join(server.site.folder, 'without.json')
    writeFileSync(
      config,
      JSON.stringify({ ...settings, master_key: undefined, store: { sqlite: 'new.db' } }),
    )
    for (const words of ['serve', 'serve --workers 2']) {
      const ran = await signet([...words.split(' '), '--config', config])
      assertComplains(ran, /signet keys master > master\.key/)
    }
    const { stdout } = assertWell(await signet(['config', 'validate', '--config', config]))
    assert.match(stdout, /is valid: .*\nsignet serve needs a master_key too/)
    assert.ok(!readdirSync(server.site.folder).includes('new.db'))
  })
})

test('a master key is made by command, another one each time', async () => {
  const made = await Promise.all([signet(['keys', 'master']), signet(['keys', 'master'])])
  const keys = made.map((ran) => assertWell(ran).stdout)
  for (const key of keys) assert.match(key, /^[\w-]{43}\n$/)
  assert.notEqual(keys[0], keys[1])
})

function assertWell(ran: Ran): Ran {
  assert.equal(ran.code, 0, ran.stderr)
  return ran
}

/** One readable complaint and no stack. */
function assertComplains({ code, stderr, stdout }: Ran, message: RegExp): void {
  assert.notEqual(code, 0, stdout)
  assert.match(stderr, message)
  assert.doesNotMatch(stderr, /\n +at |node:internal/)
}
