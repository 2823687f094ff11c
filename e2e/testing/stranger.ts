import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { CREDENTIAL } from './authority.ts'
import { portOf } from './free-ports.ts'

/** A server that is not ours, and shows whatever page it likes, under any host that leads to it. */
export interface Stranger {
  /** Of another site. */
  readonly elsewhere: string
  /** Of the site of the bank: its host gets the cookies that its sites share. */
  readonly sibling: string
  html: string
  /** Paths somebody was sent to. */
  readonly visits: string[]
  close(): Promise<void>
}

export async function openStranger(): Promise<Stranger> {
  const { certificate: cert, key } = CREDENTIAL
  const visits: string[] = []
  const server: Server = createServer({ cert, key }, (request, response) => {
    visits.push(request.url ?? '')
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(opened.html)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const opened: Stranger = {
    elsewhere: `https://www.evil.test:${portOf(server)}`,
    sibling: `https://blog.bank.test:${portOf(server)}`,
    html: '',
    visits,
    close: async () => {
      const gone = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
  return opened
}
