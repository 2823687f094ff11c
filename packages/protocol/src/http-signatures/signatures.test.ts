import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readSignatures } from './signatures.ts'

const TAG = ';tag="mine"'
const read = (
  input: string | readonly string[],
  value: string | readonly string[],
): ReturnType<typeof readSignatures> => {
  const fields = (name: string, lines: string | readonly string[]): readonly string[] =>
    [lines].flat().flatMap((line) => [name, line])
  return readSignatures(
    [...fields('signature-INPUT', input), ...fields('Signature', value)],
    'mine',
  )
}

const problems: Readonly<
  Record<string, readonly [input: string | readonly string[], value: string | readonly string[]]>
> = {
  'no fields at all': [[], []],
  'no Signature-Input': [[], 'a=:AA==:'],
  'no Signature': [`a=()${TAG}`, []],
  'a Signature-Input that is no dictionary': [`("a")${TAG}`, 'a=:AA==:'],
  'a Signature that is no dictionary': [`a=()${TAG}`, ':AA==:'],
  'a comma at the end': [`a=()${TAG},`, 'a=:AA==:'],
  'a label twice in one line': [`a=()${TAG}, a=()${TAG}`, 'a=:AA==:'],
  'a label twice in two lines': [[`a=()${TAG}`, `a=()${TAG}`], 'a=:AA==:'],
  'a label twice, hidden behind a quotation': [
    `a=()${TAG};nonce="\\", b=", a=()${TAG}`,
    'a=:AA==:',
  ],
  'a label twice, hidden behind a display string': [
    `a=()${TAG}, z=%"\\", b=();q="x", a=()`,
    'a=:AA==:, z=:AA==:, b=:AA==:',
  ],
  'a signature twice': [`a=()${TAG}`, 'a=:AA==:, a=:AA==:'],
  'a signature for nothing': [`a=()${TAG}`, 'a=:AA==:, b=:AA==:'],
  'nothing for a signature': [`a=()${TAG}, b=()`, 'a=:AA==:'],
  'other labels': [`a=()${TAG}`, 'b=:AA==:'],
  'an item for a list': [`a="@method"${TAG}`, 'a=:AA==:'],
  'a signature as text': [`a=()${TAG}`, 'a="AA=="'],
  'a signature as list': [`a=()${TAG}`, 'a=(:AA==:)'],
  'a component that is a token': [`a=(date)${TAG}`, 'a=:AA==:'],
  'a component that is a number': [`a=("date" 1)${TAG}`, 'a=:AA==:'],
  'created as text': [`a=();created="1"${TAG}`, 'a=:AA==:'],
  'created with a fraction': [`a=();created=1.5${TAG}`, 'a=:AA==:'],
  'created as date': [`a=();created=@1${TAG}`, 'a=:AA==:'],
  'expires as flag': [`a=();expires${TAG}`, 'a=:AA==:'],
  'alg as token': [`a=();alg=ed25519${TAG}`, 'a=:AA==:'],
  'keyid as bytes': [`a=();keyid=:AA==:${TAG}`, 'a=:AA==:'],
  'a parameter nobody knows': [`a=();context="x"${TAG}`, 'a=:AA==:'],
  'more components than anybody needs': [`a=(${'"x" '.repeat(65)})${TAG}`, 'a=:AA==:'],
  'more characters than anybody needs': [`a=();nonce="${'x'.repeat(17_000)}"${TAG}`, 'a=:AA==:'],
}

describe('RFC 9421 §4, not understood:', () => {
  for (const [title, [input, value]] of Object.entries(problems)) {
    test(title, () => {
      const { signatures, problem } = read(input, value)
      assert.deepEqual(signatures, [])
      assert.ok(problem)
      assert.doesNotMatch(problem, /AA==/)
    })
  }
})

test('HS-RS-02 signatures with another tag are left aside, understood or not', () => {
  const { signatures, problem } = read(
    [
      `a=("@new-thing";x);created="soon";tag="theirs", b=:no list:`.replace(':no list:', '1'),
      'c=()',
    ],
    'a=1, b=:AA==:, c=:AA==:',
  )
  assert.deepEqual([signatures, problem], [[], undefined])
})

test('RFC 9421 §4.3 a signature is found among others, whatever its label', () => {
  const input = `proxy=("forwarded");tag="theirs", x.y_z-*=("@method" "a";key="b, c=(");nonce="n";created=7${TAG};keyid="k";alg="ed25519";expires=9`
  const { signatures, problem } = read(input, 'proxy=:AA==:, x.y_z-*=:AQI=:')
  assert.equal(problem, undefined)
  const [{ label, created, expires, alg, keyid, signature, covers } = assert.fail()] = signatures
  assert.deepEqual([label, created, expires, alg, keyid], ['x.y_z-*', 7, 9, 'ed25519', 'k'])
  assert.deepEqual([...signature], [1, 2])
  assert.deepEqual([...covers], ['"@method"', '"a";key="b, c=("'])
})

test('HS-RS-02 two signatures with the tag are both told', () => {
  const { signatures } = read(`a=()${TAG}, b=()${TAG}`, 'a=:AA==:, b=:AA==:')
  assert.deepEqual(
    signatures.map(({ label }) => label),
    ['a', 'b'],
  )
})
