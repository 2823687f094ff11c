/** Writes every page in every state to a folder: `node --conditions=source preview.ts FOLDER`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assets } from '../assets.ts'
import { languages } from '../language.ts'
import { type Disguise, samples } from './samples.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('say which folder to write to')

const hostile = '<b>&"\' 😀👩‍👩‍👧 \u202Egnp.exe שלום עולם '
const disguises: Readonly<Record<string, Disguise>> = {
  '': (harmless) => harmless,
  '-hostile': (harmless) => (harmless.startsWith('/') ? harmless : hostile + harmless),
  '-long': (harmless) => (harmless.startsWith('/') ? harmless : harmless.repeat(400)),
}

mkdirSync(join(folder, 'assets'), { recursive: true })
for (const asset of assets.values()) writeFileSync(join(folder, 'assets', asset.name), asset.body)
for (const [suffix, disguise] of Object.entries(disguises)) {
  for (const [name, sample] of Object.entries(samples(disguise))) {
    for (const language of languages) {
      writeFileSync(join(folder, `${name}${suffix}.${language}.html`), sample(language))
    }
  }
}
