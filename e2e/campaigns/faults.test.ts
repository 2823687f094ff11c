import { startTestServer } from '@signet/store/postgres-testing'
import { startRedis } from '@signet/store/redis-testing'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { signet } from '../testing/cli.ts'
import { json, member, type Answer } from '../testing/https.ts'
import { codeOf, granted, Peer, type Granted } from '../testing/peer.ts'
import { serveOn, type ServerProcess } from '../testing/server-process.ts'
import { createSite, serviceFor, type Site } from '../testing/site.ts'
import { readinessOf, until, workersOf } from '../testing/workers.ts'
import { untilDecided } from './ledger.ts'
import { layLine, type SlowLine } from './slow-line.ts'

const app = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

const CLIENTS = [app.metadata()]

describe('a fault of the store', { concurrency: true }, () => {
  test('SQLite: a file another process does not let go of is 503 for a moment, and loses nothing', async (t) => {
    const server = await served(t, await createSite(serviceFor(CLIENTS)))
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
    const server = await served(t, await siteOn(disk))
    const kept = await acknowledged(server)
    fill(disk)
    // What fits into pages that are there already may still be kept, until there are none.
    assertPutOff(await untilRefused(() => kept.client.push()))
    assert.equal((await kept.client.userinfo(kept.tokens.accessToken)).status, 503)
    rmSync(join(disk, 'filler'))
    await holds(kept, server.site)
  })

  test('SQLite: a file that cannot be written stops the start with a reason, and nothing is lost', async (t) => {
    const disk = mountDisk(t, '16m')
    const server = await served(t, await siteOn(disk))
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

  test('SQLite: workers that cannot write the file come up by themselves when they can', async (t) => {
    const disk = mountDisk(t, '16m')
    const server = await served(t, await siteOn(disk), ['--workers', '2'])
    const kept = await acknowledged(server)
    server.send('SIGSTOP')
    for (const pid of workersOf(server)) process.kill(pid, 'SIGKILL')
    await until(() => isRemounted('ro', disk))
    server.send('SIGCONT')
    await until(() => /readonly|read-only/i.test(server.output()))
    const { status, checks } = await readinessOf(server)
    assert.equal(status, 503)
    assert.equal(checks['workers']?.ok, false)
    assert.ok(isRemounted('rw', disk))
    await holds(kept, server.site)
  })

  test('PostgreSQL: slow it is slow, too slow it is 503, and cut off it decides nothing twice', async (t) => {
    const postgres = await startTestServer({ fsync: true })
    t.after(() => postgres.dispose())
    const line = await layLine(`${postgres.directory}/.s.PGSQL.${postgres.port}`)
    t.after(() => line.close())
    const { pathname } = new URL((await postgres.createDatabase()).replace('@/', '@localhost/'))
    const url = `postgres://signet@127.0.0.1:${line.port}${pathname}`
    await bears(t, line, { store: { postgres: url }, delay: 200, redemption: 'codes.redeem' })
  })

  test('Redis: slow it is slow, too slow it is 503, and cut off it decides nothing twice', async (t) => {
    const redis = await startRedis({ appendfsync: 'always' })
    t.after(() => redis.stop())
    const line = await layLine(redis.port)
    t.after(() => line.close())
    const store = { sqlite: './signet.db', redis: `redis://127.0.0.1:${line.port}` }
    await bears(t, line, { store, delay: 100, redemption: '\r\nredeem\r\n' })
  })
})

interface Kept {
  readonly client: Peer
  readonly tokens: Granted
  readonly revoked: Granted
}

interface Line {
  readonly store: object
  /** In milliseconds, how slow it may be. */
  readonly delay: number
  /** What is in the words by which a code is redeemed, and in no other. */
  readonly redemption: string
}

/** Proves what a server does whose line to its store is slow, too slow, and cut. */
async function bears(t: TestContext, line: SlowLine, how: Line): Promise<void> {
  const server = await served(t, await createSite(serviceFor(CLIENTS, { store: how.store })))
  const kept = await acknowledged(server)
  const { client } = kept
  line.delay = how.delay
  const tokens = await client.logIn()
  line.delay = 30_000
  await refusesAll(client)
  line.delay = 0
  await holds({ ...kept, tokens }, server.site)

  const unheard = codeOf(await client.authorize())
  line.cut('before', how.redemption)
  assertPutOff(await client.exchange(unheard))
  granted(await untilDecided(() => client.exchange(unheard)))
  await isUsed(client, unheard)

  const untold = codeOf(await client.authorize())
  line.cut('after', how.redemption)
  assertPutOff(await client.exchange(untold))
  await isUsed(client, untold)
  line.cut('after', how.redemption)
  assertPutOff(await client.exchange(untold))
  await isUsed(client, untold)
  await holds(kept, server.site)
}

async function isUsed(client: Peer, code: string): Promise<void> {
  const again = await untilDecided(() => client.exchange(code))
  assert.equal(member(again, 'error'), 'invalid_grant')
}

function siteOn(disk: string): Promise<Site> {
  return createSite(serviceFor(CLIENTS, { store: { sqlite: join(disk, 'signet.db') } }))
}

async function served(
  t: TestContext,
  site: Site,
  options: readonly string[] = [],
): Promise<ServerProcess> {
  const server = await serveOn(site, site.configFile, ['--migrate', ...options])
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
  if (process.getuid?.() === 0) execFileSync(command, words, { stdio: 'pipe' })
  else execFileSync('sudo', ['-n', command, ...words], { stdio: 'pipe' })
}

function fill(disk: string): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize))
}

async function untilRefused(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answers = await Promise.all(Array.from({ length: 16 }, ask))
    const refusal = answers.find(({ status }) => status !== 201)
    if (refusal !== undefined) return refusal
  }
  throw new Error('the disk is never full')
}

/** Whether nobody has anything open that is in the way. */
function isRemounted(how: 'ro' | 'rw', disk: string): boolean {
  try {
    asRoot('mount', ['-o', `remount,${how}`, disk])
    return true
  } catch {
    return false
  }
}
