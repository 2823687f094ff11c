import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { readSources, ROOT } from './sources.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
}

const SCHEMA = 'packages/server/src/config/schema.ts'
const GUIDE = 'docs/configuration.md'

/** Members of JSON Schema, JWK and language maps that need no description of ours. */
const OBVIOUS = new Set(['$schema', 'keys', 'kty', 'description', 'en', 'de'])

function settingsOf({ properties = {}, items, additionalProperties }: Schema): readonly string[] {
  const inner = [...Object.values(properties), items, additionalProperties]
  return [
    ...Object.keys(properties),
    ...inner.flatMap((schema) => (typeof schema === 'object' ? settingsOf(schema) : [])),
  ]
}

test('docs/configuration.md names every setting, and README shows only such as exist', async () => {
  const { jsonSchema }: { jsonSchema: () => Schema } = await import(
    pathToFileURL(`${ROOT}/${SCHEMA}`).href
  )
  const guide = readSources([GUIDE]).get(GUIDE) ?? ''
  const settings = new Set(settingsOf(jsonSchema()))
  const missing = [...settings]
    .filter((name) => !OBVIOUS.has(name))
    .filter((name) => !new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``).test(guide))
  assert.deepEqual(missing, [])

  const [, example = ''] =
    /```yaml\n(issuer:[^]*?)```/.exec(readSources(['README.md']).get('README.md') ?? '') ?? []
  const shown = [...example.matchAll(/^ {0,6}(?:- )?(\w+):/gm)].map(([, name]) => name ?? '')
  assert.ok(shown.length > 10)
  assert.deepEqual(
    shown.filter((name) => !settings.has(name)),
    [],
  )
})
