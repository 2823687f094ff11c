import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Mounted } from './mount.ts'
import { ALWAYS } from './mount.ts'
import { badHttp } from './refusals.ts'

/**
 * Answers what could not be read as HTTP. Nobody knows which service was meant, so the first one puts it on record.
 */
export async function answerClientError(
  error: Error,
  socket: Duplex,
  first: Mounted | undefined,
): Promise<void> {
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ECONNRESET' || !socket.writable || first === undefined) {
    socket.destroy()
    return
  }
  const about = { step: 'transport', person: false, acceptLanguage: undefined }
  const { status, headers, body } = await first.surface
    .refuse(badHttp(code), about)
    .catch((worse: unknown) => first.surface.fail(worse, about))
  const fields = Object.entries({
    ...ALWAYS,
    ...headers,
    date: new Date().toUTCString(),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n`
  if (socket.writable) socket.end(head + body)
}
