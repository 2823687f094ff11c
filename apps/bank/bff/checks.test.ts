import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { englishChecks } from '../web/src/texts/english-checks.ts'
import { germanChecks } from '../web/src/texts/german-checks.ts'
import { CHECKS, hop } from './checks.ts'

const REGISTER = path.join(import.meta.dirname, '../../../docs/requirements.json')

test('every check that is shown is a requirement of the register', () => {
  const register: { requirements: readonly { id: string }[] } | readonly { id: string }[] =
    JSON.parse(readFileSync(REGISTER, 'utf8'))
  const ids = new Set(
    ('requirements' in register ? register.requirements : register).map(({ id }) => id),
  )
  assert.deepEqual(
    [...CHECKS].filter((id) => !ids.has(id)),
    [],
  )
})

test('every check is said in both languages, and nothing else is', () => {
  const wanted = [...CHECKS].toSorted()
  assert.deepEqual(Object.keys(englishChecks).toSorted(), wanted)
  assert.deepEqual(Object.keys(germanChecks).toSorted(), wanted)
})

test('a message carries the checks of its kind, and those of its case', () => {
  const plain = hop('forwarded', 1)
  const payment = hop('forwarded', 1, { checks: ['STEP-01'], status: 201 })
  assert.deepEqual(payment, { ...plain, checks: [...plain.checks, 'STEP-01'], status: 201 })
})
