import { KEY_MANAGEMENT } from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertSound, breachesOf, ceilings, Misconfigured } from './config.rules.ts'
import {
  endpointsOf,
  mutualTlsEndpointsOf,
  type Lifetimes,
  type Resource,
  type Service,
} from './config.ts'
import { ISSUER, SERVICE } from './testing/index.ts'
import { AUTHORITY, certificateFor, MUTUAL_TLS } from './testing/mutual-tls.ts'

/** Exactly one line, and it names the setting and the requirement. */
function refuses(change: Partial<Service>, id: string, setting: string): void {
  const [line = '', ...more] = breachesOf({ ...SERVICE, ...change })
  assert.deepEqual(more, [])
  assert.ok(line.startsWith(`${setting}: `), line)
  assert.ok(line.includes(`(${id})`), line)
}

describe('SP-PROF-01', () => {
  test('SP-PROF-01 a service within every limit is sound', () => {
    assert.deepEqual(breachesOf(SERVICE), [])
    assertSound(SERVICE)
  })

  const limits: Readonly<
    Record<keyof Lifetimes, readonly [id: string, least: number, most: number]>
  > = {
    pushedRequest: ['SP-AZ-12', 5, 599],
    code: ['SP-AS-11', 1, 60],
    accessToken: ['SP-SEC-01', 1, 3_600],
    refreshToken: ['BCP-16', 60, 34_560_000],
    idToken: ['OIDC-01', 60, 86_400],
    interaction: ['SP-AZ-15', 60, 3_600],
    session: ['AM-X1', 60, 2_592_000],
  }
  for (const [name, [id, least, most]] of Object.entries(limits)) {
    const setting = `lifetimes.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    const lasting = (value: number): Partial<Service> => ({
      lifetimes: { ...SERVICE.lifetimes, [name]: value },
    })
    test(`SP-PROF-01 ${setting} may be ${least} to ${most} (${id})`, () => {
      for (const value of [least, most]) {
        assert.deepEqual(breachesOf({ ...SERVICE, ...lasting(value) }), [])
      }
    })
    for (const value of [least - 1, most + 1, 0, -1, least + 0.5, Number.NaN, Infinity]) {
      test(`SP-PROF-01 ${setting} may not be ${value} (${id})`, () => {
        refuses(lasting(value), id, setting)
      })
    }
  }

  const at = (issuer: string): Partial<Service> => ({
    issuer,
    defaultResource: issuer,
    endpoints: endpointsOf(issuer),
  })
  for (const issuer of [
    'https://as.example',
    'https://as.example/',
    'https://as.example/bank',
    'https://as.example/bank/',
    'https://as.example:8443/a/b',
    'https://[::1]:9443',
    'https://localhost:9443',
  ]) {
    test(`SP-PROF-01 issuer may be ${issuer}`, () => {
      assert.deepEqual(breachesOf({ ...SERVICE, ...at(issuer) }), [])
    })
  }
  for (const issuer of [
    '',
    'as.example',
    'http://as.example',
    'HTTPS://as.example',
    'https://AS.example',
    'https://as.example:443',
    'https://as.example.',
    'https://as.example?',
    'https://as.example/?a=b',
    'https://as.example#',
    'https://as.example/#a',
    'https://user@as.example',
    'https://user:secret@as.example',
    'https://as.example/a/../b',
    'https://as.example\\bank',
    ' https://as.example',
    'https://as.example/a b',
    'https://äs.example',
    'https://as.example\n',
  ]) {
    test(`SP-PROF-01 issuer may not be ${JSON.stringify(issuer)} (META-01)`, () => {
      refuses(at(issuer), 'META-01', 'issuer')
    })
  }

  test('SP-PROF-01 no algorithm outside the profile may be configured', () => {
    const algorithms = ['RS256', 'ES384', 'HS256', 'none', 'PS384'] as const
    for (const name of algorithms) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a caller without types could pass
      const signingAlgorithms = ['ES256', name] as unknown as Service['signingAlgorithms']
      refuses({ signingAlgorithms }, 'SP-CR-02', 'signing_algorithms')
    }
    refuses({ signingAlgorithms: [] }, 'SP-CR-02', 'signing_algorithms')
  })

  const description = { description: { en: 'x' } }
  for (const name of ['', 'a b', 'a"b', 'a\\b', 'ä', 'a\n', 'openid', 'offline_access']) {
    test(`SP-PROF-01 a scope may not be named ${JSON.stringify(name)} (SP-AS-14)`, () => {
      refuses({ scopes: { ...SERVICE.scopes, [name]: description } }, 'SP-AS-14', 'scopes')
    })
  }

  const resource = (identifier: string): Resource => ({ identifier, introspectionClients: [] })
  for (const identifier of [
    '',
    'api',
    '/api',
    'https://api.example#a',
    ' https://api.example',
    'https://api.example/a b',
  ]) {
    test(`SP-PROF-01 a resource may not be ${JSON.stringify(identifier)} (RES-01)`, () => {
      const resources = [...SERVICE.resources, resource(identifier)]
      refuses({ resources }, 'RES-01', 'resources')
    })
  }
  test('SP-PROF-01 a resource may be listed once only (RES-01)', () => {
    const resources = [...SERVICE.resources, ...SERVICE.resources.slice(0, 1)]
    refuses({ resources }, 'RES-01', 'resources')
  })
  test('SP-PROF-01 a resource may be a URN', () => {
    const resources = [...SERVICE.resources, resource('urn:example:api')]
    assert.deepEqual(breachesOf({ ...SERVICE, resources }), [])
  })
  test('SP-PROF-01 the default resource is a resource or the issuer (JAT-04)', () => {
    assert.deepEqual(breachesOf({ ...SERVICE, defaultResource: SERVICE.issuer }), [])
    refuses({ defaultResource: 'https://elsewhere.example' }, 'JAT-04', 'default_resource')
  })

  for (const ttl of [0, 301, 1.5, Number.NaN]) {
    test(`REV-03 others may not keep a status list for ${ttl} seconds`, () => {
      refuses({ statusList: { enabled: true, ttl } }, 'REV-03', 'status_list.ttl')
    })
  }

  test('SP-PROF-01 every breach is listed at once', () => {
    const service: Service = {
      ...SERVICE,
      issuer: 'http://as.example',
      lifetimes: { ...SERVICE.lifetimes, code: 61, pushedRequest: 600 },
      signingAlgorithms: [],
    }
    assert.throws(
      () => assertSound(service),
      (error) => {
        assert.ok(error instanceof Misconfigured)
        assert.equal(error.breaches.length, 4)
        for (const line of error.breaches) assert.ok(error.message.includes(line))
        return true
      },
    )
  })

  test('SP-PROF-01 each limit names a setting of its own', () => {
    assert.equal(new Set(ceilings.map(({ setting }) => setting)).size, ceilings.length)
  })
})

const twinsAt = (origin: string): Partial<Service> => ({
  mtls: { ...MUTUAL_TLS, endpoints: mutualTlsEndpointsOf(ISSUER, origin) },
})
for (const origin of ['https://as.example:8443', 'https://mtls.as.example', 'https://[::1]']) {
  test(`MTLS-08 certificates may be asked for at ${origin}`, () => {
    assert.deepEqual(breachesOf({ ...SERVICE, ...twinsAt(origin) }), [])
  })
}
for (const origin of ['https://as.example', 'https://as.example:443', 'http://mtls.example']) {
  test(`MTLS-08 certificates may not be asked for at ${origin}`, () => {
    refuses(twinsAt(origin), 'MTLS-08', 'mtls.origin')
  })
}

const trusting = (...trustedAuthorities: readonly string[]): Partial<Service> => ({
  mtls: { ...MUTUAL_TLS, trustedAuthorities },
})
test('MTLS-12 authorities may be none, one or a bundle', () => {
  const { pem } = AUTHORITY
  for (const change of [trusting(), trusting(pem), trusting(pem, pem), trusting(`${pem}\n${pem}`)])
    assert.deepEqual(breachesOf({ ...SERVICE, ...change }), [])
})
test('MTLS-12 nobody is trusted who is no authority, or cannot be read', async () => {
  const { pem: ofClient } = await certificateFor('app.example')
  for (const pem of ['', 'x', ofClient, AUTHORITY.pem.replace(/[A-Z]/, '!')]) {
    refuses(trusting(pem), 'MTLS-12', 'mtls.trusted_cas')
  }
})

test('MS-JARM-01 there has to be a response mode, and none that does not exist', () => {
  refuses({ responseModes: [] }, 'MS-JARM-01', 'profile')
  for (const mode of ['fragment', 'fragment.jwt', 'web_message', 'JWT', '__proto__', '']) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a caller without types could pass
    const responseModes = ['jwt', mode] as unknown as Service['responseModes']
    refuses({ responseModes }, 'MS-JARM-01', 'profile')
  }
})

test('JAR-09 requests are encrypted with few algorithms, and not by RSA1_5', () => {
  for (const name of ['RSA1_5', 'RSA-OAEP', 'dir', 'A128KW', 'PBES2-HS256+A128KW', 'none', '']) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a caller without types could pass
    const requestObjectEncryption = [name] as unknown as Service['requestObjectEncryption']
    refuses({ requestObjectEncryption }, 'JAR-09', 'request_object_encryption')
  }
  const all = { ...SERVICE, requestObjectEncryption: KEY_MANAGEMENT }
  assert.deepEqual(breachesOf(all), [])
})
