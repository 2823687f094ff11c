import { decodeJwt, importJwks, verifySignature } from '@signet/protocol'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { CREDENTIAL } from './testing/authority.ts'
import { portOf } from './testing/free-ports.ts'
import { ask, json } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const AFTER = 'https://client.example/bye'
const asking = { scope: 'openid offline_access' }
const listening = new Peer({ clientId: 'listening', ...asking })
const failing = new Peer({ clientId: 'failing', ...asking })
const hanging = new Peer({ clientId: 'hanging', ...asking })
/** Wants its notices at a private address that the operator did not allow. */
const probing = new Peer({ clientId: 'probing', ...asking })

interface Notice {
  readonly path: string
  readonly contentType: string | undefined
  readonly token: string
}

/** Where the clients wait for logout tokens. */
let receiver: Server
let server: ServerProcess
const notices: Notice[] = []
let failures = 2

before(async () => {
  const { certificate: cert, key } = CREDENTIAL
  receiver = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? ''
      const token = new URLSearchParams(body).get('logout_token') ?? ''
      notices.push({ path, contentType: request.headers['content-type'], token })
      if (path === '/hanging') return
      const isFailing = path === '/failing' && (failures -= 1) >= 0
      response.writeHead(isFailing ? 500 : 200).end()
      receiver.emit('notice')
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const at = (host: string, peer: Peer): object =>
    peer.metadata({
      post_logout_redirect_uris: [AFTER],
      backchannel_logout_uri: `https://${host}:${portOf(receiver)}/${peer.clientId}`,
      backchannel_logout_session_required: true,
    })
  server = await serve(
    serviceFor(
      [
        at('localhost', listening),
        at('localhost', failing),
        at('localhost', hanging),
        at('127.0.0.1', probing),
      ],
      { outgoing: { allow_private_hosts: ['localhost'], trusted_cas: ['ca.pem'] } },
    ),
  )
})
after(async () => {
  receiver.close()
  receiver.closeAllConnections()
  await server.stop()
  server.site.remove()
})

const received = (name: string): readonly Notice[] =>
  notices.filter(({ path }) => path === `/${name}`)

async function until(holds: () => boolean): Promise<void> {
  const giveUp = AbortSignal.timeout(15_000)
  while (!holds()) {
    giveUp.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('LOG-06 back-channel logout is announced', async () => {
  const metadata = json(await ask(`${server.site.origin}/.well-known/openid-configuration`))
  assert.equal(metadata['backchannel_logout_supported'], true)
  assert.equal(metadata['backchannel_logout_session_supported'], true)
})

test('LOG-07 LOG-10 a logout reaches every client of the session, and keeps the user waiting for none', async () => {
  const { origin } = server.site
  const [first, ...others] = [listening, failing, hanging, probing].map((peer) => peer.at(origin))
  assert.ok(first)
  const browser = first.browser()
  const { idToken = '' } = await first.logIn(browser)
  for (const peer of others) await peer.logIn(browser)
  assert.deepEqual(notices, [])

  const url = new URL(`${origin}/logout`)
  url.search = String(
    new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: AFTER }),
  )
  const begun = performance.now()
  const place = await browser.open(url)
  assert.ok(place instanceof URL && place.href === AFTER)
  assert.ok(performance.now() - begun < 1_500, 'the user waits for the clients')

  await until(() => received('listening').length === 1)
  const [notice = assert.fail()] = received('listening')
  assert.equal(notice.contentType, 'application/x-www-form-urlencoded')
  const jwt = decodeJwt(notice.token)
  assert.equal(jwt.header.typ, 'logout+jwt')
  const { keys } = importJwks(json(await ask(`${origin}/jwks`)))
  assert.ok(keys.some((key) => key.kid === jwt.header.kid && verifySignature(jwt, key)))
  const { iss, sub, aud, sid, iat, exp, nonce, events } = jwt.claims
  const hint = decodeJwt(idToken).claims
  assert.deepEqual([iss, sub, aud, sid], [origin, hint['sub'], 'listening', hint['sid']])
  assert.equal(Number(exp) - Number(iat), 120)
  assert.equal(nonce, undefined)
  assert.deepEqual(events, { 'http://schemas.openid.net/event/backchannel-logout': {} })

  await until(() => received('failing').length === 3 && received('hanging').length === 3)
  assert.deepEqual(received('probing'), [])
  // A failure is an event the operator finds.
  await until(() => /"step":"backchannel-logout","clientId":"probing"/.test(server.output()))
  assert.doesNotMatch(server.output(), /eyJ/)
  const metrics = await fetch(`http://127.0.0.1:${server.site.managementPort}/metrics`)
  const lines = await metrics.text()
  assert.match(lines, /^signet_logout_notices_total\{result="delivered"\} 2$/m)
  assert.match(lines, /^signet_logout_notices_total\{result="private_address"\} 1$/m)
})

test('LOG-10 a login of somebody else tells the clients of the session before', async () => {
  const peer = listening.at(server.site.origin)
  const browser = peer.browser()
  const { idToken = '' } = await peer.logIn(browser)
  const heard = received('listening').length
  const link = peer.link(await peer.push({ form: { prompt: 'login' } }))
  const page = await browser.open(link)
  assert.ok(!(page instanceof URL))
  await browser.press(page, 'login', { username: 'bob', password: 'wonderland' })
  await until(() => received('listening').length > heard)
  const { sub, sid } = decodeJwt(received('listening').at(-1)?.token ?? '').claims
  const hint = decodeJwt(idToken).claims
  assert.deepEqual([sub, sid], [hint['sub'], hint['sid']])
})
