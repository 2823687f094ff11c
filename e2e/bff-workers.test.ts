import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser } from './flow/browser.ts'
import { AppBrowser } from './testing/app-browser.ts'
import { NOTHING, serveBffSite, type BffSite } from './testing/bff-site.ts'
import { Load } from './testing/load.ts'
import { passThrough } from './testing/peer.ts'
import { TinyApi } from './testing/tiny-api.ts'
import { roll, until, workersOf } from './testing/workers.ts'

let api: TinyApi
let site: BffSite
let person: AppBrowser
before(async () => {
  api = await new TinyApi().listen()
  site = await serveBffSite(api.origin, { ...NOTHING, options: ['--workers', '2'] })
  person = await logIn()
})
after(async () => {
  await site.close()
  api.close()
})

async function logIn(): Promise<AppBrowser> {
  const app = new AppBrowser(site.app)
  const begun = await app.open('/bff/login?returnUrl=%2F')
  const link = new URL(begun.headers.location ?? '')
  await app.open(await passThrough(new Browser(site.issuer), link), 'cross-site')
  return app
}

/** On a connection of its own, which either worker may take. */
const ALONE = { headers: { connection: 'close' } }

async function call(): Promise<void> {
  const { status } = await person.call('/api/balance', ALONE)
  assert.equal(status, 200)
}

/** How many calls each of the two has brought to the API. */
async function proxiedByEach(): Promise<readonly number[]> {
  const answer = await fetch(`${site.management}/metrics`)
  const text = await answer.text()
  return [1, 2].map((worker) => {
    const series = `^signet_bff_proxied_requests_total\\{status="2xx",worker="${worker}"\\} (\\d+)$`
    return Number(new RegExp(series, 'm').exec(text)?.[1] ?? 0)
  })
}

async function readiness(): Promise<Readonly<Record<string, { readonly detail?: string }>>> {
  const answer = await fetch(`${site.management}/readyz`)
  const { checks } = Object(await answer.json())
  return Object.fromEntries(checks.map((check: { readonly name: string }) => [check.name, check]))
}

test('two workers of a BFF serve one session, and are ready together', async () => {
  await until(async () => {
    await call()
    return (await proxiedByEach()).every((count) => count > 0)
  })
  assert.deepEqual(Object.keys(await readiness()), [
    'accepting',
    'workers',
    'authorization_server',
    'session_store',
  ])
})

test('no call is lost while the workers of a BFF are replaced', async () => {
  const old = workersOf(site.bff)
  const load = new Load().repeat(3, call)
  await load.more(20)
  await roll(site.bff)
  await load.more(20)
  await load.stop()
  assert.deepEqual(load.failures, [])
  const now = workersOf(site.bff)
  assert.equal(now.length, 2)
  assert.ok(now.every((pid) => !old.includes(pid)))
})

test('a worker of a BFF that is killed is replaced', async () => {
  const [victim = 0] = workersOf(site.bff)
  process.kill(victim, 'SIGKILL')
  await until(() => site.bff.output().includes('a worker died'))
  await until(async () => (await readiness())['workers']?.detail === undefined)
  await call()
})
