import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkOptions, InvalidGuardOptions } from './options.rules.ts'
import type { GuardOptions } from './options.ts'

const good: GuardOptions = { issuer: 'https://as.example', resource: 'https://api.example' }
const key = generateSigningKey('ES256')
const jwks = { keys: [key.publicJwk] }
const introspection = { clientId: 'api', key }

function problemsOf(change: object): readonly string[] {
  try {
    checkOptions({ ...good, ...change })
    return []
  } catch (error) {
    assert.ok(error instanceof InvalidGuardOptions)
    return error.problems
  }
}

/** Options as somebody without types may write them, by what is wrong with each. */
const WRONG: Readonly<Record<string, readonly object[]>> = {
  mode: [{ mode: 'Enforce' }, { mode: '' }, { mode: null }],
  senderConstraint: [{ senderConstraint: 'DPoP' }, { senderConstraint: 'certificate' }],
  tokens: [{ tokens: 'opaque', introspection }],
  statusList: [{ statusList: true }],
  'issuer must be': [
    { issuer: [] },
    { issuer: 'http://as.example' },
    { issuer: 'https://as.example/?x' },
    { issuer: ['https://as.example', 'https://a:b@as.example'] },
  ],
  'issuer must not': [{ issuer: ['https://as.example', { issuer: 'https://as.example', jwks }] }],
  tokenFormat: [{ issuer: { issuer: 'https://as.example', tokenFormat: 'jwt' } }],
  resource: [{ resource: 'http://api.example' }, { resource: 'https://api.example/#x' }],
  baseUrl: [{ baseUrl: 'http://api.example' }, { otherBaseUrls: ['https://api.example/?x'] }],
  audience: [{ audience: '' }],
  clockTolerance: [{ clockTolerance: 61 }, { clockTolerance: -1 }, { clockTolerance: Number.NaN }],
  algorithms: [{ algorithms: [] }, { algorithms: ['ES256', 'RS256'] }],
  'introspection is': [{ tokens: 'both' }, { tokens: 'introspection' }],
  'introspection without': [
    {
      tokens: 'introspection',
      introspection,
      issuer: ['https://as.example', 'https://other.example'],
    },
  ],
  statusListSeconds: [
    { statusListSeconds: 0 },
    { statusListGraceSeconds: -1 },
    { statusListGraceSeconds: 3601 },
  ],
  'format of': [{ certificateHeader: { format: 'x-client-cert', proxies: ['::1'] } }],
  'certificateHeader must': [{ certificateHeader: { format: 'rfc9440', proxies: [] } }],
  clientKeys: [
    { clientKeys: { app: {} } },
    { clientKeys: { app: { jwksUri: 'http://app.example/jwks' } } },
    { clientKeys: { app: { jwks, jwksUri: 'https://app.example/jwks' } } },
  ],
  largestBody: [{ largestBody: 0 }, { largestBody: 1.5 }, { largestBody: Infinity }],
  jwksUri: [{ jwksUri: 'http://api.example/jwks' }],
  rememberedTokens: [{ rememberedTokens: -1 }, { rememberedTokens: 0.5 }],
}

describe('SP-PROF-01 a guard does not start with a wrong', () => {
  for (const [problem, changes] of Object.entries(WRONG)) {
    test(problem, () => {
      for (const change of changes) {
        const [found, ...more] = problemsOf(change)
        assert.ok(found?.startsWith(problem), `${JSON.stringify(change)}: ${found}`)
        assert.deepEqual(more, [])
      }
    })
  }
})

test('what says no more than the defaults, and all that may be said, is fine', () => {
  for (const change of [
    {},
    { mode: 'observe', senderConstraint: 'either', tokens: 'jwt', statusList: 'required' },
    { mode: undefined, senderConstraint: undefined },
    { tokens: 'both', introspection, rememberedTokens: 0, clockTolerance: 60 },
    { clientKeys: async () => [], responseKey: key, largestBody: 1 },
  ]) {
    assert.deepEqual(problemsOf(change), [])
  }
})
