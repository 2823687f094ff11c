import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { serve } from './testing/server-process.ts'
import { PASSWORD, SCOPES, USER, USERS } from './testing/site.ts'

const FLOW = path.join(import.meta.dirname, 'flow.ts')
const REDIRECT_URI = 'https://localhost:9446/bff/callback'

interface Told {
  readonly code: number | null
  readonly output: string
}

/** Runs the flow as `npm run flow` does, against what stands in a folder. */
function runFlow(folder: string): Promise<Told> {
  const { promise, resolve } = Promise.withResolvers<Told>()
  const child = execFile(
    process.execPath,
    ['--conditions=source', FLOW, folder],
    (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
  )
  return promise
}

test('without a server the flow says how to start one', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'signet-flow-'))
  t.after(() => rmdirSync(folder))
  const { code, output } = await runFlow(folder)
  assert.equal(code, 1)
  assert.match(
    output,
    /^No server has been set up in .*: start it with "npm start" in another terminal/,
  )
})

test('against a server the flow goes all the way, and says so when the server has gone', async (t) => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const privateJwk = { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), kid: 'app-1' }
  const { d: _private, key_ops: _operations, ext: _extractable, ...publicJwk } = privateJwk
  const server = await serve((origin) => ({
    issuer: origin,
    scopes: SCOPES,
    users: USERS,
    clients: [
      {
        client_id: 'app',
        client_name: 'Example app',
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwk] },
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'openid profile accounts offline_access',
      },
    ],
  }))
  t.after(() => server.kill())
  const { folder, origin } = server.site
  const demo = {
    issuer: origin,
    ca: path.join(folder, 'ca.pem'),
    client_id: 'app',
    client_key: path.join(folder, 'app.jwk.json'),
    redirect_uri: REDIRECT_URI,
    user: USER,
    password: PASSWORD,
  }
  writeFileSync(demo.client_key, JSON.stringify(privateJwk))
  writeFileSync(path.join(folder, 'demo.json'), JSON.stringify(demo))

  const { code, output } = await runFlow(folder)
  assert.equal(code, 0, output)
  assert.match(output, /steps, \d+ checks, all passed\.\n$/)

  await server.stop()
  const without = await runFlow(folder)
  assert.equal(without.code, 1)
  assert.match(without.output, /^No server answers at https:.*: start it with "npm start"/)
  server.site.remove()
})
