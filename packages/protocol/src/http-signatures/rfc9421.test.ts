import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { VerificationKey } from '../jose/keys.ts'
import { signBytes } from '../jose/sign.ts'
import { component } from './components.ts'
import { matchesDigest } from './content-digest.ts'
import type { HttpMessage, HttpRequest } from './message.ts'
import { signatureBase } from './signature-base.ts'
import { readSignatures, type MessageSignature } from './signatures.ts'
import {
  ECC_P256,
  ED25519,
  ED25519_PRIVATE,
  KEYS,
  REQUEST_BODY,
  REQUEST_DIGEST,
  RESPONSE_BODY,
  RESPONSE_DIGEST,
  RSA_PSS,
  TEST_REQUEST,
  TEST_RESPONSE,
} from './testing/rfc9421.ts'
import { keysFor, verifyMessage } from './verify.ts'

interface Vector {
  readonly message: HttpMessage
  readonly input: string
  readonly signature: string
  /** Without the line of the parameters. */
  readonly lines: readonly string[]
  readonly key?: VerificationKey
  /** What the owner of the key says of it, where the signature does not. */
  readonly alg?: string
}

const CLIENT_CERT =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:'

const BUSY_DIGEST =
  'sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:'

const vectors: Readonly<Record<string, Vector>> = {
  'B.2.1 minimal signature using rsa-pss-sha512': {
    message: TEST_REQUEST,
    input: 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:',
    lines: [],
    key: RSA_PSS,
    alg: 'rsa-pss-sha512',
  },
  'B.2.2 selective covered components using rsa-pss-sha512': {
    message: TEST_REQUEST,
    input:
      'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:',
    lines: [
      '"@authority": example.com',
      `"content-digest": ${REQUEST_DIGEST}`,
      '"@query-param";name="Pet": dog',
    ],
    key: RSA_PSS,
    alg: 'rsa-pss-sha512',
  },
  'B.2.3 full coverage using rsa-pss-sha512': {
    message: TEST_REQUEST,
    input:
      'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:',
    lines: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      '"content-type": application/json',
      `"content-digest": ${REQUEST_DIGEST}`,
      '"content-length": 18',
    ],
    key: RSA_PSS,
    alg: 'rsa-pss-sha512',
  },
  'B.2.4 response using ecdsa-p256-sha256': {
    message: TEST_RESPONSE,
    input:
      'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    signature:
      'sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:',
    lines: [
      '"@status": 200',
      '"content-type": application/json',
      `"content-digest": ${RESPONSE_DIGEST}`,
      '"content-length": 23',
    ],
    key: ECC_P256,
  },
  'B.2.5 request using hmac-sha256, which nobody here verifies': {
    message: TEST_REQUEST,
    input:
      'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    signature: 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:',
    lines: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
    ],
  },
  'B.2.6 request using ed25519': {
    message: TEST_REQUEST,
    input:
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature:
      'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    lines: [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
    ],
    key: ED25519,
  },
  'B.3 a TLS-terminating proxy, using ecdsa-p256-sha256': {
    message: {
      method: 'POST',
      targetUri: 'https://service.internal.example/foo?param=Value&Pet=dog',
      headers: ['Content-Type', 'application/json', 'Client-Cert', CLIENT_CERT],
    },
    input:
      'ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
    signature:
      'ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:',
    lines: [
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@method": POST',
      '"@authority": service.internal.example',
      `"client-cert": ${CLIENT_CERT}`,
    ],
    key: ECC_P256,
  },
  '§2.4 a response bound to its request': {
    message: {
      status: 503,
      headers: ['Content-Type', 'application/json', 'Content-Digest', BUSY_DIGEST],
      request: TEST_REQUEST,
    },
    input:
      'reqres=("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256"',
    signature:
      'reqres=:dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==:',
    lines: [
      '"@status": 503',
      `"content-digest": ${BUSY_DIGEST}`,
      '"content-type": application/json',
      '"@authority";req: example.com',
      '"@method";req: POST',
      '"@path";req: /foo',
      `"content-digest";req: ${REQUEST_DIGEST}`,
    ],
    key: ECC_P256,
  },
}

function read({ input, signature }: Pick<Vector, 'input' | 'signature'>): MessageSignature {
  const headers = ['Signature-Input', input, 'Signature', signature]
  const tag = /;tag="([^"]*)"/.exec(input)?.[1]
  const { signatures, problem } = readSignatures(headers, tag)
  const [only, ...more] = signatures
  assert.ok(only && more.length === 0, String(problem))
  return only
}

describe('RFC 9421', () => {
  for (const [title, vector] of Object.entries(vectors)) {
    test(`${title}: the signature base`, () => {
      const [, parameters = ''] = /^[^=]+=(.*)$/.exec(vector.input) ?? []
      assert.equal(
        signatureBase(read(vector).input, vector.message),
        [...vector.lines, `"@signature-params": ${parameters}`].join('\n'),
      )
    })

    test(`${title}: the signature`, () => {
      const { alg, key, message } = vector
      const signature = { ...read(vector), alg }
      const accepted = (by: readonly VerificationKey[]): boolean =>
        verifyMessage(signature, message, by)
      assert.equal(accepted(key ? [key] : KEYS), key !== undefined)
      assert.ok(!accepted(KEYS.filter((other) => other !== key)))
      const { signature: bytes } = signature
      const altered = Buffer.from(bytes)
      altered[9] = (altered[9] ?? 0) ^ 1
      assert.ok(!verifyMessage({ ...signature, signature: altered }, message, KEYS))
      assert.deepEqual(keysFor(signature, KEYS), key ? [key] : [])
    })
  }

  test('B.2.6 what we sign with ed25519 is the same to the last bit', () => {
    const vector = vectors['B.2.6 request using ed25519']
    assert.ok(vector)
    const { input, signature } = read(vector)
    assert.deepEqual(signBytes(signatureBase(input, TEST_REQUEST), ED25519_PRIVATE), signature)
  })

  test('B.2 the digests of both messages', () => {
    assert.ok(matchesDigest([REQUEST_DIGEST], Buffer.from(REQUEST_BODY)))
    assert.ok(matchesDigest([RESPONSE_DIGEST], Buffer.from(RESPONSE_BODY)))
    const busy = '{"busy": true, "message": "Your call is very important to us"}'
    assert.ok(matchesDigest([BUSY_DIGEST], Buffer.from(busy)))
  })
})

const DEMO: HttpRequest = {
  method: 'GET',
  targetUri: 'https://example.org/demo?name1=Value1&Name2=value2',
  headers: [
    'Host',
    'example.org',
    'Date',
    'Fri, 15 Jul 2022 14:24:55 GMT',
    'Accept',
    'application/json',
    'Accept',
    '*/*',
  ],
}
const DEMO_SIGNATURE = read({
  input:
    'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
  signature:
    'transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:',
})

const transformed: Readonly<Record<string, readonly [HttpRequest, boolean]>> = {
  'nothing changed': [DEMO, true],
  'a parameter and a field added': [
    {
      ...DEMO,
      targetUri: `${DEMO.targetUri}&param=added`,
      headers: [...DEMO.headers, 'Accept-Language', 'en-US,en;q=0.5'],
    },
    true,
  ],
  'Date removed, Referer added, Accept on one line': [
    {
      ...DEMO,
      headers: [
        'Host',
        'example.org',
        'Referer',
        'https://developer.example.org/demo',
        'Accept',
        'application/json, */*',
      ],
    },
    true,
  ],
  'fields in another order': [
    { ...DEMO, headers: [...DEMO.headers.slice(4), ...DEMO.headers.slice(0, 4)] },
    true,
  ],
  'another method and authority': [
    { ...DEMO, method: 'POST', targetUri: DEMO.targetUri.replace('.org', '.com') },
    false,
  ],
  'two lines of Accept in another order': [
    { ...DEMO, headers: ['Accept', '*/*', 'Accept', 'application/json'] },
    false,
  ],
}

describe('RFC 9421 B.4, a message on its way:', () => {
  for (const [title, [message, holds]] of Object.entries(transformed)) {
    test(`${title}: the signature ${holds ? 'holds' : 'breaks'}`, () => {
      assert.equal(verifyMessage(DEMO_SIGNATURE, message, [ED25519]), holds)
    })
  }
})

const values: Readonly<Record<string, readonly [ReturnType<typeof component>, string]>> = {
  '§2.1 white space around a value': [
    component('x-ows-header'),
    'Leading and trailing whitespace.',
  ],
  '§2.1 a folded line': [component('x-obs-fold-header'), 'Obsolete line folding.'],
  '§2.1 several lines': [component('cache-control'), 'max-age=60, must-revalidate'],
  '§2.1 an empty field': [component('x-empty-header'), ''],
  '§2.1 white space within a value': [
    component('example-dict'),
    'a=1,    b=2;x=1;y=2,   c=(a   b   c), d',
  ],
  '§2.1.2 a member of a dictionary': [component('example-dict', { key: 'a' }), '1'],
  '§2.1.2 a member without a value': [component('example-dict', { key: 'd' }), '?1'],
  '§2.1.2 a member with parameters': [component('example-dict', { key: 'b' }), '2;x=1;y=2'],
  '§2.1.2 a member that is a list': [component('example-dict', { key: 'c' }), '(a b c)'],
  '§2.1.3 lines with commas': [
    component('example-header', { bs: true }),
    ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:',
  ],
  '§2.2.1 @method': [component('@method'), 'GET'],
  '§2.2.2 @target-uri': [
    component('@target-uri'),
    'https://WWW.Example.com:443/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=',
  ],
  '§2.2.3 @authority': [component('@authority'), 'www.example.com'],
  '§2.2.4 @scheme': [component('@scheme'), 'https'],
  '§2.2.5 @request-target': [
    component('@request-target'),
    '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=',
  ],
  '§2.2.6 @path': [component('@path'), '/parameters'],
  '§2.2.8 a parameter with a line break': [
    component('@query-param', { name: 'var' }),
    'this%20is%20a%20big%0Amultiline%20value',
  ],
  '§2.2.8 a parameter with plus for spaces': [
    component('@query-param', { name: 'bar' }),
    'with%20plus%20whitespace',
  ],
  '§2.2.8 a parameter whose name is encoded': [
    component('@query-param', { name: 'fa%C3%A7ade%22%3A%20' }),
    'something',
  ],
  '§2.2.8 an empty parameter': [component('@query-param', { name: 'qux' }), ''],
}

const EXAMPLE: HttpRequest = {
  method: 'GET',
  targetUri: values['§2.2.2 @target-uri']?.[1] ?? '',
  headers: [
    'X-OWS-Header',
    '   Leading and trailing whitespace.   ',
    'X-Obs-Fold-Header',
    'Obsolete\n    line folding. ',
    'Cache-Control',
    'max-age=60',
    'X-Empty-Header',
    ' ',
    'Cache-Control',
    '   must-revalidate',
    'Example-Dict',
    ' a=1,    b=2;x=1;y=2,   c=(a   b   c)',
    'Example-Dict',
    'd',
    'Example-Header',
    'value, with, lots',
    'Example-Header',
    'of, commas',
  ],
}

describe('RFC 9421 §2, the value of', () => {
  for (const [title, [asked, value]] of Object.entries(values)) {
    test(title, () => {
      const input = { components: [asked], parameters: new Map() }
      const [line = ''] = signatureBase(input, EXAMPLE).split('\n')
      assert.equal(line.slice(line.indexOf(': ') + 2), value)
    })
  }

  test('an empty path and an absent query', () => {
    const message = { ...EXAMPLE, targetUri: 'https://example.com' }
    const components = ['@path', '@query', '@request-target'].map((name) => component(name))
    assert.equal(
      signatureBase({ components, parameters: new Map() }, message),
      '"@path": /\n"@query": ?\n"@request-target": /\n"@signature-params": ("@path" "@query" "@request-target")',
    )
  })
})
