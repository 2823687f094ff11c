import { loadConfig, startServer } from '@signet/server'
import { startTestServer } from '@signet/store/postgres-testing'
import { startRedis } from '@signet/store/redis-testing'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { signet } from '../testing/cli.ts'
import { json, member, type Answer } from '../testing/https.ts'
import { codeOf, granted, Peer, type Granted } from '../testing/peer.ts'
import { serveOn, type ServerProcess } from '../testing/server-process.ts'
import { createSite, SCOPES, USERS, type Site } from '../testing/site.ts'
import { untilDecided } from './ledger.ts'
import { layLine } from './slow-line.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

const configure =
  (store: object = {}) =>
  (issuer: string): object => ({
    issuer,
    clients: [app.metadata()],
    scopes: SCOPES,
    users: USERS,
    ...store,
  })

test('SQLite: a file another process does not let go of is 503 for a moment, and loses nothing', async (t) => {
  const server = await served(t, await createSite(configure()))
  const kept = await acknowledged(server)
  const other = new DatabaseSync(server.site.database)
  other.exec('BEGIN IMMEDIATE')
  await refusesAll(kept.client)
  other.exec('ROLLBACK')
  other.close()
  await holds(kept, server.site)
})

test('SQLite: a disk that is full is 503, and whatever was acknowledged before is there', async (t) => {
  const disk = mountDisk(t, '6m')
  const server = await served(
    t,
    await createSite(configure({ store: { sqlite: join(disk, 'signet.db') } })),
  )
  const kept = await acknowledged(server)
  fill(disk)
  // What fits into pages that are there already may still be kept, until there are none.
  const refusal = await untilRefused(() => kept.client.push())
  assertPutOff(refusal)
  assert.equal((await kept.client.userinfo(kept.tokens.accessToken)).status, 503)
  rmSync(join(disk, 'filler'))
  await holds(kept, server.site)
})

test('SQLite: a file that cannot be written stops the start with a reason, and nothing is lost', async (t) => {
  const disk = mountDisk(t, '16m')
  const server = await served(
    t,
    await createSite(configure({ store: { sqlite: join(disk, 'signet.db') } })),
  )
  const kept = await acknowledged(server)
  await server.stop()
  asRoot('mount', ['-o', 'remount,ro', disk])
  const ran = await signet(['serve', '--config', server.site.configFile])
  assert.notEqual(ran.code, 0)
  assert.match(ran.stderr, /readonly|read-only/i)
  asRoot('mount', ['-o', 'remount,rw', disk])
  await server.start()
  await holds(kept, server.site)
})

test('PostgreSQL: slow it is slow, too slow it is 503, and cut off it decides nothing twice', async (t) => {
  const postgres = await startTestServer({ fsync: true })
  t.after(() => postgres.dispose())
  const line = await layLine(`${postgres.directory}/.s.PGSQL.${postgres.port}`)
  t.after(() => line.close())
  const { pathname } = new URL((await postgres.createDatabase()).replace('@/', '@localhost/'))
  const url = `postgres://signet@127.0.0.1:${line.port}${pathname}`
  const server = await served(t, await createSite(configure({ store: { postgres: url } })))
  const kept = await acknowledged(server)
  const { client } = kept

  line.delay = 200
  const tokens = await client.logIn()
  line.delay = 30_000
  await refusesAll(client)
  line.delay = 0
  await holds({ ...kept, tokens }, server.site)

  await cutInTheMiddle(client, () => line.cutNextAnswer())
  await holds(kept, server.site)
})

test('Redis: slow it is slow, too slow it is 503, and cut off it decides nothing twice', async (t) => {
  const redis = await startRedis({ appendfsync: 'always' })
  t.after(() => redis.stop())
  const line = await layLine(redis.port)
  t.after(() => line.close())
  const store = { sqlite: './signet.db', redis: `redis://127.0.0.1:${line.port}` }
  const server = await served(t, await createSite(configure({ store })))
  const kept = await acknowledged(server)
  const { client } = kept

  line.delay = 100
  const tokens = await client.logIn()
  line.delay = 30_000
  await refusesAll(client)
  line.delay = 0
  await holds({ ...kept, tokens }, server.site)

  await cutInTheMiddle(client, () => line.cutNextAnswer())
  await holds(kept, server.site)
})

test('a clock that steps back ten minutes, and on again, revives nothing and ends nothing', async (t) => {
  const site = await createSite(configure())
  t.after(() => site.remove())
  let offset = 0
  const milliseconds = (): number => Date.now() + offset * 1_000
  const now = (): number => Math.floor(milliseconds() / 1_000)
  const server = await startServer(loadConfig(site.configFile, {}), {
    clock: { now, milliseconds },
    log: { write: () => undefined },
  })
  t.after(() => server.close())
  const client = app.at(site.origin)
  const timely = (): object => ({
    assertion: { claims: { iat: now(), exp: now() + 60 } },
    proof: { claims: { iat: now() } },
  })
  const introspected = async (token: string): Promise<unknown> =>
    json(await client.introspect(token, { ...timely(), proof: null }))['active']
  const code = codeOf(await client.authorize())
  const { accessToken: lost } = granted(await client.exchange(code))
  const kept = await client.logIn()
  const revoked = await client.logIn()
  assert.equal((await client.revoke(revoked.refreshToken ?? '')).status, 200)
  const assertion = client.assertion()
  assert.equal((await client.push({ assertion })).status, 201)

  for (const step of [-600, 0]) {
    offset = step
    client.nonce = undefined
    const pushed = await client.push(timely())
    assert.equal(pushed.status, 201, pushed.body)
    assert.equal(await introspected(kept.refreshToken ?? ''), true)
    const refreshed = await client.refresh(kept.refreshToken ?? '', timely())
    assert.equal(await introspected(granted(refreshed).accessToken), true)
    assert.equal(await introspected(revoked.refreshToken ?? ''), false)
    assert.equal(await introspected(revoked.accessToken), false)
    const again = await client.push({ ...timely(), assertion })
    assert.equal(member(again, 'error'), 'invalid_client')
    assert.equal(member(await client.exchange(code, timely()), 'error'), 'invalid_grant')
    assert.equal(await introspected(lost), false)
  }
})

interface Kept {
  readonly client: Peer
  readonly tokens: Granted
  readonly revoked: Granted
}

async function served(t: TestContext, site: Site): Promise<ServerProcess> {
  const migrated = await signet(['migrate', '--apply', '--config', site.configFile])
  assert.equal(migrated.code, 0, migrated.stderr)
  const server = await serveOn(site, site.configFile)
  t.after(async () => {
    await server.kill()
    site.remove()
  })
  return server
}

async function acknowledged({ site }: Pick<ServerProcess, 'site'>): Promise<Kept> {
  const client = app.at(site.origin)
  const [tokens, revoked] = [await client.logIn(), await client.logIn()]
  assert.equal((await client.revoke(revoked.refreshToken ?? '')).status, 200)
  return { client, tokens, revoked }
}

/** By itself, in a while: what was alive is, what was over is, and the audit tells it all. */
async function holds({ client, tokens, revoked }: Kept, { configFile }: Site): Promise<void> {
  const active = async (token = ''): Promise<unknown> =>
    json(await untilDecided(() => client.introspect(token)))['active']
  assert.equal((await untilDecided(() => client.push())).status, 201)
  assert.equal(await active(tokens.refreshToken), true)
  assert.equal(await active(tokens.accessToken), true)
  assert.equal(await active(revoked.refreshToken), false)
  assert.equal(await active(revoked.accessToken), false)
  const refreshed = await untilDecided(() => client.refresh(tokens.refreshToken ?? ''))
  assert.equal(refreshed.status, 200)
  const ran = await signet(['audit', 'verify', '--config', configFile])
  assert.equal(ran.code, 0, ran.stdout)
}

/** Many at once are put off, all of them in time. */
async function refusesAll(client: Peer): Promise<void> {
  const began = performance.now()
  const answers = await Promise.all([
    ...Array.from({ length: 5 }, () => client.push()),
    ...Array.from({ length: 5 }, () => client.credentials()),
  ])
  for (const answer of answers) assertPutOff(answer)
  assert.ok(performance.now() - began < 15_000, 'it took too long to say no')
}

function assertPutOff(answer: Answer): void {
  assert.equal(answer.status, 503, answer.body)
  assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
  assert.equal(member(answer, 'error'), 'temporarily_unavailable')
}

/** The store does what it is asked, and the line breaks before it can say so. */
async function cutInTheMiddle(client: Peer, cut: () => void): Promise<void> {
  const code = codeOf(await client.authorize())
  cut()
  const answers: Answer[] = []
  for (let attempt = 0; attempt < 3; attempt += 1) {
    answers.push(await client.exchange(code))
    await sleep(500)
  }
  const last = await untilDecided(() => client.exchange(code))
  assert.equal(member(last, 'error'), 'invalid_grant')
  const successes = answers.filter(({ status }) => status === 200)
  assert.ok(successes.length <= 1)
  for (const answer of answers) if (answer.status === 503) assertPutOff(answer)
  assert.ok(
    answers.some(({ status }) => status === 503),
    'nothing was cut',
  )
}

/** A file system of its own, so small that it can be filled. */
function mountDisk(t: TestContext, size: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'signet-disk-'))
  asRoot('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  t.after(() => {
    asRoot('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function asRoot(command: string, words: readonly string[]): void {
  if (process.getuid?.() === 0) execFileSync(command, words)
  else execFileSync('sudo', ['-n', command, ...words])
}

function fill(disk: string): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize))
}

async function untilRefused(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const answer = await ask()
    if (answer.status !== 201) return answer
  }
  throw new Error('the disk is never full')
}
