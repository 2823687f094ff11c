import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { headerOf } from './testing/claims.ts'
import { signet, type Ran } from './testing/cli.ts'
import { ask, json, member } from './testing/https.ts'
import { codeOf, Peer, type Granted } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { SCOPES, USERS } from './testing/site.ts'

/** One key and one client_id everywhere: whatever still tells the services apart is theirs. */
const key = generateSigningKey('ES256')
const everywhere = new Peer({ clientId: 'app', scope: 'openid accounts offline_access', key })
const onlyAtRoot = new Peer({ clientId: 'lonely' })

/** Where the services are, below the port. */
const issuersAt = (origin: string): readonly string[] => [
  origin,
  `${origin}/bank`,
  `${origin}/bank/private`,
  origin.replace('localhost', 'a.localhost'),
]

const NAMES = ['the root', 'a path', 'a path below a path', 'a host'] as const

let server: ServerProcess
let issuers: readonly string[]
let clients: readonly Peer[]

before(async () => {
  server = await serve((origin) => ({
    services: issuersAt(origin).map((issuer, index) => ({
      issuer,
      name: `Service ${index}`,
      clients: [everywhere.metadata(), ...(index === 0 ? [onlyAtRoot.metadata()] : [])],
      scopes:
        index === 0
          ? SCOPES
          : {
              accounts: { description: { en: 'Accounts elsewhere' } },
              payments: { description: { en: 'Payments elsewhere' } },
            },
      users: USERS,
      lifetimes: { pushed_request: 60 + index },
    })),
  }))
  issuers = issuersAt(server.site.origin)
  clients = issuers.map((issuer) => everywhere.at(issuer))
})
after(async () => {
  await server.stop()
  server.site.remove()
})

for (const [index, name] of NAMES.entries()) {
  describe(`a service at ${name}`, () => {
    const own = (): Peer => {
      const client = clients[index]
      assert.ok(client)
      return client
    }
    const others = (): readonly Peer[] => clients.filter((_, other) => other !== index)

    test('SP-AS-01 META-02 publishes its own metadata at both well-known addresses', async () => {
      const { issuer } = own()
      const { origin, pathname } = new URL(issuer)
      const path = pathname === '/' ? '' : pathname
      for (const kind of ['openid-configuration', 'oauth-authorization-server']) {
        for (const url of [
          `${issuer}/.well-known/${kind}`,
          `${origin}/.well-known/${kind}${path}`,
        ]) {
          const answer = await ask(url)
          assert.equal(answer.status, 200, url)
          assert.match(String(answer.headers['content-type']), /^application\/json/)
          const metadata = json(answer)
          assert.equal(metadata['issuer'], issuer)
          for (const [member_, value] of Object.entries(metadata)) {
            if (/_endpoint$|_uri$/.test(member_))
              assert.ok(String(value).startsWith(`${issuer}/`), `${member_} ${String(value)}`)
          }
        }
      }
    })

    test('SP-AZ-07 completes its own flow under its own settings', async () => {
      const client = own()
      const pushed = await client.push()
      assert.equal(json(pushed)['expires_in'], 60 + index)
      const answer = await client.authorize()
      assert.equal(answer.searchParams.get('iss'), client.issuer)
      const { accessToken } = await client.logIn()
      assert.equal((await client.userinfo(accessToken)).status, 200)
    })

    test('SP-AS-08 takes no assertion made for another', async () => {
      for (const { issuer } of others()) {
        const answer = await own().push({ assertion: { claims: { aud: issuer } } })
        assert.equal(answer.status, 401)
        assert.equal(member(answer, 'error'), 'invalid_client')
      }
    })

    test('DPOP-PRF-09 takes no proof made for another', async () => {
      for (const other of others()) {
        const answer = await own().push({ proof: { claims: { htu: other.endpoint('par') } } })
        assert.equal(member(answer, 'error'), 'invalid_dpop_proof')
      }
    })

    test('knows no request, code, token or key of another', async () => {
      const client = own()
      const tokens = await client.logIn()
      const code = codeOf(await client.authorize())
      const pushed = await client.push()
      for (const other of others()) {
        const place = await other.browser().open(linkWith(other, member(pushed, 'request_uri')))
        assert.ok(!(place instanceof URL) && place.status === 400, 'a request of another')
        assert.equal(
          member(await other.exchange(code, sameProof(client)), 'error'),
          'invalid_grant',
        )
        await assertUnknown(other, client, tokens)
      }
      assert.equal((await client.exchange(code)).status, 200, 'nobody else has spent it')
      const kids = await Promise.all(clients.map(kidsOf))
      const { kid } = headerOf(tokens.accessToken)
      assert.deepEqual(
        kids.map((each) => each.includes(String(kid))),
        kids.map((_, each) => each === index),
      )
    })

    test('PKJ-06 remembers the jti it has seen itself, and no others', async () => {
      const claims = { jti: randomUUID() }
      for (const client of clients) {
        const first = await client.push({ assertion: { claims }, proof: { claims } })
        assert.equal(first.status, 201, first.body)
        const second = await client.push({ assertion: { claims } })
        assert.equal(second.status, 401)
      }
    })
  })
}

test('a client of one service is nobody at another', async () => {
  const [root = '', ...elsewhere] = issuers
  assert.equal((await onlyAtRoot.at(root).push()).status, 201)
  for (const issuer of elsewhere) {
    const answer = await onlyAtRoot.at(issuer).push()
    assert.equal(answer.status, 401)
    assert.equal(member(answer, 'error'), 'invalid_client')
  }
})

test('the operator explains an event by its error_uri, which names the service', async () => {
  const run = (...args: readonly string[]): Promise<Ran> =>
    signet(['explain', ...args, '--config', server.site.configFile])
  for (const issuer of issuers.slice(1)) {
    const errorUri = member(await onlyAtRoot.at(issuer).push(), 'error_uri')
    const { code, stdout } = await run(errorUri)
    assert.equal(code, 0)
    assert.match(stdout, /^Client +lonely$/m)
    const id = errorUri.slice(errorUri.lastIndexOf('/') + 1)
    assert.match((await run(id)).stderr, /Add --issuer with one of/)
    assert.match((await run(id, '--issuer', issuers[0] ?? '')).stderr, /no event/)
  }
})

test('a login at one service is none at another, and leaves the login there as it is', async () => {
  const [root, path] = clients
  assert.ok(root && path)
  const browser = root.browser()
  codeOf(await root.authorize(browser))
  const page = await browser.open(path.link(await path.push()))
  assert.ok(!(page instanceof URL) && page.html.includes('id="password"'), 'logged in elsewhere')
  codeOf(await path.authorize(browser))
  for (const client of [root, path]) {
    const place = await browser.open(client.link(await client.push()))
    assert.ok(place instanceof URL, `the login at ${client.issuer} is gone`)
    assert.equal(place.searchParams.get('iss'), client.issuer)
  }
})

test('a host that no service has is not served', async () => {
  const { port } = server.site
  const url = `https://localhost:${port}/.well-known/openid-configuration`
  for (const host of [`b.localhost:${port}`, 'evil.example', `localhost:${port + 1}`]) {
    const { status, body } = await ask(url, { headers: { host } })
    assert.ok(status >= 400 && status < 500, `${host}: ${status}`)
    assert.doesNotMatch(body, /_endpoint/)
  }
})

/** Signs proofs with the key the grant is bound to, so that nothing else is wrong. */
function sameProof({ proofKey }: Peer): { readonly proof: { readonly key: typeof proofKey } } {
  return { proof: { key: proofKey } }
}

function linkWith(client: Peer, requestUri: string): URL {
  const url = new URL(client.endpoint('authorize'))
  url.search = new URLSearchParams({
    client_id: client.clientId,
    request_uri: requestUri,
  }).toString()
  return url
}

async function assertUnknown(
  other: Peer,
  client: Peer,
  { accessToken, refreshToken = '' }: Granted,
): Promise<void> {
  const proof = sameProof(client)
  assert.equal((await other.userinfo(accessToken, proof)).status, 401)
  assert.equal(json(await other.introspect(accessToken))['active'], false)
  assert.equal(json(await other.introspect(refreshToken))['active'], false)
  assert.equal(member(await other.refresh(refreshToken, proof), 'error'), 'invalid_grant')
  await other.revoke(refreshToken)
  assert.equal(json(await client.introspect(refreshToken))['active'], true, 'another revoked it')
}

async function kidsOf(client: Peer): Promise<readonly string[]> {
  const { keys } = json(await ask(client.endpoint('jwks')))
  assert.ok(Array.isArray(keys) && keys.length > 0)
  return keys.map(({ kid }) => String(kid))
}
