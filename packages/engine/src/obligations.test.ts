import * as protocol from '@signet/protocol'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { obligationOf } from './obligations.ts'

const HERE = import.meta.dirname

/** What judges no request of a client, but a registration, or an answer that somebody else gave. */
const NOT_ASKED = new Set([
  'registrationRules',
  'certificateRegistrationRules',
  'messageRegistrationRules',
  'signedIntrospectionRules',
])

function isRuleList(
  value: unknown,
): value is readonly { readonly reason: string; readonly says: string }[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRule)
}

function isRule(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'reason' in value && 'says' in value
}

const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.rules.ts'),
)
for (const file of ['@signet/protocol', ...files]) {
  const module: object = file.startsWith('@') ? protocol : await import(`./${file}`)
  for (const [name, rules] of Object.entries(module)) {
    if (!isRuleList(rules) || NOT_ASKED.has(name)) continue
    test(`everybody is told what each of the ${name} says, and no other`, () => {
      for (const { reason, says } of rules) assert.equal(obligationOf(reason), says, reason)
    })
  }
}

test('of a refusal that no rule made there is nothing to tell', () => {
  assert.equal(obligationOf('code_reused'), undefined)
})
