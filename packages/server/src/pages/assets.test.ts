import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { assets, stylesheet } from './assets.ts'

test('the name of an asset changes with its content', () => {
  for (const [name, { body }] of assets) {
    const digest = createHash('sha256').update(body).digest('hex')
    assert.ok(name.includes(`.${digest.slice(0, 16)}.`), name)
  }
})

test('the stylesheet asks for nothing but assets of its own', () => {
  const asked = [...stylesheet.body.matchAll(/url\(['"]?([^'")]+)/g)].map(([, url]) => url ?? '')
  assert.equal(asked.length, 2)
  for (const url of asked) assert.ok(assets.has(url), url)
  assert.doesNotMatch(stylesheet.body, /@import|@font-face|https?:/)
})

test('pictures hold no script and load nothing', () => {
  for (const { body, contentType } of assets.values()) {
    if (contentType === 'image/svg+xml') {
      assert.doesNotMatch(body, /script|style|\bon\w+=|href="[^#]/)
    }
  }
})

/** Text and what it stands on, by the names of their variables, and the ratio it needs. */
const pairs: readonly (readonly [string, string, number])[] = [
  ['text', 'paper', 4.5],
  ['text', 'field', 4.5],
  ['text', 'raised', 4.5],
  ['quiet', 'paper', 4.5],
  ['quiet', 'raised', 4.5],
  ['link', 'paper', 4.5],
  ['link', 'raised', 4.5],
  ['cover-text', 'cover', 4.5],
  ['cover-quiet', 'cover', 4.5],
  ['brass', 'cover', 3],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-strong', 4.5],
  ['accent', 'raised', 3],
  ['badge', 'badge-paper', 4.5],
  ['alarm', 'alarm-paper', 4.5],
  ['alarm', 'field', 3],
  ['field-line', 'paper', 3],
  ['field-line', 'field', 3],
  ['focus', 'paper', 3],
]

test('every text reaches the contrast of WCAG AA, in light and in dark', () => {
  const [light = '', dark = ''] = stylesheet.body.split('@media (prefers-color-scheme: dark)')
  const lightColours = colours(light)
  const darkColours = new Map([...lightColours, ...colours(dark.split('}')[0] ?? '')])
  for (const scheme of [lightColours, darkColours]) {
    for (const [text, ground, needed] of pairs) {
      const ratio = contrast(scheme.get(text), scheme.get(ground))
      assert.ok(ratio >= needed, `${text} on ${ground}: ${ratio.toFixed(2)} < ${needed}`)
    }
  }
})

function colours(css: string): ReadonlyMap<string, string> {
  const found = css.matchAll(/--([\w-]+): (#[\da-f]{6});/g)
  return new Map([...found].map(([, name = '', colour = '']) => [name, colour]))
}

/** @see WCAG 2.2, definition of contrast ratio */
function contrast(one: string | undefined, other: string | undefined): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string | undefined): number {
  assert.ok(colour !== undefined, 'a colour is missing')
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
