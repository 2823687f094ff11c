import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportDecryptionJwk, generateEncryptionKey, generateSigningKey } from '@signet/protocol'
import type { IntrospectionOptions } from './introspection.ts'
import { InvalidGuardOptions } from './options.rules.ts'
import { API_KEY, asking, ENDPOINT, ALIAS, type Told } from './testing/asking.ts'
import { createAuthority } from './testing/certificates.ts'
import { CERTIFICATE, CERTIFIED } from './testing/requests.ts'
import { createStage, ISSUER, json } from './testing/stage.ts'

const authority = await createAuthority()
const { cert: pem, key } = await authority.issue('api')
const certificate = { certificate: pem, key }
const certified = (): Told => asking({ key: undefined, certificate })

function describeIssuer({ answers }: Told, metadata: object): void {
  answers.set(`${ISSUER}/.well-known/openid-configuration`, () =>
    json({ issuer: ISSUER, ...metadata }),
  )
}

test('MTLS-01 MTLS-08 an API with a certificate asks at the alias, with its name and no assertion', async () => {
  const stage = certified()
  await stage.granted(stage.issuer.request({ token: 'opaque' }))
  const { url, form, certificate: shown } = stage.calls.at(-1) ?? assert.fail()
  assert.equal(url, ALIAS)
  assert.deepEqual(shown, certificate)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(form)), {
    token: 'opaque',
    token_type_hint: 'access_token',
    client_id: 'api',
  })
})

test('MTLS-08 the certificate is shown to nothing but the introspection endpoint', async () => {
  const base = createStage()
  const stage = asking(
    { key: undefined, certificate },
    { tokens: 'both', statusList: 'required', issuer: ISSUER },
  )
  describeIssuer(stage, {
    jwks_uri: `${ISSUER}/jwks`,
    introspection_endpoint: ENDPOINT,
    mtls_endpoint_aliases: { introspection_endpoint: ALIAS },
  })
  stage.answers.set(`${ISSUER}/jwks`, () => json(base.issuer.trusted.jwks))
  const status = { status_list: { uri: `${ISSUER}/status`, idx: 1 } }
  await stage.refused(base.issuer.request({ token: base.issuer.token({ status }) }))
  assert.deepEqual(
    stage.calls.map((call) => [call.url, call.certificate !== undefined]),
    [
      [`${ISSUER}/.well-known/openid-configuration`, false],
      [`${ISSUER}/jwks`, false],
      [ALIAS, true],
      [`${ISSUER}/status`, false],
    ],
  )
})

test('MTLS-08 an API with a key asks at the endpoint for everybody, and shows no certificate', async () => {
  const stage = asking()
  await stage.granted(stage.issuer.request({ token: 'opaque' }))
  assert.equal(stage.calls.at(-1)?.url, ENDPOINT)
  assert.equal(stage.calls.at(-1)?.certificate, undefined)
})

test('MTLS-08 without an alias, the endpoint itself is the one that asks for certificates', async () => {
  for (const aliases of [{}, { mtls_endpoint_aliases: { token_endpoint: ALIAS } }]) {
    const stage = certified()
    describeIssuer(stage, { introspection_endpoint: ENDPOINT, ...aliases })
    await stage.granted(stage.issuer.request({ token: 'opaque' }))
    assert.equal(stage.calls.at(-1)?.url, ENDPOINT)
  }
})

test('SP-NET-01 an alias without TLS, or none that could be one, is not called', async () => {
  for (const introspection_endpoint of ['http://mtls.as.example/introspect', 1, null]) {
    const stage = certified()
    const mtls_endpoint_aliases = { introspection_endpoint }
    describeIssuer(stage, { introspection_endpoint: ENDPOINT, mtls_endpoint_aliases })
    const { status, event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
    assert.deepEqual([status, event.reason], [503, 'issuer_endpoint_unavailable'])
    assert.equal(stage.calls.length, 1)
  }
})

test('MTLS-05 MTLS-06 what the issuer tells of the certificate of a token is what counts', async () => {
  const stage = asking({}, { senderConstraint: 'either' })
  const request = stage.issuer.request({ token: 'opaque', certificate: CERTIFICATE })
  stage.tell(CERTIFIED)
  await stage.granted(request)
  stage.tell({ cnf: { 'x5t#S256': 'another' } })
  const { event } = await stage.refused(request)
  assert.equal(event.reason, 'certificate_mismatch')
})

test('what keeps an API from asking is told at the start, all of it', async () => {
  const { key: otherKey } = await authority.issue('other')
  const jwk = exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))
  const { d: _, ...publicJwk } = jwk
  const problemsOf = (introspection: Partial<IntrospectionOptions>): readonly string[] => {
    try {
      asking(introspection)
      return []
    } catch (error) {
      assert.ok(error instanceof InvalidGuardOptions)
      assert.ok(!error.message.includes('PRIVATE KEY'))
      return error.problems.map((problem) => problem.split(' ', 1)[0] ?? '')
    }
  }
  const [WHO, SHOWN, KEYS] = [
    'introspection',
    'introspection.certificate',
    'introspection.decryptionKeys',
  ]
  for (const [options, problems] of [
    [{}, []],
    [{ key: undefined, certificate }, []],
    [{ signed: true, decryptionKeys: [jwk] }, []],
    [{ clientId: '' }, [WHO]],
    [{ key: undefined }, [WHO]],
    [{ certificate }, [WHO]],
    [{ key: undefined, certificate: { certificate: pem, key: otherKey } }, [SHOWN]],
    [{ key: undefined, certificate: { certificate: 'x', key } }, [SHOWN]],
    [{ key: undefined, certificate: { certificate: pem, key: 'x' } }, [SHOWN]],
    [{ decryptionKeys: [jwk] }, [KEYS]],
    [{ signed: true, decryptionKeys: [] }, [KEYS]],
    [{ signed: true, decryptionKeys: [jwk, publicJwk] }, [KEYS]],
    [{ signed: true, decryptionKeys: [generateSigningKey('Ed25519').publicJwk] }, [KEYS]],
    [
      {
        key: API_KEY,
        certificate: { certificate: pem, key: otherKey },
        decryptionKeys: [{ kty: 'oct' }],
      },
      [WHO, SHOWN, KEYS, KEYS],
    ],
  ] as const) {
    assert.deepEqual(problemsOf(options), problems)
  }
})
