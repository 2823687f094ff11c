import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from './context.ts'

test('what is in a table stays in its line, and moves no cursor', () => {
  const rows = [
    ['CLIENT', 'NAME'],
    ['app', 'Bank\u{1B}[2J\nroot  \u{202E}enabled'],
  ]
  assert.equal(table(rows), 'CLIENT  NAME\napp     Bank\uFFFD[2J\uFFFDroot  \uFFFDenabled')
})
