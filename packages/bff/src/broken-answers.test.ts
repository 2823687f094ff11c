import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { after, afterEach, before, suite, test } from 'node:test'
import { openStage, type Stage } from './testing/stage.ts'
import { TestBrowser } from './testing/test-browser.ts'

suite('an API or a server that breaks HTTP', { timeout: 20_000 }, () => {
  let stage: Stage
  const browser = new TestBrowser()
  const uncaught: unknown[] = []
  const sockets: Socket[] = []
  const note = (error: unknown): void => void uncaught.push(error)

  before(async () => {
    process.on('uncaughtException', note)
    stage = await openStage()
    stage.api.server?.on('connection', (socket) => sockets.push(socket))
    await stage.logIn(browser)
  })
  afterEach(() => {
    stage.api.early = undefined
    stage.authority.faults.clear()
  })
  after(async () => {
    process.off('uncaughtException', note)
    await stage[Symbol.asyncDispose]()
  })

  /** The API writes these bytes to each call, and then hangs up. */
  const writes = (bytes: string): void => {
    stage.api.early = ({ socket }) => void socket.end(Buffer.from(bytes, 'latin1'))
  }
  const worksAfterwards = async (): Promise<void> => {
    stage.api.early = undefined
    assert.equal((await browser.call(`${stage.origin}/api/a`)).status, 200)
    assert.deepEqual(uncaught.splice(0), [])
  }

  for (const [title, bytes, status] of [
    ['a body where none may be', 'HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nabcde', 204],
    ['more than it announced', 'HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nabcde', 200],
    ['the head of a second answer', 'HTTP/1.1 304 x\r\n\r\n\x00\x00', 304],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      502,
    ],
    ['a status that is none', 'HTTP/1.1 099 x\r\nContent-Length: 2\r\n\r\nab', 502],
  ] as const) {
    test(`BFF-09 ${title} from an API ends one call, and neither hangs nor breaks the others`, async () => {
      writes(bytes)
      assert.equal((await browser.call(`${stage.origin}/api/a`)).status, status)
      await worksAfterwards()
    })
  }

  test('BFF-09 garbage in the middle of a body ends one call', async () => {
    writes('HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n')
    await assert.rejects(browser.call(`${stage.origin}/api/a`))
    await worksAfterwards()
  })

  test('BFF-09 a connection that is reset in the middle of a body ends one call', async () => {
    stage.api.early = (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('ab')
      // TLS sits on plain sockets, which alone can be reset.
      setTimeout(() => sockets.splice(0).forEach((socket) => socket.resetAndDestroy()), 20)
    }
    await assert.rejects(browser.call(`${stage.origin}/api/a`))
    await worksAfterwards()
  })

  test('garbage behind an answer of the authorization server is not the end of us', async () => {
    stage.authority.faults.set('/token', ({ socket }) => {
      socket.end('HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nabcde')
    })
    stage.clock.advance(400)
    assert.equal((await browser.call(`${stage.origin}/api/a`)).status, 503)
    stage.authority.faults.clear()
    stage.clock.advance(2)
    await worksAfterwards()
  })
})
