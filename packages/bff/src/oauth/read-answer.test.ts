import { generateSigningKey, importPublicJwk, type SigningKey } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createDecryption } from './decryption.ts'
import { AuthorityFailure } from './failure.ts'
import { readAnswer, type AnswerContext } from './read-answer.ts'

const key = generateSigningKey('ES256')
const context: AnswerContext = {
  decryption: createDecryption([]),
  keys: { find: async () => [importPublicJwk(key.publicJwk)] },
}

function signedBy({ algorithm, kid, privateKey, ...rest }: SigningKey): string {
  return forge(
    { alg: algorithm, kid: key.kid },
    { sub: 'alice' },
    { ...rest, algorithm, kid, privateKey },
  )
}

function read(text: string, type = 'application/json', status = 200): Promise<Response> {
  return readAnswer(new Response(text, { status, headers: { 'content-type': type } }), context)
}

const good = signedBy(key)
const [head = '', , signature = ''] = good.split('.')
const altered = `${head}.${Buffer.from('{"sub":"eve"}').toString('base64url')}.${signature}`
const UNPROVED: Readonly<Record<string, string>> = {
  'signed by a stranger': signedBy(generateSigningKey('ES256')),
  'altered after it was signed': altered,
  'without a signature': `${head}.${Buffer.from('{"sub":"alice"}').toString('base64url')}.`,
  'that is none': 'x.y.z',
}

describe('MS-IDT-01 an answer of the server', () => {
  test('with an ID token that it signed is taken as it is', async () => {
    const text = JSON.stringify({ access_token: 'a', id_token: good })
    assert.equal(await (await read(text)).text(), text)
  })

  test('with claims that it signed is taken as it is', async () => {
    assert.equal(await (await read(good, 'application/jwt; charset=utf-8')).text(), good)
  })

  for (const [title, jwt] of Object.entries(UNPROVED)) {
    test(`is not believed with a JWT ${title}`, async () => {
      for (const answer of [
        read(JSON.stringify({ access_token: 'a', id_token: jwt })),
        read(JSON.stringify({ access_token: 'a', id_token: jwt }), 'text/plain'),
        read(jwt, 'application/jwt'),
      ]) {
        await assert.rejects(
          answer,
          (error) => error instanceof AuthorityFailure && error.kind === 'invalid',
        )
      }
    })
  }

  test('is not believed where another reader might see another ID token', async () => {
    const text = `{"id_token":"${good}","id_token":"${altered}"}`
    await assert.rejects(read(text), AuthorityFailure)
  })

  test('of another type says nothing that was not read here', async () => {
    const text = JSON.stringify({ id_token: altered })
    for (const hidden of [
      `${'\uFEFF'.repeat(4)}${text}`,
      `{"id_token":"${good}",${text.slice(1)}`,
      'done',
    ]) {
      assert.equal(await (await read(hidden, 'text/plain')).text(), '')
    }
  })

  test('is left alone where nothing in it is signed', async () => {
    for (const [text, type, status] of [
      ['{"request_uri":"urn:x"}', 'application/json', 201],
      ['{"id_token":"x.y.z"}', 'application/json', 400],
      ['', 'text/plain', 200],
    ] as const) {
      const answer = await read(text, type, status)
      assert.deepEqual([await answer.text(), answer.status], [text, status])
    }
  })
})
