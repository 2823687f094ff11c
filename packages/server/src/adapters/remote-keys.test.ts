import { fixedClock } from '@signet/engine/testing'
import {
  generateEncryptionKey,
  generateSigningKey,
  isCertificateOf,
  readCertificate,
  selectKeys,
  type ClientCertificate,
  type DecryptionKey,
  type KeyManagement,
  type SigningKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { createAuthority, LOOPBACK } from '../testing/certificates.ts'
import { FetchFailed, type Fetched } from './outgoing.ts'
import { remoteKeys, type JwksFetchResult } from './remote-keys.ts'

const [first, second] = [generateSigningKey('ES256'), generateSigningKey('ES256')]
const [rsa, ec] = [generateEncryptionKey('RSA-OAEP-256'), generateEncryptionKey('ECDH-ES')]
const jwks = (...keys: readonly (SigningKey | DecryptionKey)[]): string =>
  JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) })
const signedBy = ({ kid }: SigningKey): { kid: string; alg: string } => ({ kid, alg: 'ES256' })

/** Keys at an address that answers what the test says, one answer after the other; the last one again and again. */
function publishing(...answers: readonly (Fetched | Error)[]) {
  const clock = fixedClock()
  const results: JwksFetchResult[] = []
  const details: (string | undefined)[] = []
  const fetch = (): Promise<Fetched> => {
    const answer = answers[Math.min(results.length, answers.length - 1)] ?? new Error('no answer')
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }
  const fetched = (_: string, result: JwksFetchResult, detail?: string): void => {
    results.push(result)
    details.push(detail)
  }
  const keys = remoteKeys('https://client.example/jwks', { fetch, clock, fetched })
  const kidsFor = async (wanted: { kid?: string; alg: string }): Promise<readonly unknown[]> =>
    selectKeys(await keys.find(wanted), wanted).map(({ kid }) => kid)
  const encryptionKids = async (alg: KeyManagement = 'ECDH-ES'): Promise<readonly unknown[]> =>
    (await keys.encryption(alg)).map(({ kid }) => kid)
  return { clock, results, details, keys, kidsFor, encryptionKids }
}
const unreachable = new FetchFailed('network', 'ECONNREFUSED')

describe('PKJ-13 keys at a jwks_uri', () => {
  test('PKJ-13 are fetched once and kept', async () => {
    const { clock, results, kidsFor } = publishing({ body: jwks(first) })
    assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
    clock.advance(599)
    assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
    assert.deepEqual(results, ['ok'])
  })

  test('PKJ-13 are fetched again at once when the kid is unknown, so that rotation works', async () => {
    const { clock, kidsFor } = publishing({ body: jwks(first) }, { body: jwks(first, second) })
    await kidsFor(signedBy(first))
    clock.advance(10)
    assert.deepEqual(await kidsFor(signedBy(second)), [second.kid])
  })

  test('PKJ-13 are not fetched again for every kid somebody invents', async () => {
    const { clock, results, kidsFor } = publishing({ body: jwks(first) })
    await kidsFor(signedBy(first))
    for (let attempt = 0; attempt < 20; attempt += 1) {
      assert.deepEqual(await kidsFor({ kid: `invented ${attempt}`, alg: 'ES256' }), [])
      clock.advance(1)
    }
    assert.equal(results.length, 2)
  })

  test('PKJ-13 are fetched once for many requests at the same time', async () => {
    const { results, kidsFor } = publishing({ body: jwks(first) })
    const found = await Promise.all(Array.from({ length: 20 }, () => kidsFor(signedBy(first))))
    assert.deepEqual(
      found,
      found.map(() => [first.kid]),
    )
    assert.equal(results.length, 1)
  })

  test('PKJ-13 stop working soon after they were withdrawn, whatever max-age says', async () => {
    const kept = { body: jwks(first, second), maxAge: 1_000_000 }
    const { clock, kidsFor } = publishing(kept, { body: jwks(second) })
    await kidsFor(signedBy(first))
    clock.advance(600)
    assert.deepEqual(await kidsFor(signedBy(first)), [])
  })

  test('PKJ-13 are kept for a minute though max-age asks for less', async () => {
    const { clock, results, kidsFor } = publishing({ body: jwks(first), maxAge: 0 })
    await kidsFor(signedBy(first))
    clock.advance(59)
    await kidsFor(signedBy(first))
    assert.equal(results.length, 1)
    clock.advance(1)
    await kidsFor(signedBy(first))
    assert.equal(results.length, 2)
  })

  test('PKJ-13 stay in use while their server is away, but not for ever', async () => {
    const { clock, kidsFor } = publishing({ body: jwks(first) }, unreachable)
    await kidsFor(signedBy(first))
    clock.advance(86_399)
    assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
    clock.advance(1)
    assert.deepEqual(await kidsFor(signedBy(first)), [])
  })

  test('PKJ-13 that cannot be had are no keys, and are asked for again after ten seconds', async () => {
    const { clock, results, kidsFor } = publishing(unreachable, { body: jwks(first) })
    assert.deepEqual(await kidsFor(signedBy(first)), [])
    clock.advance(9)
    assert.deepEqual(await kidsFor(signedBy(first)), [])
    clock.advance(1)
    assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
    assert.deepEqual(results, ['network', 'ok'])
  })

  for (const body of ['', '<html>', '[]', '{}', '{"keys":{}}', 'null']) {
    test(`PKJ-13 stay in use when the answer is no JWK set: ${body}`, async () => {
      const { clock, results, kidsFor } = publishing({ body: jwks(first) }, { body })
      await kidsFor(signedBy(first))
      clock.advance(600)
      assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
      assert.deepEqual(results, ['ok', 'malformed'])
    })
  }

  test('SP-CR-11 are all candidates when they share a kid, if they fit the algorithm', async () => {
    const shared = [first, second, generateSigningKey('EdDSA')].map(({ publicJwk }) => ({
      ...publicJwk,
      kid: 'same',
    }))
    const { kidsFor } = publishing({ body: JSON.stringify({ keys: shared }) })
    assert.deepEqual(await kidsFor({ kid: 'same', alg: 'ES256' }), ['same', 'same'])
  })

  test('answer a token without kid, and fetch again only when none of them fits', async () => {
    const { clock, results, kidsFor } = publishing({ body: jwks(first, second) })
    assert.deepEqual(await kidsFor({ alg: 'ES256' }), [first.kid, second.kid])
    clock.advance(10)
    await kidsFor({ alg: 'ES256' })
    assert.equal(results.length, 1)
    assert.deepEqual(await kidsFor({ alg: 'PS256' }), [])
    assert.equal(results.length, 2)
  })
})

/** A certificate, and the set of keys by which a client says that it is its own. */
async function selfSigned(): Promise<readonly [certificate: ClientCertificate, body: string]> {
  const x509 = new X509Certificate((await (await createAuthority()).issue(LOOPBACK)).certificate)
  const jwk = { ...x509.publicKey.export({ format: 'jwk' }), x5c: [x509.raw.toString('base64')] }
  return [readCertificate(x509.raw), JSON.stringify({ keys: [jwk] })]
}

describe('MTLS-03 certificates at a jwks_uri', () => {
  test('MTLS-03 are fetched again at once when a client shows another, so that renewal works', async () => {
    const [former, before] = await selfSigned()
    const [renewed, after] = await selfSigned()
    const { clock, results, keys } = publishing({ body: before }, { body: after })
    const isKnown = async (certificate: ClientCertificate): Promise<boolean> =>
      (await keys.find({ certificate })).some((key) => isCertificateOf(key, certificate))
    assert.equal(await isKnown(former), true)
    assert.equal(await isKnown(former), true)
    assert.equal(await isKnown(renewed), false, 'not more often than every ten seconds')
    assert.equal(results.length, 1)
    clock.advance(10)
    assert.equal(await isKnown(renewed), true)
    assert.equal(await isKnown(former), false)
  })
})

describe('OIDC-18 keys to encrypt to at a jwks_uri', () => {
  test('OIDC-18 come with the others, in one fetch', async () => {
    const { results, details, kidsFor, encryptionKids } = publishing({ body: jwks(rsa, first, ec) })
    assert.deepEqual(await encryptionKids(), [rsa.kid, ec.kid])
    assert.deepEqual(await kidsFor(signedBy(first)), [first.kid])
    assert.deepEqual(results, ['ok'])
    assert.deepEqual(details, [undefined], 'no key was left aside')
  })

  test('OIDC-18 are looked for again when they are old, or when there are none', async () => {
    const { clock, results, kidsFor, encryptionKids } = publishing(
      { body: jwks(first) },
      { body: jwks(first, ec) },
      { body: jwks(first, rsa) },
    )
    await kidsFor(signedBy(first))
    clock.advance(10)
    assert.deepEqual(await encryptionKids(), [ec.kid])
    clock.advance(599)
    assert.deepEqual(await encryptionKids(), [ec.kid])
    clock.advance(1)
    assert.deepEqual(await encryptionKids(), [rsa.kid])
    assert.equal(results.length, 3)
  })

  test('OIDC-18 are looked for again when none is for the algorithm that is wanted', async () => {
    const { clock, encryptionKids } = publishing({ body: jwks(first, ec) }, { body: jwks(ec, rsa) })
    assert.deepEqual(await encryptionKids(), [ec.kid])
    clock.advance(10)
    assert.deepEqual(await encryptionKids(), [ec.kid])
    assert.deepEqual(await encryptionKids('RSA-OAEP-256'), [ec.kid, rsa.kid])
  })

  test('OIDC-18 are not asked for again and again where there are none', async () => {
    const { results, encryptionKids } = publishing({ body: jwks(first) })
    for (let attempt = 0; attempt < 5; attempt += 1) assert.deepEqual(await encryptionKids(), [])
    assert.equal(results.length, 1)
  })

  test('a key that is good for nothing is named to the operator', async () => {
    const keys = [first.publicJwk, ec.publicJwk, { kty: 'oct', kid: 'x', k: 'AAAA' }]
    const { details, encryptionKids } = publishing({ body: JSON.stringify({ keys }) })
    await encryptionKids()
    assert.match(details[0] ?? '', /^key 2 \(kid "?x"?\): [^;]+$/)
  })
})
