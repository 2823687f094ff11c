import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import {
  encryptJwt,
  exportDecryptionJwk,
  generateEncryptionKey,
  generateSigningKey,
  importEncryptionKeys,
  signJwt,
  type DecryptionKey,
} from '@signet/protocol'
import type { IntrospectionOptions } from './introspection.ts'
import { asking, ENDPOINT, type Told } from './testing/asking.ts'
import { createStage, ISSUER, json } from './testing/stage.ts'
import type { HttpAnswer } from './world.ts'

const { issuer } = createStage()
const old = generateEncryptionKey('RSA-OAEP-256')
const current = generateEncryptionKey('ECDH-ES')
const stranger = generateEncryptionKey('ECDH-ES')
const decryptionKeys = [exportDecryptionJwk(current), exportDecryptionJwk(old)]
const MEDIA_TYPE = 'application/token-introspection+jwt'

/** A guard that wants answers signed and encrypted, unless that is changed. */
function confidential(change: Partial<IntrospectionOptions> = {}): Told {
  return asking({ signed: true, decryptionKeys, ...change }, { issuer: issuer.trusted })
}

const answer = (body: string, mediaType = MEDIA_TYPE): HttpAnswer => ({
  status: 200,
  mediaType,
  body: Buffer.from(body),
})

interface Change {
  readonly key?: typeof issuer.key
  readonly claims?: object
  readonly header?: object
}

const signed = (stage: Told, { key = issuer.key, claims, header }: Change = {}): string => {
  const told = { iss: ISSUER, aud: 'api', iat: stage.clock.now, token_introspection: stage.tell() }
  return signJwt({ typ: 'token-introspection+jwt', ...header }, { ...told, ...claims }, key)
}

async function encrypted(content: string, to: DecryptionKey = current): Promise<string> {
  const { keys } = importEncryptionKeys({ keys: [to.publicJwk] })
  const alg = to.algorithm === 'ECDH-ES' ? 'ECDH-ES+A256KW' : 'RSA-OAEP-256'
  return await encryptJwt(content, { alg, enc: 'A256GCM', keys })
}

test('INT-08 MS-INT-03 an answer that was signed and then encrypted to a key of this API is taken', async () => {
  const stage = confidential()
  for (const to of [current, old]) {
    const jwe = await encrypted(signed(stage), to)
    stage.answers.set(ENDPOINT, () => answer(jwe))
    const { token } = await stage.granted(stage.issuer.request({ token: 'opaque' }))
    assert.equal(token?.['scope'], 'accounts')
    assert.equal(stage.calls.at(-1)?.accept, MEDIA_TYPE)
  }
})

type Made = (stage: Told) => string | Promise<string>

const plain = (content: object): string => JSON.stringify(content)

const worse: Readonly<Record<string, readonly [make: Made, reason: string]>> = {
  'signed, but not encrypted': [signed, 'introspection_undecryptable'],
  'encrypted, but not signed': [
    (stage) => encrypted(plain({ token_introspection: stage.tell() })),
    'introspection_undecryptable',
  ],
  'encrypted twice': [
    async (stage) => encrypted(await encrypted(signed(stage))),
    'introspection_undecryptable',
  ],
  'encrypted to somebody else': [
    (stage) => encrypted(signed(stage), stranger),
    'introspection_undecryptable',
  ],
  'signed by a stranger, inside': [
    (stage) => encrypted(signed(stage, { key: generateSigningKey('ES256') })),
    'introspection_unavailable',
  ],
  'an access token, inside': [
    (stage) => encrypted(signed(stage, { header: { typ: 'at+jwt' } })),
    'introspection_typ',
  ],
  'an answer for another API, inside': [
    (stage) => encrypted(signed(stage, { claims: { aud: 'other' } })),
    'introspection_claims',
  ],
  'an old answer, inside': [
    (stage) => encrypted(signed(stage, { claims: { iat: stage.clock.now - 61 } })),
    'introspection_claims',
  ],
  'not even a JWE': [() => 'a.b.c.d.e', 'introspection_undecryptable'],
  'too large': [() => `${'a'.repeat(70_000)}.b.c.d.e`, 'introspection_undecryptable'],
}

describe('MS-INT-03 INT-10 where answers have to be signed and encrypted, the guard takes none that is', () => {
  for (const [title, [make, reason]] of Object.entries(worse)) {
    test(title, async () => {
      const stage = confidential()
      const body = await make(stage)
      stage.answers.set(ENDPOINT, () => answer(body))
      const { status, headers, event } = await stage.refused(
        stage.issuer.request({ token: 'opaque' }),
      )
      assert.deepEqual([status, event.reason], [503, reason])
      assert.equal(headers['www-authenticate'], undefined)
      assert.equal(stage.troubles.length, 1)
      assert.ok(!JSON.stringify([event, stage.troubles]).includes(body.slice(0, 40)))
    })
  }
  test('plain JSON, whatever its type', async () => {
    const stage = confidential()
    const told = stage.tell()
    for (const each of [json(told), answer(plain(told))]) {
      stage.answers.set(ENDPOINT, () => each)
      assert.equal((await stage.refused(stage.issuer.request({ token: 'opaque' }))).status, 503)
    }
  })
})

test('MS-INT-03 an encrypted answer that nobody asked for is refused', async () => {
  const stage = confidential({ decryptionKeys: undefined })
  const jwe = await encrypted(signed(stage))
  stage.answers.set(ENDPOINT, () => answer(jwe))
  const { status, event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
  assert.deepEqual([status, event.reason], [503, 'introspection_malformed'])
})

test('MS-INT-03 a token that its issuer calls inactive is refused as bad, signed and encrypted', async () => {
  const stage = confidential()
  const claims = { token_introspection: { active: false } }
  const jwe = await encrypted(signed(stage, { claims }))
  stage.answers.set(ENDPOINT, () => answer(jwe))
  const { status, event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
  assert.deepEqual([status, event.reason], [401, 'token_inactive'])
  assert.deepEqual(stage.troubles, [])
})
