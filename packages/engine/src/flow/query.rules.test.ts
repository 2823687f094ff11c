import { Refused } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryRules, readQuery } from './query.rules.ts'

const good = { form: [['client_id', 'app']] } as const

proveRule(queryRules, 'OAU-05', { good, refuses: { 'what is no form': { form: undefined } } })

proveRule(queryRules, 'OAU-01', {
  good,
  refuses: {
    'a parameter that comes twice': { form: [...good.form, ['client_id', 'other']] },
    'the same value twice': { form: [...good.form, ...good.form] },
    'an unknown parameter that comes twice': { form: [...good.form, ['x', '1'], ['x', '2']] },
    'a parameter that comes a second time without a value': {
      form: [...good.form, ['client_id', '']],
    },
  },
})

test('OAU-05 refuses incomplete percent-encoding and bytes that are not UTF-8', () => {
  for (const query of ['a=%', 'a=%zz', '%E4=1', 'a=%ED%A0%80', 'client_id=app&x=%C0%AF']) {
    assert.throws(() => readQuery(query), Refused, query)
  }
})

test('resource alone may come several times', () => {
  assert.equal(readQuery('resource=a&resource=b').length, 2)
})

test('SP-SEC-05 the record of a repeated parameter holds no name that may be a secret', () => {
  for (const secret of ['eyJhbGciOi.secret', 'S3CRET', 'x'.repeat(41)]) {
    assert.throws(
      () => readQuery(`${secret}=1&${secret}=2`),
      (error) =>
        error instanceof Refused &&
        error.evidence.received ===
          `a parameter with a name of ${secret.length} characters more than once`,
    )
  }
})
