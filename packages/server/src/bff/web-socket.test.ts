import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { serveBff } from './serve.ts'
import { createFolder, withFrontend } from './testing/folder.ts'

const { load } = createFolder()

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade'

test(
  'a WebSocket does not keep a BFF from ending, and hears of it',
  { timeout: 30_000 },
  async (t) => {
    const api = createServer()
    api.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined)
      socket.write(`${SWITCHING}\r\n\r\n`)
    })
    await once(api.listen(0, '127.0.0.1'), 'listening')
    t.after(() => api.close())
    const address = api.address()
    assert.ok(typeof address === 'object' && address !== null)
    const target = `http://127.0.0.1:${address.port}/`
    const route = { match: '/live/', target, token: 'none', web_socket: true }
    const config = load({ ...withFrontend({ routes: [route] }), listen: { port: 0 }, drain: 600 })
    const running = await serveBff(config, { log: { write: () => undefined } })
    const { port } = new URL(running.url)
    const headers = [
      'host: app.example',
      'origin: https://app.example',
      'connection: Upgrade',
      'upgrade: websocket',
    ]
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /live/ HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
    const heard: Buffer[] = []
    socket.on('data', (chunk: Buffer) => heard.push(chunk))
    await once(socket, 'data')
    await Promise.all([once(socket, 'close'), running.close()])
    assert.equal(Buffer.concat(heard).toString('latin1'), `${SWITCHING}\r\n\r\n\x88\x02\x03\xe9`)
  },
)
