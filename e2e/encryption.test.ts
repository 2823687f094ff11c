import {
  CompactEncrypt,
  compactDecrypt,
  createRemoteJWKSet,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
  type JWK,
} from 'jose'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { plainFetch, Wire } from './flow/wire.ts'
import { signet } from './testing/cli.ts'
import { ask, json } from './testing/https.ts'
import { parametersOf, receive } from './testing/receive.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import {
  beginSigned,
  pushSigned,
  signingClient,
  signingMetadata,
  type SigningClient,
  type SigningSession,
} from './testing/signing-client.ts'
import { serviceFor } from './testing/site.ts'

/** Every way to agree on a key, and every way to encrypt with it. */
const WAYS = [
  ['RSA-OAEP-256', 'A256GCM'],
  ['ECDH-ES', 'A128GCM'],
  ['ECDH-ES+A128KW', 'A128CBC-HS256'],
  ['ECDH-ES+A256KW', 'A256CBC-HS512'],
] as const

interface EncryptingClient extends SigningClient {
  readonly alg: string
  readonly enc: string
  /** What answers to it are encrypted to. */
  readonly privateKey: CryptoKey
  readonly publicJwk: JsonWebKey
}

async function encryptingClient([alg, enc]: (typeof WAYS)[number]): Promise<EncryptingClient> {
  const algorithm =
    alg === 'RSA-OAEP-256'
      ? {
          name: 'RSA-OAEP',
          hash: 'SHA-256',
          modulusLength: 2048,
          publicExponent: new Uint8Array([1, 0, 1]),
        }
      : { name: 'ECDH', namedCurve: 'P-256' }
  const pair = await crypto.subtle.generateKey(
    algorithm,
    true,
    alg === 'RSA-OAEP-256' ? ['decrypt', 'encrypt'] : ['deriveBits'],
  )
  if (!('privateKey' in pair)) throw new Error('no pair')
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const material = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }
  return {
    ...signingClient(`client-${alg}`, 'ES256'),
    alg,
    enc,
    privateKey: pair.privateKey,
    publicJwk: JSON.parse(JSON.stringify({ ...material, kid: `${alg}-1`, use: 'enc', alg })),
  }
}

/** Wants encrypted whatever can be, and encrypts its requests. */
function encryptingMetadata(known: EncryptingClient): object {
  const { key, alg, enc, publicJwk } = known
  const agreed = (name: string): object => ({
    [`${name}_encrypted_response_alg`]: alg,
    [`${name}_encrypted_response_enc`]: enc,
  })
  return {
    ...signingMetadata(known),
    profile: 'fapi2-message-signing',
    jwks: { keys: [key.publicJwk, publicJwk] },
    request_object_encryption_alg: alg,
    request_object_encryption_enc: enc,
    ...agreed('authorization'),
    ...agreed('id_token'),
    ...agreed('userinfo'),
    ...agreed('introspection'),
  }
}

const clients = await Promise.all(WAYS.map(encryptingClient))
const [first = assert.fail()] = clients
/** Signs its requests, and may encrypt them or not. */
const free = signingClient('free', 'ES256')
const RETIRE_SECONDS = 600

let server: ServerProcess
before(async () => {
  server = await serve(
    serviceFor(
      [
        ...clients.map(encryptingMetadata),
        { ...signingMetadata(free), profile: 'fapi2-message-signing' },
      ],
      {
        request_object_encryption: WAYS.map(([alg]) => alg),
        keys: { announce: 1, retire: RETIRE_SECONDS },
      },
    ),
  )
})
after(async () => {
  await server.stop()
  server.site.remove()
})

/** The keys of the server to encrypt to, as a client finds them. */
async function offeredKeys(): Promise<readonly JWK[]> {
  const { keys } = json(await ask(`${server.site.origin}/jwks`))
  assert.ok(Array.isArray(keys))
  return keys.filter(({ use }: JWK) => use === 'enc')
}

async function keyFor(alg: string): Promise<JWK> {
  const kty = alg.startsWith('RSA') ? 'RSA' : 'EC'
  const found = (await offeredKeys()).filter((key) => key.kty === kty)
  assert.equal(found.length, 1, 'nobody has to guess which one')
  return found[0] ?? assert.fail()
}

interface Seal {
  readonly alg: string
  readonly enc: string
  readonly jwk: JWK
  /** What the header says beside. */
  readonly more?: object
}

async function sealed(request: string, { alg, enc, jwk, more }: Seal): Promise<string> {
  const { kid } = jwk
  return new CompactEncrypt(new TextEncoder().encode(request))
    .setProtectedHeader({ alg, enc, cty: 'JWT', ...(kid !== undefined && { kid }), ...more })
    .encrypt(await importJWK(jwk, alg), { crit: { b64: true } })
}

async function beginEncrypted(known: EncryptingClient): Promise<SigningSession> {
  const { alg, enc, privateKey, publicJwk } = known
  const session = await beginSigned(server.site.origin, known)
  client.useJwtResponseMode(session.config)
  const { kid } = { kid: '', ...publicJwk }
  client.enableDecryptingResponses(session.config, [enc], { key: privateKey, alg, kid })
  return session
}

for (const known of clients) {
  const { alg, enc } = known

  describe(`${alg} with ${enc}`, () => {
    /** A JWE as agreed, around a JWT. */
    const assertSealed = (token: string): void => {
      assert.equal(token.split('.').length, 5, token)
      const header = decodeProtectedHeader(token)
      assert.deepEqual([header.alg, header['enc'], header.cty], [alg, enc, 'JWT'])
      assert.equal(header.kid, `${alg}-1`)
    }

    test('JAR-09 JARM-06 INT-08 INT-09 JWT-02 everything that can be encrypted is, and openid-client reads it', async () => {
      const session = await beginEncrypted(known)
      const { config, DPoP, browser } = session
      const jwk = await keyFor(alg)
      const { link, checks } = await pushSigned(session, {}, (request) =>
        sealed(request, { alg, enc, jwk }),
      )
      const answer = await receive(browser, link)
      const parameters = await parametersOf(answer)
      assert.deepEqual([...parameters.keys()], ['response'])
      assertSealed(parameters.get('response') ?? '')

      const wire = new Wire(plainFetch)
      config[client.customFetch] = wire.fetch
      const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, {
        DPoP,
      })
      assertSealed(String(json(wire.latest('token'))['id_token']))
      const sub = tokens.claims()?.sub ?? ''
      const told = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })
      assert.equal(told.name, 'Alice Example')
      assertSealed(wire.latest('userinfo').body)
      const introspected = await client.tokenIntrospection(config, tokens.access_token)
      assert.equal(introspected.active, true)
      assertSealed(wire.latest('introspect').body)
    })

    test('JARM-06 JARM-07 JWT-02 an error comes encrypted too, and jose finds a signed response in it', async () => {
      const session = await beginEncrypted(known)
      const jwk = await keyFor(alg)
      const { link } = await pushSigned(session, {}, (request) =>
        sealed(request, { alg, enc, jwk }),
      )
      const answer = await receive(session.browser, link, 'cancel')
      const response = (await parametersOf(answer)).get('response') ?? ''
      const { plaintext } = await compactDecrypt(response, known.privateKey)
      const issuer = server.site.origin
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
      const jwt = new TextDecoder().decode(plaintext)
      const { payload } = await jwtVerify(jwt, keys, { issuer, audience: known.clientId })
      assert.equal(payload['error'], 'access_denied')
    })

    test('JAR-09 a request that is not encrypted, or otherwise than agreed, is refused', async () => {
      const session = await beginEncrypted(known)
      const jwk = await keyFor(alg)
      const refused = { error: 'invalid_request_object' }
      await assert.rejects(pushSigned(session), refused)
      const otherEnc = enc === 'A256GCM' ? 'A128GCM' : 'A256GCM'
      await assert.rejects(
        pushSigned(session, {}, (request) => sealed(request, { alg, enc: otherEnc, jwk })),
        refused,
      )
    })
  })
}

describe('an encrypted request object', () => {
  const refused = { error: 'invalid_request_object' }

  test('JAR-09 is taken from a client that agreed on nothing, by any way there is', async () => {
    const session = await beginSigned(server.site.origin, free)
    client.useJwtResponseMode(session.config)
    for (const [alg, enc] of WAYS) {
      const jwk = await keyFor(alg)
      await pushSigned(session, {}, (request) => sealed(request, { alg, enc, jwk }))
    }
    await pushSigned(session)
  })

  test('JAR-09 JWT-02 MS-JAR-01 is signed inside, by the client itself', async () => {
    const session = await beginSigned(server.site.origin, free)
    client.useJwtResponseMode(session.config)
    const jwk = await keyFor('ECDH-ES')
    const way = { alg: 'ECDH-ES', enc: 'A256GCM', jwk }
    const otherwise = (change: (request: string) => string): Promise<unknown> =>
      pushSigned(session, {}, (request) => sealed(change(request), way))
    const claimsOnly = (request: string): string =>
      Buffer.from(request.split('.')[1] ?? '', 'base64url').toString()
    const without = (request: string): string => {
      const header = Buffer.from('{"alg":"none"}').toString('base64url')
      return `${header}.${request.split('.')[1] ?? ''}.`
    }
    await assert.rejects(otherwise(claimsOnly), refused)
    await assert.rejects(otherwise(without), refused)
    const stranger = { ...session, key: (await beginSigned(server.site.origin, first)).key }
    const seal = (request: string): Promise<string> => sealed(request, way)
    await assert.rejects(pushSigned(stranger, {}, seal), refused)
  })

  test('JWT-05 JAR-09 is neither compressed nor encrypted in ways that are not offered', async () => {
    const session = await beginSigned(server.site.origin, free)
    client.useJwtResponseMode(session.config)
    const jwk = await keyFor('RSA-OAEP-256')
    for (const [alg, enc] of [
      ['RSA-OAEP', 'A256GCM'],
      ['RSA-OAEP-512', 'A256GCM'],
      ['RSA-OAEP-256', 'A192GCM'],
    ] as const) {
      const { alg: _alg, ...bare } = jwk
      await assert.rejects(
        pushSigned(session, {}, (request) => sealed(request, { alg, enc, jwk: bare })),
        refused,
      )
    }
    const way = { alg: 'RSA-OAEP-256', enc: 'A256GCM', jwk }
    for (const more of [{ zip: 'DEF' }, { p2c: 1, p2s: 'x' }, { crit: ['b64'], b64: true }]) {
      const seal = (request: string): Promise<string> => sealed(request, { ...way, more })
      await assert.rejects(pushSigned(session, {}, seal), refused, JSON.stringify(more))
    }
    await pushSigned(session, {}, (request) => sealed(request, way))
  })
})

test('JAR-09 SP-SEC-08 a client may go on encrypting to the old key while keys rotate', async () => {
  const { site } = server
  const before_ = await Promise.all(WAYS.map(([alg]) => keyFor(alg)))
  const { code, stderr } = await signet(['keys', 'rotate', '--config', site.configFile])
  assert.equal(code, 0, stderr)
  const { stdout } = await signet(['keys', 'list', '--config', site.configFile])
  assert.match(stdout, / enc +ECDH-ES /)
  assert.match(stdout, / enc +RSA-OAEP-256 /)

  const pushes = async (keys: readonly JWK[]): Promise<void> => {
    for (const [index, [alg, enc]] of WAYS.entries()) {
      const jwk = keys[index] ?? assert.fail()
      const known = clients[index] ?? assert.fail()
      const session = await beginEncrypted(known)
      await pushSigned(session, {}, (request) => sealed(request, { alg, enc, jwk }))
    }
  }
  await pushes(before_)
  const after_ = await changed(before_)
  await pushes(before_)
  await pushes(after_)
})

/** Waits for the keys that take the place of the old ones. */
async function changed(old: readonly JWK[]): Promise<readonly JWK[]> {
  const giveUp = AbortSignal.timeout(20_000)
  for (;;) {
    giveUp.throwIfAborted()
    const keys = await Promise.all(WAYS.map(([alg]) => keyFor(alg)))
    if (keys.every(({ kid }, index) => kid !== old[index]?.kid)) return keys
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
