import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePorts } from './testing/free-ports.ts'
import { startCommand, type RunningCommand } from './testing/server-process.ts'

const FLOW = path.join(import.meta.dirname, 'flow.ts')

interface Told {
  readonly code: number | null
  readonly output: string
}

/** Runs the flow as `npm run flow -- …` does, against what stands in a folder. */
function runFlow(folder: string, ...args: readonly string[]): Promise<Told> {
  const { promise, resolve } = Promise.withResolvers<Told>()
  const child = execFile(
    process.execPath,
    ['--conditions=source', FLOW, folder, ...args],
    (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
  )
  return promise
}

const newFolder = (): string => mkdtempSync(path.join(tmpdir(), 'signet-flow-'))

/**
 * Starts a server as `npm start` does, at ports that are free.
 *
 * @param mtls whether its settings have a place for clients with certificates
 */
async function startDemo(folder: string, mtls = true): Promise<RunningCommand> {
  const [port = 0, mtlsPort = 0, managementPort = 0] = await freePorts(3)
  const issuer = `https://localhost:${port}`
  const running = await startCommand(['dev', '--directory', folder], 'Stop with', {
    SIGNET_ISSUER: issuer,
    SIGNET_LISTEN_PORT: String(port),
    SIGNET_MANAGEMENT_PORT: String(managementPort),
    ...(mtls && {
      SIGNET_MTLS_ORIGIN: `https://localhost:${mtlsPort}`,
      SIGNET_MTLS_LISTEN_PORT: String(mtlsPort),
    }),
  })
  const file = path.join(folder, 'demo.json')
  const demo: object = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...demo, issuer }))
  return running
}

test('without a server the flow says how to start one', async (t) => {
  const folder = newFolder()
  t.after(() => rmSync(folder, { recursive: true }))
  const { code, output } = await runFlow(folder)
  assert.equal(code, 1)
  assert.match(
    output,
    /^No server has been set up in .*: start it with "npm start" in another terminal/,
  )
})

describe('against a server that has just been set up', () => {
  const folder = newFolder()
  let running: RunningCommand
  before(async () => {
    running = await startDemo(folder)
  })
  after(async () => {
    await running.stop()
    rmSync(folder, { recursive: true })
  })

  /** What each client alone shows. */
  const WORDS: Readonly<Record<string, readonly RegExp[]>> = {
    app: [
      /a proof of its key/,
      /names what it is bound to \(cnf\.jkt\)/,
      /without a proof they are/,
    ],
    mtls: [
      /the client is CN=mtls,O=Signet demonstration/,
      /it went where certificates are asked for: https:\/\/localhost:\d+/,
      /without the certificate nobody is this client/,
      /names what it is bound to \(cnf\.x5t#S256\)/,
      /with a certificate of their own they are refused/,
      /where no certificates are asked for they are refused/,
    ],
    signed: [
      /unsigned it is refused/,
      /signed and encrypted it is taken/,
      /it is one JWT, and nothing beside/,
      /the ID token came encrypted/,
      /the answer is a signed JWT/,
    ],
  }

  for (const [client, words] of Object.entries(WORDS)) {
    test(`the flow of the client ${client} goes all the way`, async () => {
      const { code, output } = await runFlow(folder, '--client', client)
      assert.equal(code, 0, output)
      for (const word of words) assert.match(output, word)
      assert.match(output, /steps, \d+ checks, all passed\.\n$/)
    })
  }

  test('the flow without a name is that of the app', async () => {
    const { code, output } = await runFlow(folder)
    assert.equal(code, 0, output)
    assert.match(output, /cnf\.jkt/)
  })

  test('a client nobody knows, or an option, is told so', async () => {
    const unknown = await runFlow(folder, '--client', 'nobody')
    assert.equal(unknown.code, 1)
    assert.equal(
      unknown.output,
      'There is no demo client "nobody". Choose one of: app, mtls, signed.\n',
    )
    const { code, output } = await runFlow(folder, '--clint', 'mtls')
    assert.equal(code, 1)
    assert.match(output, /Unknown option '--clint'[^]*Usage: npm run flow/)
  })

  test('the start says where clients with certificates come, and what to try', () => {
    const output = running.output()
    assert.match(
      output,
      /mtls, certificate in .*clients\/mtls\.pem, comes to https:\/\/localhost:9444/,
    )
    for (const client of ['mtls', 'signed']) {
      assert.ok(output.includes(`npm run flow -- --client ${client}`))
    }
    assert.doesNotMatch(output, /stay as they are/)
  })
})

test('settings from before there were other clients stay as they are, and go on working', async (t) => {
  const folder = newFolder()
  let running = await startDemo(folder)
  t.after(async () => {
    await running.stop()
    rmSync(folder, { recursive: true })
  })
  await running.stop()
  const settings = path.join(folder, 'signet.yaml')
  const old = asBefore(readFileSync(settings, 'utf8'))
  writeFileSync(settings, old)
  const authority = readFileSync(path.join(folder, 'ca.pem'), 'utf8')
  for (const name of ['ca.pem', 'mtls.pem', 'mtls-key.pem', 'signed.jwk.json']) {
    rmSync(path.join(folder, 'clients', name))
  }

  running = await startDemo(folder, false)
  assert.equal(readFileSync(settings, 'utf8'), old)
  assert.equal(readFileSync(path.join(folder, 'ca.pem'), 'utf8'), authority)
  const output = running.output()
  assert.ok(output.includes(`Your settings stay as they are: ${settings}`))
  assert.ok(output.includes(`mv ${settings} ${settings}.before`))
  assert.doesNotMatch(output, /--client|9444/)
  assert.equal((await runFlow(folder)).code, 0)
  for (const client of ['mtls', 'signed']) {
    const { code, output: told } = await runFlow(folder, '--client', client)
    assert.equal(code, 1)
    assert.match(told, new RegExp(`^The server knows no client "${client}"`))
    assert.match(told, /mv .*signet\.yaml .*signet\.yaml\.before/)
  }

  await running.stop()
  const without = await runFlow(folder)
  assert.equal(without.code, 1)
  assert.match(without.output, /^No server answers at https:.*: start it with "npm start"/)

  rmSync(settings)
  running = await startDemo(folder)
  for (const client of ['app', 'mtls', 'signed']) {
    const { code, output: told } = await runFlow(folder, '--client', client)
    assert.equal(code, 0, told)
  }
})

/** The settings as they were made before clients could come with certificates, or sign. */
function asBefore(settings: string): string {
  const old = settings
    .replace(/^mtls:\n(?: .*\n)+/m, '')
    .replace(/^request_object_encryption:\n(?: .*\n)+/m, '')
    .replace(/^ {2}- client_id: mtls\n(?: {4}.*\n)+/m, '')
    .replace(/^ {2}- client_id: signed\n(?: {4}.*\n)+/m, '')
  assert.doesNotMatch(old, /mtls|signed/)
  return old
}
