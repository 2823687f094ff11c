import { accessTokenHash } from '@signet/protocol'
import { createRequestObject } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { CREDENTIAL } from './testing/authority.ts'
import { headerOf } from './testing/claims.ts'
import { signet } from './testing/cli.ts'
import { portOf } from './testing/free-ports.ts'
import { ask, json, member, type Answer } from './testing/https.ts'
import { startJwksServer, type JwksServer } from './testing/jwks-server.ts'
import { codeOf, granted, Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const KINDS = [
  'client assertion',
  'DPoP proof',
  'request object',
  'access token',
  'access token of the client itself',
  'ID token',
  'authorization response',
  'introspection response',
  'userinfo response',
  'logout token',
] as const
type Kind = (typeof KINDS)[number]

const AFTER = 'https://client.example/bye'
const SCOPE = 'openid profile accounts offline_access'

/**
 * The most dangerous client there can be: it publishes, beside its own key, those of the server, and it is called as the user is.
 * Whatever the server signs is then signed by a key of this client, too.
 */
const unplaced = new Peer({ clientId: 'alice', scope: SCOPE })

let server: ServerProcess
let jwks: JwksServer
let receiver: Server
let client: Peer
let tokens: Readonly<Record<Kind, string>>

before(async () => {
  jwks = await startJwksServer()
  const { certificate: cert, key } = CREDENTIAL
  const heard: string[] = []
  receiver = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      heard.push(new URLSearchParams(body).get('logout_token') ?? '')
      response.end()
      receiver.emit('logout')
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const { jwks: _own, ...metadata } = unplaced.metadata()
  server = await serve(
    serviceFor(
      [
        {
          ...metadata,
          jwks_uri: jwks.publish('alice', [unplaced.key.publicJwk]),
          post_logout_redirect_uris: [AFTER],
          userinfo_signed_response_alg: 'ES256',
          backchannel_logout_uri: `https://localhost:${portOf(receiver)}/`,
        },
      ],
      { outgoing: { allow_private_hosts: ['localhost', jwks.host], trusted_cas: ['ca.pem'] } },
    ),
  )
  client = unplaced.at(server.site.origin)
  const { keys } = json(await ask(client.endpoint('jwks')))
  assert.ok(Array.isArray(keys))
  jwks.publish('alice', [client.key.publicJwk, ...keys])
  tokens = await collect(heard)
})
after(async () => {
  receiver.close()
  receiver.closeAllConnections()
  jwks.close()
  await server.stop()
  server.site.remove()
})

/** Has one of each kind made, by whoever makes it, for this client and this user. */
async function collect(heard: readonly string[]): Promise<Record<Kind, string>> {
  const browser = client.browser()
  const response = (await client.authorize(browser, { form: { response_mode: 'jwt' } }))
    .searchParams
  const code = codeOf(await client.authorize(browser))
  const { accessToken, idToken = '' } = granted(await client.exchange(code))
  const headers = { accept: 'application/token-introspection+jwt' }
  const introspected = await client.introspect(accessToken, { headers })
  const { body: told } = await client.userinfo(accessToken)
  const own = await client.credentials()
  const logout = new URL(client.endpoint('logout'))
  logout.searchParams.set('id_token_hint', idToken)
  const ended = once(receiver, 'logout')
  await browser.open(logout)
  await ended
  const again = await client.logIn()
  return {
    'client assertion': client.assertion(),
    'DPoP proof': client.proof(client.endpoint('token')),
    'request object': requestObject(),
    'access token': again.accessToken,
    'access token of the client itself': member(own, 'access_token'),
    'ID token': again.idToken ?? '',
    'authorization response': response.get('response') ?? '',
    'introspection response': introspected.body,
    'userinfo response': told,
    'logout token': heard[0] ?? '',
  }
}

function requestObject(): string {
  const { key, clientId, issuer } = client
  const signer = { key, clientId, issuer, now: Math.floor(Date.now() / 1_000) }
  return createRequestObject(signer, client.request())
}

/** Where JWTs are taken: which kind, and what says that one was. */
interface Intake {
  readonly takes: readonly Kind[]
  readonly offer: (token: string) => Promise<Answer>
  readonly taken: (answer: Answer) => boolean
}

const isOk = ({ status }: Answer): boolean => status < 300

/** A userinfo request with a proof that fits the token. */
function asAccessToken(token: string): Promise<Answer> {
  const claims = { htm: 'GET', ath: accessTokenHash(token) }
  const dpop = client.proof(client.endpoint('userinfo'), { claims })
  return ask(client.endpoint('userinfo'), { headers: { authorization: `DPoP ${token}`, dpop } })
}

function asLogoutHint(token: string): Promise<Answer> {
  const url = new URL(client.endpoint('logout'))
  url.search = String(
    new URLSearchParams({ id_token_hint: token, post_logout_redirect_uri: AFTER }),
  )
  return ask(url)
}

const INTAKES: Readonly<Record<string, Intake>> = {
  'client_assertion at the token endpoint': {
    takes: ['client assertion'],
    offer: (assertion) => client.credentials({ assertion }),
    taken: isOk,
  },
  'client_assertion at introspection': {
    takes: ['client assertion'],
    offer: (assertion) => client.introspect('x', { assertion }),
    taken: isOk,
  },
  request: {
    takes: ['request object'],
    offer: (request) => client.send('par', { client_id: client.clientId, request }),
    taken: isOk,
  },
  'the DPoP header': {
    takes: ['DPoP proof'],
    offer: (proof) => client.credentials({ proof }),
    taken: isOk,
  },
  'the access token at userinfo': { takes: ['access token'], offer: asAccessToken, taken: isOk },
  'the token at introspection': {
    takes: ['access token', 'access token of the client itself'],
    offer: (token) => client.introspect(token),
    taken: (answer) => json(answer)['active'] !== false,
  },
  'id_token_hint at the push': {
    takes: ['ID token'],
    offer: (id_token_hint) => client.push({ form: { id_token_hint } }),
    taken: isOk,
  },
  'id_token_hint at logout': {
    takes: ['ID token'],
    offer: asLogoutHint,
    taken: ({ headers }) => headers.location !== undefined,
  },
  code: { takes: [], offer: (code) => client.exchange(code), taken: isOk },
  refresh_token: { takes: [], offer: (token) => client.refresh(token), taken: isOk },
}

/** Those are good once, so that a second intake needs another one. */
const fresh: Partial<Record<Kind, () => string>> = {
  'client assertion': () => client.assertion(),
  'DPoP proof': () => client.proof(client.endpoint('token')),
}

test('JWT-09 each kind says what it is, where there is a name for it', () => {
  const types = KINDS.map((kind) => headerOf(tokens[kind])['typ'])
  assert.deepEqual(types, [
    'client-authentication+jwt',
    'dpop+jwt',
    'oauth-authz-req+jwt',
    'at+jwt',
    'at+jwt',
    'JWT',
    'JWT',
    'token-introspection+jwt',
    'JWT',
    'logout+jwt',
  ])
})

for (const [place, { takes, offer, taken }] of Object.entries(INTAKES)) {
  describe(`as ${place}`, () => {
    for (const kind of KINDS) {
      const isRight = takes.includes(kind)
      test(`JWT-09 JAR-08 a ${kind} is ${isRight ? 'taken' : 'refused'}`, async () => {
        const answer = await offer(fresh[kind]?.() ?? tokens[kind])
        assert.equal(taken(answer), isRight, `${answer.status} ${answer.body}`)
        assert.ok(answer.status < 500)
      })
    }
  })
}

test('JWT-09 the keys of the server count as keys of this client: no signature was what was wrong', async () => {
  const header = { kid: headerOf(tokens['ID token'])['kid'] }
  const refused = await client.credentials({ assertion: { header } })
  const event = member(refused, 'error_uri').split('/').at(-1) ?? ''
  const { stdout } = await signet(['explain', event, '--config', server.site.configFile])
  assert.match(stdout.replaceAll(/\s+/g, ' '), /assertion_signature .*which fit 1 of 4 keys/)
})
