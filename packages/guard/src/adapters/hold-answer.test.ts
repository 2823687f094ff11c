import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { holdAnswer } from './hold-answer.ts'

type Handler = (response: ServerResponse) => void

/** What a client sees of an answer: status, the headers that are ours, body. */
async function answerOf(handle: Handler, isHeld: boolean): Promise<readonly unknown[]> {
  const server = createServer((_request, response) => {
    if (isHeld) holdAnswer(response, () => ({ signature: 'held' }))
    try {
      handle(response)
    } catch (error) {
      response.end(error instanceof TypeError ? 'a type error' : 'another error')
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const answer = await fetch(`http://127.0.0.1:${address.port}/`)
    assert.equal(answer.headers.get('signature'), isHeld ? 'held' : null)
    const { status, statusText, headers } = answer
    return [
      status,
      statusText,
      headers.get('content-type'),
      headers.get('x-a'),
      await answer.text(),
    ]
  } finally {
    server.close()
  }
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  'headers in a list, some of them set before': (response) => {
    response.setHeader('content-type', 'text/plain')
    response.writeHead(200, ['content-type', 'text/html', 'x-a', '1', 'x-a', '2']).end('x')
  },
  'headers by name, and a message': (response) => {
    response.setHeader('x-a', '0')
    response.writeHead(418, 'Short', { 'x-a': ['1', '2'] }).end('x')
  },
  'pieces of several kinds': (response) => {
    response.write('61', 'hex')
    response.write(new Uint8Array([0x62]), () => undefined)
    response.end('Yw==', 'base64')
  },
  'an end that is only told': (response) => {
    response.write('x')
    response.end(() => undefined)
  },
  'a piece of no kind': (response) => {
    response.write(5)
  },
}

describe('an answer that is held is what Node would have sent:', () => {
  for (const [title, handle] of Object.entries(HANDLERS)) {
    test(title, async () => {
      assert.deepEqual(await answerOf(handle, true), await answerOf(handle, false))
    })
  }
})
