import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { createRequestSignature } from './create-request.ts'
import { createResponseSignature } from './create-response.ts'
import { withFields, type HttpRequest, type HttpResponse } from './message.ts'
import { forgeSignature } from './testing/forge-signature.ts'
import { responseKeyid, verifyResponseSignature } from './verify-response.ts'

const NOW = 1_800_000_000
const client = generateSigningKey('ES256')
const api = generateSigningKey('PS256')
const sent = Buffer.from('{"amount":1}')
const body = Buffer.from('{"status":"accepted"}')
const unsigned: HttpRequest = {
  method: 'POST',
  targetUri: 'https://api.example/payments',
  headers: ['Authorization', 'DPoP abc', 'DPoP', 'x.y.z'],
}
const fields = createRequestSignature({
  request: unsigned,
  body: sent,
  key: client,
  now: NOW,
  label: 'req',
})
const request = { ...unsigned, headers: withFields(unsigned.headers, fields) }
const response: HttpResponse = { status: 201, headers: ['Date', 'today'], request }

const signed = (answer: HttpResponse = response, content?: Uint8Array): HttpResponse => {
  const set = createResponseSignature({ response: answer, body: content, key: api, now: NOW })
  return { ...answer, headers: withFields(answer.headers, set) }
}
const verify = (answer: HttpResponse, content?: Uint8Array, now = NOW): void =>
  verifyResponseSignature({ response: answer, body: content, keys: [verificationKeyOf(api)], now })
const refuses = (answer: HttpResponse, reason: string, content?: Uint8Array): void =>
  assert.throws(
    () => verify(answer, content),
    (error) => JSON.stringify(error).includes(`"reason":"${reason}"`),
  )
const inputOf = ({ headers }: HttpResponse): string =>
  headers[headers.indexOf('signature-input') + 1] ?? ''

test('HS-RS-08 HS-RS-09 HS-RS-10 what the signature of a response to a signed request says', () => {
  const answer = signed(response, body)
  assert.equal(
    inputOf(answer),
    `sig=("@status" "content-digest" "@method";req "@target-uri";req "content-digest";req "signature";req;key="req" "signature-input";req;key="req");created=${NOW};keyid="${api.kid}";tag="fapi-2-response"`,
  )
  verify(answer, body)
})

test('HS-CL-05 the key to look for is that of the one tag, if there is one', () => {
  assert.equal(responseKeyid(signed(response, body)), api.kid)
  assert.equal(responseKeyid(response), undefined)
  const other = forgeSignature(response, 'sig=("@status");keyid="x";tag="other"', api)
  assert.equal(responseKeyid({ headers: other }), undefined)
})

test('HS-RS-08 HS-RS-10 what it says where there are no bodies, and the request is not signed', () => {
  const answer = signed({ ...response, request: unsigned })
  assert.match(inputOf(answer), /^sig=\("@status" "@method";req "@target-uri";req\);created/)
  verify(answer)
})

test('HS-RS-09 of several signatures of a request, that of the client is covered', () => {
  const [, input = '', , value = ''] = forgeSignature(unsigned, 'proxy=("@method");tag="x"', client)
  const both = [
    ...unsigned.headers,
    'Signature-Input',
    `${input}, ${fields['signature-input'] ?? ''}`,
    'Signature',
    `${value}, ${fields['signature'] ?? ''}`,
  ]
  const answer = signed({ ...response, request: { ...unsigned, headers: both } })
  assert.match(inputOf(answer), /"signature";req;key="req" "signature-input";req;key="req"\)/)
  verify(answer)
})

describe('HS-CL-05 discards a response', () => {
  const answer = signed(response, body)
  const altered: Readonly<Record<string, HttpResponse>> = {
    'with another status': { ...answer, status: 200 },
    'to another method': { ...answer, request: { ...request, method: 'PUT' } },
    'to another URL': { ...answer, request: { ...request, targetUri: 'https://api.example/x' } },
    'to a request with another body': {
      ...answer,
      request: {
        ...request,
        headers: withFields(request.headers, { 'content-digest': 'sha-256=:AAAA:' }),
      },
    },
    'to a request signed at another time': {
      ...answer,
      request: {
        ...request,
        headers: withFields(
          unsigned.headers,
          createRequestSignature({
            request: unsigned,
            body: sent,
            key: client,
            now: NOW + 1,
            label: 'req',
          }),
        ),
      },
    },
    'whose digest was changed with its body': {
      ...answer,
      headers: withFields(answer.headers, { 'content-digest': 'sha-256=:AAAA:' }),
    },
  }
  for (const [title, changed] of Object.entries(altered)) {
    test(title, () => refuses(changed, 'response_signature_invalid', body))
  }

  test('without signature', () => refuses(response, 'response_signature_unreadable', body))

  test('with a signature of another key', () => {
    const keys = [{ ...verificationKeyOf(client), kid: api.kid }]
    assert.throws(
      () => verifyResponseSignature({ response: answer, body, keys, now: NOW }),
      /does not verify/,
    )
  })

  test('with another body, with none, and with one where none was signed', () => {
    refuses(answer, 'response_content_digest', Buffer.from('{"status":"rejected"}'))
    refuses(answer, 'response_content_digest')
    refuses(signed(), 'response_signature_coverage', body)
  })

  test('that was signed long ago, or is yet to be', () => {
    for (const now of [NOW + 61, NOW - 31]) {
      assert.throws(() => verify(answer, body, now), /created of the signature/)
    }
    verify(answer, body, NOW + 60)
  })
})

const ALL =
  '"@status" "content-digest" "@method";req "@target-uri";req "content-digest";req "signature";req;key="req" "signature-input";req;key="req"'
const claiming = (covered: string, rest = 'tag="fapi-2-response"'): HttpResponse => {
  const digest = signed(response, body).headers.slice(0, 4)
  const answer = { ...response, headers: digest }
  const forged = forgeSignature(answer, `a=(${covered});created=${NOW};${rest}`, api)
  return { ...answer, headers: [...digest, ...forged] }
}
const lacking: Readonly<Record<string, readonly [component: string, reason: string]>> = {
  'HS-RS-10 the status': ['"@status" ', 'response_signature_coverage'],
  'HS-RS-10 the digest of its body': ['"content-digest" ', 'response_signature_coverage'],
  'HS-RS-08 the method': ['"@method";req ', 'response_signature_request'],
  'HS-RS-08 the URL': ['"@target-uri";req ', 'response_signature_request'],
  'HS-RS-08 the digest of the request': ['"content-digest";req ', 'response_signature_request'],
  'HS-RS-09 the signature of the request': [
    '"signature";req;key="req" ',
    'response_signature_request_signature',
  ],
  'HS-RS-09 what the signature of the request says': [
    ' "signature-input";req;key="req"',
    'response_signature_request_signature',
  ],
}

describe('HS-CL-05 discards a response whose signature covers everything but', () => {
  for (const [title, [component, reason]] of Object.entries(lacking)) {
    test(title, () => refuses(claiming(ALL.replace(component, '')), reason, body))
  }

  test('nothing, and then it takes it', () => verify(claiming(ALL), body))
})

test('HS-RS-10 discards a response whose signature has another tag, or no created', () => {
  refuses(claiming(ALL, 'tag="fapi-2-request"'), 'response_signature_unreadable', body)
  const bare = { ...response, request: unsigned }
  const covered = '"@status" "@method";req "@target-uri";req'
  const timeless = forgeSignature(bare, `a=(${covered});tag="fapi-2-response"`, api)
  refuses({ ...bare, headers: timeless }, 'response_signature_created')
})

test('HS-RS-09 whole fields of the request may be covered instead of the one signature', () => {
  const covered = ALL.replaceAll(';key="req"', '').replaceAll(';req;key', ';req')
  verify(claiming(covered), body)
})

test('a request whose target no signature can cover cannot be tied to a response', () => {
  const odd = { ...response, request: { ...unsigned, targetUri: 'https://api.example/é' } }
  assert.throws(() => signed(odd), { name: 'UnsignableComponent' })
})
