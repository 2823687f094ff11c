import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { traceProblems } from './check-trace.ts'
import type { NotYet, Requirement } from './register.ts'

const requirement = (id: string, level = 'M', who = ['AS']): Requirement => ({
  id,
  level,
  who,
  part: 'A',
  section: 'A1',
  clause: '1',
  rule: 'does something',
})

const REGISTER = [requirement('XY-AZ-05')]

interface Case {
  readonly register?: readonly Requirement[]
  readonly tests?: string
  readonly rules?: string
  readonly notYet?: NotYet
  readonly before?: NotYet
}

const problems = ({
  register = REGISTER,
  tests = '',
  rules = '',
  notYet = {},
  before,
}: Case): readonly string[] =>
  traceProblems({
    register,
    code: new Map([
      ['packages/engine/src/a.test.ts', tests],
      ['packages/engine/src/a.rules.ts', rules],
    ]),
    notYet,
    notYetBefore: before,
  })

const UNTESTED = ['XY-AZ-05 is due for AS, and no test there is named with it']

describe('a requirement that is due counts as tested by', () => {
  const proofs: Readonly<Record<string, string>> = {
    'a test that begins with its id': `test('XY-AZ-05 refuses plain', () => {})`,
    'a test that names it at the end': `test('refuses plain (XY-AZ-05)', () => {})`,
    'a test in a loop': 'for (const a of b) test(`XY-AZ-05 refuses ${a}`, () => {})',
    'a suite': `describe('XY-AZ-05', () => {})`,
    'an it': `it("XY-AZ-05: no", () => {})`,
    'a test inside a test': `test('a', (t) => t.test('XY-AZ-05 b', () => {}))`,
    'a proof of its rule': `proveRule(pushRules, 'XY-AZ-05', {})`,
    'a case of a table': `const cases = { 'XY-AZ-05 plain': 1 } as const
      for (const [title] of Object.entries(cases)) test(title, () => {})`,
    'a case of a table, as part of a title': `const cases = { 'XY-AZ-05 plain': { a: 1 } }
      describe('x', () => { for (const [title, { a }] of Object.entries(cases)) {
        test(\`\${title} is refused\`, () => {}) } })`,
    'a case of a table in the loop itself':
      "for (const [a] of Object.entries({ 'XY-AZ-05 x': 1 })) test(a, () => {})",
  }
  for (const [title, text] of Object.entries(proofs)) {
    test(title, () => assert.deepEqual(problems({ tests: text }), []))
  }
})

describe('a requirement that is due does not count as tested by', () => {
  const empty: Readonly<Record<string, string>> = {
    nothing: '',
    'a test that is commented out': `// test('XY-AZ-05 refuses plain', () => {})`,
    'a test that is skipped': `test.skip('XY-AZ-05 refuses plain', () => {})`,
    'a test still to do': `test.todo('XY-AZ-05 refuses plain')`,
    'a test skipped by an option': `test('XY-AZ-05 refuses plain', { skip: true }, () => {})`,
    'a string of the same text': `const title = "test('XY-AZ-05')"`,
    'a longer id': `test('a XY-AZ-05x b')`,
    'the id as part of a word': `test('see PREXY-AZ-05')`,
    'a table nobody tests with': `const cases = { 'XY-AZ-05 plain': 1 }; test('other', () => {})`,
    'a table whose tests are skipped': `const cases = { 'XY-AZ-05 plain': 1 }
      for (const [title] of Object.entries(cases)) test.skip(title, () => {})`,
    'a table whose keys are in no title': `const cases = { 'XY-AZ-05 plain': 1 }
      for (const [title] of Object.entries(cases)) test('other', () => use(title))`,
    'a table of another loop': `const cases = { 'XY-AZ-05 plain': 1 }
      for (const [title] of Object.entries(cases)) use(title)
      for (const [title] of Object.entries(others)) test(title, () => {})`,
  }
  for (const [title, text] of Object.entries(empty)) {
    test(title, () => assert.ok(problems({ tests: text }).includes(UNTESTED[0] ?? '')))
  }

  test('a file that is no test', () => {
    assert.deepEqual(problems({ rules: `test('XY-AZ-05', () => {})` }), UNTESTED)
  })
})

test('what binds several roles is proved where each of them is', () => {
  const register = [requirement('XY-AZ-05', 'M', ['AS', 'Client', 'RS'])]
  const proof = `test('XY-AZ-05 refuses plain', () => {})`
  const left = (...files: readonly string[]): readonly string[] =>
    traceProblems({
      register,
      code: new Map(files.map((file) => [file, proof])),
      notYet: {},
      notYetBefore: undefined,
    })
  assert.deepEqual(left('packages/protocol/src/a.test.ts'), [])
  assert.deepEqual(left('packages/engine/src/a.test.ts', 'packages/guard/src/a.test.ts'), [
    'XY-AZ-05 is due for Client, and no test there is named with it',
  ])
  assert.deepEqual(left('packages/bff/src/a.test.ts', 'e2e/guard-a.test.ts'), [])
  assert.deepEqual(left('scripts/a.test.ts'), [
    'XY-AZ-05 is due for AS and Client and RS, and no test there is named with it',
  ])
})

test('what a BFF has to do is due, though FAPI asks for no BFF', () => {
  const register = [requirement('BFF-05', 'C', ['Client']), requirement('BFF-06', 'S', ['Client'])]
  assert.deepEqual(problems({ register }), [
    'BFF-05 is due for Client, and no test there is named with it',
  ])
})

test('what binds another role, or another level, is not due', () => {
  const register = [
    requirement('XY-AZ-05', 'M', ['-']),
    requirement('XY-AZ-06', 'S'),
    requirement('XY-AZ-07', 'N'),
  ]
  assert.deepEqual(problems({ register }), [])
})

test('a due requirement may stand on the list of what is not built yet, with a reason', () => {
  assert.deepEqual(problems({ notYet: { 'XY-AZ-05': 'comes with the console' } }), [])
  assert.deepEqual(problems({ notYet: { 'XY-AZ-05': ' ' } }), [
    'docs/not-yet.json gives no reason for XY-AZ-05',
  ])
})

test('a requirement is never both tested and on the list', () => {
  const [problem] = problems({
    tests: `test('XY-AZ-05', () => {})`,
    notYet: { 'XY-AZ-05': 'later' },
  })
  assert.match(problem ?? '', /XY-AZ-05 has a test now/)
})

test('the list holds only what is due', () => {
  const notYet = { 'XY-AZ-05': 'later', 'XY-AZ-99': 'who knows' }
  assert.deepEqual(problems({ notYet }), ['docs/not-yet.json lists XY-AZ-99, which is not due'])
})

test('the list only shrinks once it has begun', () => {
  const notYet = { 'XY-AZ-05': 'later' }
  assert.deepEqual(problems({ notYet, before: {} }), [])
  assert.deepEqual(problems({ notYet, before: { ...notYet, 'XY-AZ-06': 'later' } }), [])
  const [problem] = problems({ notYet, before: { 'XY-AZ-06': 'later' } })
  assert.match(problem ?? '', /only shrinks/)
})

test('an id that nobody registered is refused, in a title and in a rule', () => {
  const tested = `test('XY-AZ-05', () => {})`
  const unknown = / names XY-AZ-50, which the register does not know/
  assert.match(problems({ tests: `${tested}; test('XY-AZ-50', () => {})` })[0] ?? '', unknown)
  assert.match(
    problems({ tests: tested, rules: `export const aRules = [{ id: 'XY-AZ-50' }]` })[0] ?? '',
    unknown,
  )
})

test('words of the same shape that are no ids are left alone', () => {
  const titles = `test('XY-AZ-05 refuses SHA-1, UTF-16 and AES-128', () => {})`
  assert.deepEqual(problems({ tests: titles, rules: `export const hash = 'SHA-256'` }), [])
})
