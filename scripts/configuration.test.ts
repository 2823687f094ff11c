import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { readSources, ROOT } from './sources.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
}

/** Members of JSON Schema, JWK and language maps that need no description of ours. */
const OBVIOUS = new Set(['$schema', 'keys', 'kty', 'description', 'en', 'de'])

function settingsOf({ properties = {}, items, additionalProperties }: Schema): readonly string[] {
  const inner = [...Object.values(properties), items, additionalProperties]
  return [
    ...Object.keys(properties),
    ...inner.flatMap((schema) => (typeof schema === 'object' ? settingsOf(schema) : [])),
  ]
}

/** What may be said in a kind of configuration file. */
async function schemaOf(module: string, format: string): Promise<Schema> {
  const { jsonSchema }: { jsonSchema: (of: unknown) => Schema } = await load('config/schema.ts')
  const formats: Readonly<Record<string, { readonly schema: unknown }>> = await load(module)
  return jsonSchema(formats[format]?.schema ?? assert.fail(`there is no ${format}`))
}

function load(file: string) {
  return import(pathToFileURL(`${ROOT}/packages/server/src/${file}`).href)
}

function textOf(file: string): string {
  return readSources([file]).get(file) ?? assert.fail(`there is no ${file}`)
}

/** The settings that a guide does not name where they should stand. */
function missingIn(
  guide: string,
  schema: Schema,
  named: (name: string) => RegExp,
): readonly string[] {
  return [...new Set(settingsOf(schema))]
    .filter((name) => !OBVIOUS.has(name))
    .filter((name) => !named(name).test(guide))
}

const anywhere = (name: string): RegExp => new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``)
/** At the end of a path, or on the way, in the first column of a table. */
const inTable = (name: string): RegExp =>
  new RegExp(`^\\| [^|]*\`(?:\\w+\\.)*${name}(?:\\.\\w+)*\``, 'm')

/** The settings shown in an example that do not exist. */
function inventedIn(example: string, schema: Schema): readonly string[] {
  const shown = [...example.matchAll(/^ *(?:- )?(\w+):/gm)].map(([, name]) => name ?? '')
  assert.ok(shown.length > 7)
  const settings = new Set(settingsOf(schema))
  return shown.filter((name) => !settings.has(name))
}

test('docs/configuration.md names every setting, and README shows only such as exist', async () => {
  const schema = await schemaOf('config/format.ts', 'SERVER_FILE')
  assert.deepEqual(missingIn(textOf('docs/configuration.md'), schema, anywhere), [])
  const [, example = ''] = /```yaml\n(issuer:[^]*?)```/.exec(textOf('README.md')) ?? []
  assert.deepEqual(inventedIn(example, schema), [])
})

test('docs/bff.md names every setting of a BFF, and shows only such as exist', async () => {
  const schema = await schemaOf('bff/format.ts', 'BFF_FILE')
  const guide = textOf('docs/bff.md')
  assert.deepEqual(missingIn(guide, schema, inTable), [])
  const [, example = ''] = /```yaml\n( *issuer:[^]*?)```/.exec(guide) ?? []
  assert.deepEqual(inventedIn(example, schema), [])
})
