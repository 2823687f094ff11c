import { createHash, X509Certificate } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { CREDENTIAL } from './authority.ts'

/** The places that `scripts/setup.mjs --browser` looks at. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const ON_MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Starts a real browser, without a window. It trusts the one certificate of the test and checks every other. */
export function launchBrowser(): Promise<Browser> {
  const { publicKey } = new X509Certificate(CREDENTIAL.certificate)
  const spki = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
  return chromium.launch({
    executablePath: findBrowser(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      // RFC 6761 §6.2: names below test are nobody's.
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      `--ignore-certificate-errors-spki-list=${spki}`,
    ],
  })
}

function findBrowser(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = [...places, ...ON_MAC].find(isExecutable)
  if (found === undefined) throw new Error(`none of ${NAMES.join(', ')} is on the PATH`)
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
