import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsDocument, requirementsDocument } from './generate-docs.ts'
import { loadRules, thrownRefusals } from './refusals.ts'

const RULES = 'packages/engine/src/flow/push.rules.ts'
const TESTS = 'packages/engine/src/flow/push.rules.test.ts'

const facts = {
  register: ['XY-AZ-05', 'XY-AZ-06'].map((id) => ({
    id,
    part: 'PART A',
    section: 'A1. Flows',
    who: ['AS'],
    level: 'M',
    clause: 'SP 5.3',
    rule: 'PKCE with <S256> | nothing\nelse.',
  })),
  notYet: { 'XY-AZ-06': 'comes with the console' },
  refusals: [
    {
      file: RULES,
      id: 'XY-AZ-05',
      reason: 'pkce_method',
      error: 'invalid_request',
      says: 'requires S256',
      remedy: 'Send code_challenge_method=S256.',
    },
  ],
  code: new Map([
    [RULES, `export const pushRules = [{ id: 'XY-AZ-05' }]`],
    [TESTS, `proveRule(pushRules, 'XY-AZ-05', {})`],
  ]),
}

test('a requirement stands with the rule that enforces it and the test that proves it', () => {
  const link = (file: string): string =>
    `[${file.replace('packages/', '').replace('src/', '')}](../${file})`
  assert.ok(
    requirementsDocument(facts).includes(
      `| XY-AZ-05 | M | AS | PKCE with &lt;S256> \\| nothing else. (SP 5.3) | ${link(RULES)} | ${link(TESTS)} |`,
    ),
  )
})

test('what is not built yet stands with its reason', () => {
  assert.match(
    requirementsDocument(facts),
    /^\| XY-AZ-06 .* \|  \| \*not yet:\* comes with the console \|$/m,
  )
})

test('every part and section has one heading', () => {
  const headings = requirementsDocument(facts).match(/^##.*/gm)
  assert.deepEqual(headings, ['## PART A', '### A1. Flows'])
})

test('every reason stands once with its requirement, its error and its remedy', () => {
  const twice = { ...facts, refusals: [...facts.refusals, ...facts.refusals] }
  const rows = errorsDocument(twice).match(/^\| `.*/gm) ?? []
  assert.equal(rows.length, 1)
  assert.match(
    rows[0] ?? '',
    /`pkce_method` \| XY-AZ-05 \| `invalid_request` \| requires S256 \| Send code_/,
  )
})

test('a refusal that is no rule is found where it is thrown', () => {
  const thrown = `throw new Refused(refusal('invalid_grant', 'the code was used before'), {
    id: 'XY-AZ-07', reason: 'code_used', remedy: 'Start again.', expected: 'a fresh code', received: when })`
  const file = 'packages/engine/src/flow/exchange.ts'
  assert.deepEqual(thrownRefusals(new Map([[file, thrown]])), [
    {
      file,
      id: 'XY-AZ-07',
      reason: 'code_used',
      error: 'invalid_grant',
      says: 'says: the code was used before',
      remedy: 'Start again.',
    },
  ])
})

test('a refusal made with a shorthand has the error code the shorthand is named after', () => {
  const thrown = `new Refused(invalidRequest('too large'), { id: 'A', reason: 'b', remedy: 'C.' })`
  const [found] = thrownRefusals(new Map([['packages/server/src/http/refusals.ts', thrown]]))
  assert.deepEqual([found?.error, found?.says], ['invalid_request', 'says: too large'])
})

test('the rules of the product load, and each is complete', async () => {
  const rules = await loadRules()
  assert.ok(rules.length > 0)
  for (const rule of rules) {
    for (const [member, value] of Object.entries(rule))
      assert.ok(value, `${rule.file} ${rule.id}: ${member}`)
    assert.match(rule.reason, /^[a-z][a-z0-9_]*$/)
  }
})

test('a reason stands for one requirement, in whichever rules it occurs', async () => {
  const requirements = new Map<string, string>()
  for (const { reason, id, file } of await loadRules()) {
    assert.equal(id, requirements.get(reason) ?? id, `${reason} in ${file}`)
    requirements.set(reason, id)
  }
})
