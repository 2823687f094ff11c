import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleFrontend, sampleOptions } from '../testing/sample-options.ts'
import { checkOptions } from './check-options.ts'

test('good options have no problems', () => {
  assert.deepEqual(checkOptions(sampleOptions()), [])
})

test('each problem says where it is, those of keys too, and tells no key', () => {
  const { publicJwk } = generateSigningKey('ES256')
  const { d, ...rest } = exportPrivateJwk(generateSigningKey('ES256'))
  const found = checkOptions({
    ...sampleOptions({
      issuer: 'http://as.example',
      client: { client_id: 'bank', keys: [{ ...rest, d: 'AA' }, publicJwk] },
    }),
    frontends: [{ ...sampleFrontend(), publicOrigin: 'http://app.example' }],
  })
  assert.deepEqual(
    found.map(({ path }) => path.join('.')),
    ['issuer', 'frontends.0.publicOrigin', 'client.keys.0', 'client.keys.1'],
  )
  assert.ok(!JSON.stringify(found).includes(d))
})

test('what is wrong together has no place of its own', () => {
  const [found, ...more] = checkOptions(
    sampleOptions({ sessions: { ...sampleOptions().sessions, sliding: 20, absolute: 10 } }),
  )
  assert.deepEqual([found?.path, more], [[], []])
  assert.match(found?.message ?? '', /sliding/)
})
