import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveRule } from '@signet/protocol/testing'
import type { Service } from '../config.ts'
import { createStage, SERVICE } from '../testing/index.ts'
import { targetRules } from './audience.rules.ts'
import {
  audienceOf,
  knownResource,
  scopesOfResource,
  scopesOfToken,
  type Target,
} from './audience.ts'

const ACCOUNTS = 'https://accounts.example'
const PAYMENTS = 'https://payments.example/v1'
const ANYTHING = 'urn:example:anything'

const service: Service = {
  ...SERVICE,
  resources: [
    { identifier: ACCOUNTS, scopes: ['accounts', 'read'], introspectionClients: [] },
    { identifier: PAYMENTS, scopes: ['payments', 'read'], introspectionClients: [] },
    { identifier: ANYTHING, introspectionClients: [] },
  ],
  defaultResource: ACCOUNTS,
}

const good: Target = {
  service,
  requested: [],
  authorized: [ACCOUNTS, PAYMENTS],
  scopes: ['openid', 'read'],
}

const asking = (change: Partial<Target>): Target => ({ ...good, ...change })

proveRule(targetRules, 'RES-01', {
  good: asking({ requested: [ACCOUNTS], authorized: undefined }),
  refuses: {
    'an unknown resource': asking({ requested: ['https://unknown.example'] }),
    'an unknown resource beside a known one': asking({
      requested: [ACCOUNTS, 'https://no.example'],
    }),
    'a resource with a fragment': asking({ requested: [`${ACCOUNTS}#part`] }),
    'a relative resource': asking({ requested: ['/v1'] }),
    'a resource in another spelling': asking({ requested: [`${ACCOUNTS}/`] }),
    'no URI at all': asking({ requested: ['accounts'] }),
    'an authorized resource the service has no more': asking({
      authorized: ['https://old.example'],
    }),
  },
})

proveRule(targetRules, 'RES-02', {
  good: asking({ requested: [PAYMENTS] }),
  refuses: {
    'a resource that was not authorized': asking({ requested: [ANYTHING], scopes: ['openid'] }),
    'a resource beside the authorized ones': asking({ requested: [ACCOUNTS, ANYTHING] }),
    'any but the default where none was authorized': asking({
      requested: [PAYMENTS],
      authorized: [],
    }),
  },
})

proveRule(targetRules, 'JAT-04', {
  good,
  refuses: {
    'several resources of different scopes': asking({ scopes: ['accounts', 'payments'] }),
    'a scope that only one of several resources takes': asking({
      requested: [ACCOUNTS, PAYMENTS],
      scopes: ['read', 'payments'],
    }),
  },
})

proveRule(targetRules, 'RES-03', {
  good: asking({ requested: [PAYMENTS], scopes: ['accounts', 'payments'] }),
  refuses: {
    'scopes of which none is for the resource': asking({
      requested: [PAYMENTS],
      scopes: ['accounts'],
    }),
  },
})

test('RES-01 knows the configured resources and the default one, character by character', () => {
  const own = { ...service, defaultResource: service.issuer }
  for (const value of [ACCOUNTS, PAYMENTS, ANYTHING, own.issuer])
    assert.ok(knownResource(own, value))
  for (const value of ['', ACCOUNTS.toUpperCase(), `${ACCOUNTS}/`, 'https://no.example']) {
    assert.ok(!knownResource(own, value), value)
  }
})

test('RES-03 the audience is what was asked for, or all that was authorized, or the default', () => {
  assert.deepEqual(audienceOf(asking({ requested: [PAYMENTS] })), [PAYMENTS])
  assert.deepEqual(audienceOf(asking({})), [ACCOUNTS, PAYMENTS])
  assert.deepEqual(audienceOf(asking({ authorized: [] })), [ACCOUNTS])
  assert.deepEqual(audienceOf(asking({ authorized: undefined })), [ACCOUNTS])
})

test('BCP-06 a token carries no scope its audience does not take, or its client lost', () => {
  const { client } = createStage().app
  const scopes = ['openid', 'accounts', 'payments', 'admin']
  assert.deepEqual(scopesOfToken(client, asking({ requested: [ACCOUNTS], scopes })), [
    'openid',
    'accounts',
  ])
  assert.deepEqual(scopesOfToken(client, asking({ requested: [ANYTHING], scopes })), [
    'openid',
    'accounts',
    'payments',
  ])
})

test('INT-03 a resource is told of its own scopes only', () => {
  assert.deepEqual(scopesOfResource(service, ACCOUNTS, ['openid', 'accounts', 'payments']), [
    'accounts',
  ])
  assert.deepEqual(scopesOfResource(service, ANYTHING, ['openid', 'x']), ['openid', 'x'])
})
