import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startJwksServer } from './testing/jwks-server.ts'
import { serveOn } from './testing/server-process.ts'
import { createSite, SCOPES, USERS } from './testing/site.ts'

const DOC = readFileSync(join(import.meta.dirname, '../docs/message-signing.md'), 'utf8')
const key = generateSigningKey('ES256')

/** What the document shows in a language, one piece after the other. */
function shown(language: string): string {
  const blocks = [...DOC.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
  const found = blocks.filter(([, name]) => name === language).map(([, , text = '']) => text)
  assert.ok(found.length > 0)
  return found.join('\n')
}

/** What the document leaves to the app: its key, and its browser. */
const AROUND = `
import assert from 'node:assert/strict'
import { Browser } from './flow/browser.ts'
import { receive } from './testing/receive.ts'
import { webKeyOf } from './testing/variant.ts'
import { importPrivateJwk } from '@signet/protocol'
import './testing/authority.ts'
import { setDefaultCACertificates } from 'node:tls'
import { readFileSync } from 'node:fs'
setDefaultCACertificates([readFileSync(process.env.DOC_CA, 'utf8')])
const signingKey = await webKeyOf(importPrivateJwk(JSON.parse(process.env.DOC_KEY)))
const sendBrowserTo = (link) => receive(new Browser(link.origin), link)
`
const AFTER = `
assert.equal(told.active, true)
assert.ok(sealedLink.searchParams.has('request_uri'))
console.log('all of it ran')
`

test('what the document on signed messages shows can be run as it stands', async (t) => {
  const jwks = await startJwksServer()
  t.after(() => jwks.close())
  const site = await createSite((issuer) => ({ issuer }))
  const { issuer: _issuer, ...base } = JSON.parse(readFileSync(site.configFile, 'utf8'))
  const settings = {
    ...base,
    issuer: site.origin,
    scopes: SCOPES,
    users: USERS,
    outgoing: { allow_private_hosts: [jwks.host], trusted_cas: ['ca.pem'] },
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  const file = join(site.folder, 'doc.yaml')
  const uri = jwks.publish('signed', [key.publicJwk])
  const yaml = shown('yaml').replace('https://client.example/jwks', uri)
  writeFileSync(file, `${lines.join('\n')}\n${yaml}`, { mode: 0o600 })
  const server = await serveOn(site, file)
  t.after(async () => {
    await server.stop()
    site.remove()
  })

  const program = AROUND + shown('ts').replaceAll('https://as.example', site.origin) + AFTER
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=source', '--input-type=module-typescript', '--eval', program],
    {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        DOC_CA: join(site.folder, 'ca.pem'),
        DOC_KEY: JSON.stringify(exportPrivateJwk(key)),
      },
    },
  )
  assert.equal(stdout, 'all of it ran\n')
})
