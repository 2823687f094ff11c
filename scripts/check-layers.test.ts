import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerProblems, type Exports } from './check-layers.ts'

const exports: Exports = new Map([
  ['@signet/protocol', new Set(['.', './testing'])],
  ['@signet/engine', new Set(['.'])],
  ['@signet/store', new Set(['./sqlite'])],
  ['@signet/server', new Set(['.'])],
  ['@signet/guard', new Set(['.'])],
  ['@signet/bff', new Set(['.'])],
])

const problems = (file: string, text: string): readonly string[] =>
  layerProblems(new Map([[file, text]]), exports)

const refused: Readonly<Record<string, readonly [file: string, text: string, why: RegExp]>> = {
  'an import upward': [
    'packages/engine/src/a.ts',
    `import { a } from '@signet/store/sqlite'`,
    /engine may import protocol/,
  ],
  'an import by the lowest layer': [
    'packages/protocol/src/a.ts',
    `import '@signet/engine'`,
    /no other package/,
  ],
  'an import between siblings': [
    'packages/guard/src/a.ts',
    `import { a } from '@signet/engine'`,
    /guard may import protocol/,
  ],
  'the server in the backend for frontend': [
    'packages/bff/src/a.ts',
    `import { a } from '@signet/server'`,
    /bff may import protocol$/,
  ],
  'the guard in the server': [
    'packages/server/src/a.ts',
    `import { a } from '@signet/guard'`,
    /server may import protocol, engine, store, bff$/,
  ],
  'a type import upward': [
    'packages/engine/src/a.ts',
    `import type { A } from '@signet/server'`,
    /engine may import/,
  ],
  'a type named in place': [
    'packages/engine/src/a.ts',
    `export type A = import('@signet/server').A`,
    /engine may import/,
  ],
  'a re-export upward': [
    'packages/engine/src/a.ts',
    `export * from '@signet/server'`,
    /engine may import/,
  ],
  'a named re-export upward': [
    'packages/engine/src/a.ts',
    `export { a } from '@signet/server'`,
    /engine may import/,
  ],
  'a dynamic import upward': [
    'packages/engine/src/a.ts',
    `await import('@signet/server')`,
    /engine may import/,
  ],
  'a computed import': ['packages/engine/src/a.ts', `await import(name)`, /computed/],
  'an import upward in a test': [
    'packages/engine/src/a.test.ts',
    `import '@signet/server'`,
    /engine may import/,
  ],
  'a deep import past the exports': [
    'packages/server/src/a.ts',
    `import '@signet/engine/src/flow/push.ts'`,
    /exports no/,
  ],
  'the root of a package that has none': [
    'packages/server/src/a.ts',
    `import '@signet/store'`,
    /exports no \./,
  ],
  'an import of the bench': [
    'packages/server/src/a.ts',
    `import '@signet/bench'`,
    /nobody imports that/,
  ],
  'an import of the end-to-end tests': [
    'bench/a.ts',
    `import '@signet/e2e'`,
    /nobody imports that/,
  ],
  'a relative import into another package': [
    'packages/engine/src/a.ts',
    `import '../../protocol/src/index.ts'`,
    /may not leave packages\/engine/,
  ],
  'a relative import out of the end-to-end tests': [
    'e2e/a.ts',
    `import '../packages/server/src/main.ts'`,
    /may not leave e2e/,
  ],
  'a package that imports itself by name': [
    'packages/engine/src/a.ts',
    `import '@signet/engine'`,
    /relative path/,
  ],
  'the disk in the engine': [
    'packages/engine/src/a.ts',
    `import { readFileSync } from 'node:fs'`,
    /only node:crypto and node:buffer/,
  ],
  'the network in the protocol': [
    'packages/protocol/src/a.ts',
    `import http from 'node:http'`,
    /only node:crypto/,
  ],
  'the network in the decisions of the guard': [
    'packages/guard/src/check.ts',
    `import https from 'node:https'`,
    /guard may use only node:crypto/,
  ],
  'a part of Node without its prefix': [
    'packages/server/src/a.ts',
    `import fs from 'fs'`,
    /node:fs/,
  ],
}

describe('the layer check refuses', () => {
  for (const [title, [file, text, why]] of Object.entries(refused)) {
    test(title, () => {
      const [problem, ...others] = problems(file, text)
      assert.match(problem ?? '', why)
      assert.deepEqual(others, [])
    })
  }
})

const allowed: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'imports downward': [
    'packages/server/src/a.ts',
    `import '@signet/engine'; import '@signet/store/sqlite'; import '@signet/protocol'`,
  ],
  'the backend for frontend in the server': [
    'packages/server/src/bff/a.ts',
    `import { createBff } from '@signet/bff'`,
  ],
  'relative imports inside a package': ['packages/engine/src/flow/a.ts', `import '../ports.ts'`],
  'cryptography in the engine': [
    'packages/engine/src/a.ts',
    `import { verify } from 'node:crypto'`,
  ],
  'the network where the guard meets the world': [
    'packages/guard/src/io/https.ts',
    `import https from 'node:https'`,
  ],
  'any part of Node in a test': ['packages/engine/src/a.test.ts', `import test from 'node:test'`],
  'any part of Node in a testing folder': [
    'packages/engine/src/testing/a.ts',
    `import assert from 'node:assert'`,
  ],
  'any package in the bench': [
    'bench/a.ts',
    `import '@signet/protocol/testing'; import '@signet/server'`,
  ],
  'an import that stands in a comment or a string': [
    'packages/engine/src/a.ts',
    `// import '@signet/server'\nexport const a = "import '@signet/server'"`,
  ],
}

describe('the layer check allows', () => {
  for (const [title, [file, text]] of Object.entries(allowed)) {
    test(title, () => assert.deepEqual(problems(file, text), []))
  }
})

test('a file that does not parse is an error, not a pass', () => {
  assert.throws(() => problems('packages/engine/src/a.ts', 'import {'), SyntaxError)
})
