import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { generateSigningKey } from '@signet/protocol'
import { ask, json, type Answer } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { dial, hearing, statusOf } from './testing/wire.ts'

/** Stands in every value that is a secret; wherever else it turns up, a secret leaked. */
const SECRET = 'TopSecretMarker'
/** How long an answer may take while sixty others are under way. */
const PATIENCE_MILLISECONDS = 5_000
const BATCH = 60
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts' })
const stranger = generateSigningKey('ES256')
let server: ServerProcess
let client: Peer

before(async () => {
  server = await serve(serviceFor([unplaced.metadata()]))
  client = unplaced.at(server.site.origin)
})
after(async () => {
  await server.stop()
  server.site.remove()
})

interface Message {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How a good request is spoilt. */
type Spoiling = (message: Message) => Message

const PATHS = [
  '/par',
  '/token',
  '/introspect',
  '/revoke',
  '/userinfo',
  '/authorize',
  '/logout',
  '/jwks',
  '/interaction/x',
  '/interaction/x/login',
  '/interaction/x/consent',
  '/errors/x',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/',
]

const NAMES = [
  'client_id',
  'client_assertion',
  'client_assertion_type',
  'client_secret',
  'request_uri',
  'request',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'code_verifier',
  'grant_type',
  'code',
  'refresh_token',
  'token',
  'token_type_hint',
  'resource',
  'claims',
  'prompt',
  'max_age',
  'acr_values',
  'login_hint',
  'ui_locales',
  'dpop_jkt',
  'id_token_hint',
  'post_logout_redirect_uri',
  'username',
  'password',
  'decision',
  'subject',
  '__proto__',
  'constructor',
]

/** What goes under these names is for nobody else to know. */
const SECRET_NAMES = [
  'client_assertion',
  'client_secret',
  'request',
  'request_uri',
  'code',
  'code_verifier',
  'refresh_token',
  'token',
  'state',
  'nonce',
  'id_token_hint',
  'password',
]

/** Of a request that could be good, so that the fuzz gets behind the first check. */
const goodForm = (): readonly string[] => [
  ...Object.entries(client.request()).map(pair),
  pair(['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer']),
  pair(['client_assertion', client.assertion()]),
  'grant_type=client_credentials',
  `token=${SECRET}`,
]

const wild = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', 'null', '[]', '{}', '-1', '1e999', '0', 'true', '\0', '\u202e', "'--"),
  fc.json(),
  fc.webUrl(),
  fc.constantFrom('x'.repeat(1_000), '%41'.repeat(500), '{"a":'.repeat(400)),
)
const jwtLike = fc
  .tuple(fc.json(), fc.json(), fc.base64String({ maxLength: 90 }))
  .map(([header, claims, tail]) => [header, claims].map(base64url).concat(tail).join('.'))
const proofLike = fc
  .record({
    claims: fc.dictionary(
      fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath', 'nonce', 'exp', 'nbf'),
      fc.jsonValue(),
      { maxKeys: 3 },
    ),
    header: fc.dictionary(
      fc.constantFrom('typ', 'alg', 'jwk', 'kid', 'crit', 'b64', 'jku'),
      fc.jsonValue(),
      { maxKeys: 2 },
    ),
    strange: fc.boolean(),
  })
  .map(
    ({ strange, ...forging }) =>
      (url: string) =>
        client.proof(url, strange ? { ...forging, key: stranger } : forging),
  )
const assertionLike = fc
  .record({
    claims: fc.dictionary(
      fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti'),
      fc.jsonValue(),
      { maxKeys: 2 },
    ),
    header: fc.dictionary(
      fc.constantFrom('typ', 'alg', 'kid', 'crit', 'zip', 'b64'),
      fc.jsonValue(),
      { maxKeys: 2 },
    ),
  })
  .map((forging) => () => client.assertion(forging))

const secretly: fc.Arbitrary<Spoiling> = fc
  .tuple(fc.constantFrom(...SECRET_NAMES), fc.string({ maxLength: 20 }))
  .map(([name, text]) => (message) => ({
    ...message,
    body: replaced(message.body, name, pair([name, text + SECRET])),
  }))

const spoiling: fc.Arbitrary<Spoiling> = fc.oneof(
  secretly,
  fc.tuple(fc.constantFrom(...NAMES), wild).map(([name, value]): Spoiling => (message) => ({
    ...message,
    body: `${message.body}&${pair([name, value])}`,
  })),
  fc.tuple(fc.constantFrom(...NAMES), wild).map(([name, value]): Spoiling => (message) => ({
    ...message,
    body: replaced(message.body, name, pair([name, value])),
  })),
  fc
    .constantFrom(...NAMES)
    .map((name): Spoiling => (message) => ({ ...message, body: replaced(message.body, name, '') })),
  assertionLike.map((assertion): Spoiling => (message) => ({
    ...message,
    body: replaced(message.body, 'client_assertion', pair(['client_assertion', assertion()])),
  })),
  proofLike.map((proof): Spoiling => (message) => ({
    ...message,
    headers: { ...message.headers, dpop: proof(`${client.issuer}${message.path}`) },
  })),
  jwtLike.map((jwt): Spoiling => (message) => ({
    ...message,
    headers: { ...message.headers, dpop: jwt },
  })),
  jwtLike.map((jwt): Spoiling => (message) => ({
    ...message,
    headers: { ...message.headers, authorization: `DPoP ${jwt}${SECRET}` },
  })),
  fc
    .tuple(
      fc.constantFrom(
        'authorization',
        'content-type',
        'accept',
        'accept-language',
        'cookie',
        'origin',
        'sec-fetch-site',
        'x-forwarded-for',
        'x-forwarded-host',
        'forwarded',
        'range',
        'if-none-match',
      ),
      fc.string({ maxLength: 200 }),
    )
    .map(([name, value]): Spoiling => (message) => ({
      ...message,
      headers: { ...message.headers, [name]: headerText(value) },
    })),
  fc
    .constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'SEARCH', 'M-SEARCH')
    .map((method): Spoiling => (message) => ({ ...message, method })),
  fc
    .tuple(fc.constantFrom('?', '/', '%', ';', '//', '?&', '/..'), wild)
    .map(([mark, value]): Spoiling => (message) => ({
      ...message,
      path: (message.path + mark + encodeURI(value.toWellFormed())).slice(0, 4_000),
    })),
  fc
    .nat(400)
    .map((end): Spoiling => (message) => ({ ...message, body: message.body.slice(0, end) })),
  fc.tuple(fc.nat(400), fc.string({ unit: 'binary' })).map(([at, text]): Spoiling => (message) => ({
    ...message,
    body: message.body.slice(0, at) + text + message.body.slice(at),
  })),
)

const request = fc.record({
  path: fc.constantFrom(...PATHS),
  method: fc.constantFrom('POST', 'POST', 'POST', 'GET'),
  spoilings: fc.array(spoiling, { minLength: 1, maxLength: 4 }),
})
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never

describe('whatever is sent', () => {
  test(
    'OAU-05 JWT-06 is answered, never by a 5xx, never late, and always explained',
    { timeout: 55_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(request, { minLength: BATCH, maxLength: BATCH }),
          async (requests) => {
            await Promise.all(requests.map(assertAnswered))
          },
        ),
        {
          numRuns: 80,
          endOnFailure: true,
          interruptAfterTimeLimit: 40_000,
          markInterruptAsFailure: true,
        },
      )
      assert.equal((await client.push()).status, 201)
    },
  )

  test('OAU-05 also as bytes on the wire is survived', { timeout: 30_000 }, async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((each) => Buffer.from(each)),
      rawRequest.map((text) => Buffer.from(text, 'latin1')),
      rawRequest.map((text) => Buffer.from(text, 'latin1')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 20, maxLength: 20 }), async (messages) => {
        await Promise.all(messages.map(assertSurvived))
      }),
      {
        numRuns: 30,
        endOnFailure: true,
        interruptAfterTimeLimit: 20_000,
        markInterruptAsFailure: true,
      },
    )
    assert.equal((await client.push()).status, 201)
  })

  test('it left no failure and no secret in the log', async () => {
    const output = server.output()
    assert.ok(server.isRunning)
    assert.ok(!output.includes(SECRET), excerpt(output, SECRET))
    assert.doesNotMatch(output, /"level":"(?:error|fatal)"/)
    assert.doesNotMatch(output, /"(?:status|statusCode)":5\d\d/)
    assert.doesNotMatch(output, /UnhandledPromiseRejection|uncaught|\n +at /i)
  })
})

async function assertAnswered({ path, method, spoilings }: Request): Promise<void> {
  const good: Message = {
    path,
    method,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      dpop: client.proof(`${client.issuer}${path}`),
    },
    body: goodForm().join('&'),
  }
  const message = spoilings.reduce((spoilt, spoil) => spoil(spoilt), good)
  const begun = Date.now()
  const answer = await ask(client.issuer + message.path, {
    method: message.method,
    headers: { ...message.headers, 'content-length': Buffer.byteLength(message.body) },
    body: message.body,
  })
  const told = `${message.method} ${message.path} ${answer.status} ${answer.body.slice(0, 300)}`
  assert.ok(answer.status >= 200 && answer.status < 500, told)
  assert.ok(Date.now() - begun < PATIENCE_MILLISECONDS, `late: ${told}`)
  assert.ok(answer.headers['strict-transport-security'], told)
  assert.ok(!answer.body.includes(SECRET) || answer.headers.location === undefined, told)
  if (answer.status >= 400 && isJson(answer)) assertExplained(answer, told)
}

function assertExplained(answer: Answer, told: string): void {
  const { error, error_description: description, error_uri: uri } = json(answer)
  assert.equal(typeof error, 'string', told)
  assert.match(String(description), DESCRIPTION, told)
  assert.ok(String(uri).startsWith(`${client.issuer}/errors/`), told)
  assert.ok(!answer.body.includes(SECRET), told)
}

const rawRequest = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'POST', 'get', 'BREW', ''),
    path: fc.oneof(
      fc.constantFrom(...PATHS),
      fc.string({ maxLength: 40 }).map((text) => `/${text}`),
    ),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
    fields: fc.array(
      fc.tuple(
        fc.constantFrom(
          'host',
          'Host',
          'DPoP',
          'DPOP',
          'dpop',
          'Authorization',
          'content-type',
          'Content-Length',
          'content-length',
          'Transfer-Encoding',
          'Connection',
          'Expect',
          'Upgrade',
          'Cookie',
          '',
        ),
        fc.oneof(
          fc.constantFrom(
            'localhost',
            '0',
            '5',
            '99',
            '-1',
            'chunked',
            'close',
            'keep-alive',
            '100-continue',
            'application/x-www-form-urlencoded',
            `DPoP ${SECRET}`,
            'x'.repeat(20_000),
          ),
          fc.string({ unit: 'binary', maxLength: 60 }),
        ),
      ),
      { maxLength: 8 },
    ),
    body: fc.oneof(
      fc.constantFrom('', '0\r\n\r\n', 'a=b', '5\r\nabc'),
      fc.string({ maxLength: 60 }),
    ),
  })
  .map(({ method, path, version, fields, body }) => {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return `${method} ${path} ${version}\r\n${lines}\r\n${body}`
  })

/** Says it, hangs up on its own side, and looks at what came back if anything did. */
async function assertSurvived(bytes: Buffer): Promise<void> {
  const socket = await dial(server.site.port)
  const heard = hearing(socket, 250)
  socket.end(bytes)
  const status = statusOf(await heard)
  assert.ok(status < 500, `${status} for ${JSON.stringify(bytes.toString('latin1'))}`)
}

function isJson({ headers, body }: Answer): boolean {
  return body !== '' && String(headers['content-type']).startsWith('application/json')
}

function pair([name, value]: readonly [name: string, value: string]): string {
  return `${name}=${encodeURIComponent(value.toWellFormed())}`
}

function replaced(body: string, name: string, by: string): string {
  const rest = body.split('&').filter((each) => !each.startsWith(`${name}=`))
  return [...rest, by].filter((each) => each !== '').join('&')
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** What Node lets out in a header field. */
function headerText(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?')
}

function excerpt(text: string, around: string): string {
  const at = text.indexOf(around)
  return text.slice(Math.max(0, at - 200), at + 100)
}
