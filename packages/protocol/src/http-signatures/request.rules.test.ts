import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { enforce } from '../rules/rule.ts'
import { proveRule } from '../testing/prove-rule.ts'
import { contentDigest } from './content-digest.ts'
import type { HttpRequest } from './message.ts'
import {
  requestContentRules,
  requestSignatureKeyRules,
  requestSignatureProofRules,
  requestSignatureRules,
  type KeyedRequest,
  type SignedContent,
  type SignedRequest,
} from './request.rules.ts'
import { readSignatures } from './signatures.ts'
import { forgeSignature } from './testing/forge-signature.ts'
import { REQUEST_TAG } from './verify-request.ts'

const NOW = 1_800_000_000
const COVERED = '"@method" "@target-uri" "authorization" "dpop" "content-digest"'
const body = Buffer.from('{"amount":1}')
const headers = [
  'Authorization',
  'DPoP abc',
  'DPoP',
  'x.y.z',
  'Content-Digest',
  contentDigest(body),
]
const request: HttpRequest = {
  method: 'POST',
  targetUri: 'https://api.example/payments?x=1',
  headers,
}
const key = generateSigningKey('ES256')
const TAG = `tag="${REQUEST_TAG}"`

interface Change {
  readonly covered?: string
  readonly created?: number
  readonly rest?: string
  readonly headers?: readonly string[]
}

/** A request whose signature says this. */
const saying = (change: Change = {}): SignedRequest => {
  const { covered = COVERED, created = NOW, rest = TAG } = change
  const fields = [
    'Signature-Input',
    `a=(${covered});created=${created};${rest}`,
    'Signature',
    'a=:AA==:',
  ]
  const asked = { headers: [...(change.headers ?? headers), ...fields] }
  return { ...readSignatures(asked.headers, REQUEST_TAG), request: asked, now: NOW }
}
const reading = (...fields: readonly string[]): SignedRequest => ({
  ...readSignatures(fields, REQUEST_TAG),
  request,
  now: NOW,
})
const good = saying()

proveRule(requestSignatureRules, 'HS-RS-02', {
  good,
  refuses: {
    'two signatures with the tag': {
      ...good,
      signatures: [...good.signatures, ...good.signatures],
    },
  },
})

const untagged: Readonly<Record<string, SignedRequest>> = {
  'no tag': saying({ rest: 'nonce="x"' }),
  'the tag of a response': saying({ rest: 'tag="fapi-2-response"' }),
  'the tag in another case': saying({ rest: 'tag="FAPI-2-request"' }),
  'the tag as token': saying({ rest: 'tag=fapi-2-request' }),
  'the tag as label': reading(
    'Signature-Input',
    `fapi-2-request=(${COVERED});created=${NOW}`,
    'Signature',
    'fapi-2-request=:AA==:',
  ),
}
for (const [title, subject] of Object.entries(untagged)) {
  test(`HS-RS-02 refuses ${title}`, () => {
    assert.throws(
      () => enforce(requestSignatureRules, subject),
      (error) => JSON.stringify(error).includes('"reason":"request_signature_tag"'),
    )
  })
}

test('HS-RS-02 refuses two signatures with the tag as they come', () => {
  const one = `(${COVERED});created=${NOW};${TAG}`
  const subject = reading(
    'Signature-Input',
    `a=${one}, b=${one}`,
    'Signature',
    'a=:AA==:, b=:AA==:',
  )
  assert.throws(() => enforce(requestSignatureRules, subject), /exactly one signature/)
})

test('HS-RS-01 refuses a request without signature, and one that cannot be read', () => {
  const unsigned = reading()
  const unreadable = reading('Signature-Input', `a=(;${TAG}`, 'Signature', 'a=:AA==:')
  const half = reading('Signature-Input', `a=(${COVERED});${TAG}`)
  for (const subject of [unsigned, unreadable, half]) {
    assert.throws(
      () => enforce(requestSignatureRules, subject),
      (error) => JSON.stringify(error).includes('"reason":"request_signature_unreadable"'),
    )
  }
})

proveRule(requestSignatureRules, 'HS-RS-03', {
  good,
  refuses: {
    'a signature without method': saying({ covered: COVERED.replace('"@method" ', '') }),
    'a signature without target URI': saying({ covered: COVERED.replace('"@target-uri" ', '') }),
    'the path instead of the target URI': saying({
      covered: COVERED.replace('target-uri', 'path'),
    }),
    'a signature without Authorization': saying({
      covered: COVERED.replace('"authorization" ', ''),
    }),
    'a member of Authorization': saying({
      covered: COVERED.replace('"authorization"', '"authorization";key="x"'),
    }),
    'Authorization as it was in another message': saying({
      covered: COVERED.replace('"authorization"', '"authorization";req'),
    }),
    'a signature of nothing': saying({ covered: '"dpop"' }),
  },
})

proveRule(requestSignatureRules, 'HS-RS-05', {
  good,
  refuses: {
    'a DPoP header that is not covered': saying({ covered: COVERED.replace('"dpop" ', '') }),
    'a DPoP header in another case that is not covered': saying({
      covered: COVERED.replace('"dpop" ', ''),
      headers: ['authorization', 'DPoP abc', 'dpop', 'x.y.z'],
    }),
  },
})

test('HS-RS-05 without a DPoP header, none need be covered', () => {
  const subject = saying({
    covered: COVERED.replace('"dpop" ', ''),
    headers: ['Authorization', 'Bearer abc'],
  })
  assert.ok(enforce(requestSignatureRules, subject))
})

proveRule(requestSignatureRules, 'HS-RS-04', {
  good,
  refuses: {
    'a signature without created': {
      ...good,
      signatures: good.signatures.map((each) => ({ ...each, created: undefined })),
    },
    'a signature of a minute ago and more': saying({ created: NOW - 61 }),
    'a signature of another day': saying({ created: NOW - 86_400 }),
    'a signature more than half a minute ahead': saying({ created: NOW + 31 }),
    'created in milliseconds': saying({ created: NOW * 100 }),
    'a signature that has ended': saying({ rest: `${TAG};expires=${NOW - 6}` }),
  },
})

test('HS-RS-04 a minute is accepted, and clocks that differ a little', () => {
  for (const created of [NOW - 60, NOW, NOW + 10, NOW + 30]) {
    assert.ok(enforce(requestSignatureRules, saying({ created })))
  }
  assert.ok(enforce(requestSignatureRules, saying({ rest: `${TAG};expires=${NOW + 1}` })))
})

test('what the operator reads holds nothing of the request but names and times', () => {
  for (const covered of ['', '"@method" "@target-uri" "authorization"']) {
    assert.throws(
      () => enforce(requestSignatureRules, saying({ covered })),
      (error) => !JSON.stringify(error).includes('abc') && !JSON.stringify(error).includes('x.y.z'),
    )
  }
})

const signedBy = (signer = key, input = `;keyid="${key.kid}"`, message = request): KeyedRequest => {
  const fields = forgeSignature(message, `a=(${COVERED});created=${NOW};${TAG}${input}`, signer)
  const [signature = assert.fail()] = readSignatures(fields, REQUEST_TAG).signatures
  return { signature, requests: [request], keys: [verificationKeyOf(key)] }
}
const stranger = generateSigningKey('ES256')

proveRule(requestSignatureKeyRules, 'HS-RS-07', {
  good: signedBy(),
  refuses: {
    'a signature of a client without keys': { ...signedBy(), keys: [] },
    'a keyid that is none of the client': signedBy(stranger, `;keyid="${stranger.kid}"`),
  },
})

test('HS-RS-07 refuses a keyid that is none of the client, though somebody else has it', () => {
  const subject = signedBy(stranger, `;keyid="${stranger.kid}"`)
  assert.throws(() => enforce(requestSignatureKeyRules, subject), /no key of that keyid/)
  const theirs = { ...subject, keys: [verificationKeyOf(stranger)] }
  assert.equal(enforce(requestSignatureProofRules, theirs), theirs)
})

test('HS-RS-07 refuses an alg that is not one of the key', () => {
  for (const alg of ['ed25519', 'rsa-pss-sha512', 'hmac-sha256', 'rsa-v1_5-sha256', 'ES256', '']) {
    const subject = signedBy(key, `;keyid="${key.kid}";alg="${alg}"`)
    assert.throws(() => enforce(requestSignatureKeyRules, subject), /for that algorithm/)
  }
})

test('HS-RS-07 takes a signature without keyid or alg from any key of the client, and one that names both', () => {
  for (const input of ['', `;keyid="${key.kid}";alg="ecdsa-p256-sha256"`]) {
    const subject = signedBy(key, input)
    const keys = [verificationKeyOf(stranger), ...subject.keys]
    assert.ok(enforce(requestSignatureKeyRules, { ...subject, keys }))
    assert.ok(enforce(requestSignatureProofRules, { ...subject, keys }))
  }
})

const changed = (change: Partial<HttpRequest>): KeyedRequest => ({
  ...signedBy(),
  requests: [{ ...request, ...change }],
})

proveRule(requestSignatureProofRules, 'HS-RS-01', {
  good: signedBy(),
  refuses: {
    'the signature of a stranger under the name of a key of the client': signedBy(stranger),
    'another method': changed({ method: 'PUT' }),
    'another path': changed({ targetUri: 'https://api.example/accounts?x=1' }),
    'another query': changed({ targetUri: 'https://api.example/payments?x=2' }),
    'another host': changed({ targetUri: 'https://evil.example/payments?x=1' }),
    'another token': changed({ headers: ['Authorization', 'DPoP abd', ...headers.slice(2)] }),
    'a second Authorization header': changed({ headers: [...headers, 'Authorization', 'x'] }),
    'another proof': changed({ headers: [...headers.slice(0, 3), 'x.y.a', ...headers.slice(4)] }),
    'another digest': changed({
      headers: [...headers.slice(0, 5), contentDigest(Buffer.from('x'))],
    }),
    'a digest taken away': changed({ headers: headers.slice(0, 4) }),
  },
})

test('HS-RS-01 a request may be meant for another URL of the same server', () => {
  const elsewhere = { ...request, targetUri: 'https://mtls.api.example/payments?x=1' }
  const subject = signedBy(key, '', elsewhere)
  assert.throws(() => enforce(requestSignatureProofRules, subject), /does not verify/)
  const both: KeyedRequest = { ...subject, requests: [request, elsewhere] }
  assert.equal(enforce(requestSignatureProofRules, both), both)
})

const content = (
  change: Partial<SignedContent> & { readonly covered?: string } = {},
): SignedContent => {
  const { covered = COVERED, ...rest } = change
  const [signature = assert.fail()] = saying({ covered }).signatures
  return { signatures: [signature], request, body, ...rest }
}
const bare = { headers: headers.slice(0, 4) }

proveRule(requestContentRules, 'HS-RS-06', {
  good: content(),
  refuses: {
    'a body without digest': content({ request: bare, covered: '"@method"' }),
    'a digest that is not covered': content({ covered: '"@method"' }),
    'a digest of which a member is covered': content({ covered: '"content-digest";key="sha-256"' }),
    'another body': content({ body: Buffer.from('{"amount":2}') }),
    'a body that was taken away': content({ body: Buffer.alloc(0) }),
    'a body that was added': content({
      request: { headers: ['Content-Digest', contentDigest(Buffer.alloc(0))] },
    }),
    'a digest nobody relies on': content({
      request: { headers: ['Content-Digest', 'md5=:AAAA:'] },
    }),
  },
})

test('HS-RS-06 where there is no body, there need be no digest', () => {
  const subject = content({ body: Buffer.alloc(0), request: bare, covered: '"@method"' })
  assert.equal(enforce(requestContentRules, subject), subject)
})
