import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A file the pages ask for. Its name changes with its content, so it may be cached for ever. */
export interface Asset {
  readonly name: string
  readonly contentType: string
  readonly body: string
}

/**
 * Reads a file that ships with the pages. Source and build output lie equally deep in the package,
 * so both find it in the source folder.
 */
export function readPageFile(name: string): string {
  return readFileSync(new URL(`../../src/pages/${name}`, import.meta.url), 'utf8')
}

function named(file: `${string}.${'css' | 'svg'}`, body: string): Asset {
  const [stem = file, extension = ''] = file.split('.')
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
  const contentType = extension === 'css' ? 'text/css; charset=utf-8' : 'image/svg+xml'
  return { name: `${stem}.${digest}.${extension}`, contentType, body }
}

/** The seal in its own colours, for the tab of the browser. */
export const icon: Asset = named('icon.svg', readPageFile('icon.svg'))
const mark = named('mark.svg', readPageFile('mark.svg'))
const rosette = named('rosette.svg', readPageFile('rosette.svg'))

/** The one stylesheet; it names the pictures by their hashed names, beside it. */
export const stylesheet: Asset = named(
  'signet.css',
  readPageFile('style.css')
    .replaceAll('mark.svg', mark.name)
    .replaceAll('rosette.svg', rosette.name),
)

/** Everything to be served under the assets path, by name. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  [stylesheet, icon, mark, rosette].map((asset) => [asset.name, asset]),
)
