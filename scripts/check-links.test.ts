import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { linkProblems, walkProblems } from './check-links.ts'
import { readSources, ROOT } from './sources.ts'

const WALK = [
  'packages/server/src/oauth/routes.ts',
  'packages/engine/src/flow/push.ts',
  'packages/engine/src/flow/push.rules.ts',
  'packages/engine/src/flow/begin.ts',
  'packages/engine/src/flow/complete.ts',
  'packages/engine/src/flow/exchange.ts',
]

const problems = (text: string): readonly string[] =>
  linkProblems(new Map([['docs/a.md', text]]), (file) => ['README.md', 'docs/b.md'].includes(file))

test('a link to a file that exists passes, with or without a fragment', () => {
  assert.deepEqual(problems('[b](b.md) [b](./b.md#part) [readme](../README.md) [here](#part)'), [])
})

test('a link that leads nowhere is found, inline or by reference', () => {
  assert.deepEqual(problems('[c](c.md)'), ['docs/a.md links c.md, which does not exist'])
  assert.deepEqual(problems('[c]\n\n[c]: ../c.md'), [
    'docs/a.md links ../c.md, which does not exist',
  ])
  assert.deepEqual(problems('![picture](picture.png)'), [
    'docs/a.md links picture.png, which does not exist',
  ])
})

test('links to the web, and what stands in code, are left alone', () => {
  assert.deepEqual(problems('[w](https://example.com/x) [m](mailto:a@example.com) `[c](c.md)`'), [])
  assert.deepEqual(problems('```md\n[c](c.md)\n```\n'), [])
})

test('the walk is whole when six links stand in the walkthrough and each file names the next', () => {
  const walkthrough = WALK.map((file) => `[file](../${file})`).join('\n')
  const code = new Map(
    WALK.map((file, index) => [
      file,
      `/** A step. Next:\n * \`${path.basename(WALK[index + 1] ?? '')}\`. */`,
    ]),
  )
  assert.deepEqual(walkProblems(walkthrough, code), [])
  assert.equal(walkProblems('', code).length, WALK.length)
  assert.equal(walkProblems(walkthrough, new Map()).length, WALK.length - 1)
})

test('every relative link of this repository leads somewhere, and the walk through it is whole', () => {
  const documents = readSources(['*.md', 'docs/**/*.md'])
  assert.deepEqual(
    linkProblems(documents, (file) => existsSync(path.join(ROOT, file))),
    [],
  )
  assert.deepEqual(walkProblems(documents.get('docs/walkthrough.md') ?? '', readSources(WALK)), [])
})
