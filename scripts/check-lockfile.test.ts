import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockfileProblems, manifestProblems } from './check-lockfile.ts'

const lockfile = (entry: object): string =>
  JSON.stringify({
    packages: {
      '': { name: 'signet' },
      'packages/engine': { name: '@signet/engine' },
      'node_modules/@signet/engine': { resolved: 'packages/engine', link: true },
      'node_modules/jose': { version: '6.0.0', integrity: 'sha512-AAAA', ...entry },
    },
  })

test('a lockfile of hashed packages passes', () => {
  assert.deepEqual(lockfileProblems(lockfile({})), [])
})

test('a package without a hash is refused', () => {
  assert.match(
    lockfileProblems(lockfile({ integrity: undefined }))[0] ?? '',
    /jose has no integrity/,
  )
})

test('a package bound to one host is refused', () => {
  const resolved = 'https://registry.example/jose.tgz'
  assert.match(lockfileProblems(lockfile({ resolved }))[0] ?? '', /jose names where it came from/)
})

test('a package with an install script is refused', () => {
  assert.match(lockfileProblems(lockfile({ hasInstallScript: true }))[0] ?? '', /install script/)
})

test('only exact versions are pinned', () => {
  const problems = (version: string): readonly string[] =>
    manifestProblems(
      new Map([['package.json', JSON.stringify({ devDependencies: { jose: version } })]]),
    )
  assert.deepEqual(problems('6.0.0'), [])
  assert.deepEqual(problems('6.0.0-rc.1'), [])
  for (const loose of [
    '^6.0.0',
    '~6.0.0',
    '6',
    '6.x',
    '*',
    'latest',
    '>=6.0.0',
    'github:a/b',
    'npm:other@1.0.0',
  ]) {
    assert.equal(problems(loose).length, 1, loose)
  }
})
