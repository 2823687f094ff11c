import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** The body is larger than any request of ours has reason to be. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

/** The body is not text. */
export class BodyNotUtf8 extends Error {
  override readonly name = 'BodyNotUtf8'
}

/** The caller went away in the middle; there is nobody to answer. */
export class BodyCutOff extends Error {
  override readonly name = 'BodyCutOff'
}

export const LARGEST_BODY = 65_536
/** So much more is read and thrown away, so that a caller who is still sending gets to see why it was refused. */
const DRAINED = 1_048_576

/** Reads what is left of a body and forgets it; false when there is more of it than that. */
export function discardBody(message: IncomingMessage): Promise<boolean> {
  if (message.complete || message.destroyed) return Promise.resolve(message.complete)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let size = 0
  message.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > DRAINED) resolve(false)
  })
  message.on('end', () => resolve(true))
  message.on('error', () => resolve(false))
  message.on('close', () => resolve(false))
  return promise
}

/**
 * The body as text, whatever its type says it is.
 *
 * @throws BodyTooLarge, BodyNotUtf8, BodyCutOff
 */
export function readBody(message: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const announced = Number(message.headers['content-length'] ?? 0)
  if (announced > LARGEST_BODY + DRAINED) return Promise.reject(new BodyTooLarge())
  const chunks: Buffer[] = []
  let size = 0
  let ended = false
  message.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
    else if (size > LARGEST_BODY + DRAINED) reject(new BodyTooLarge())
  })
  message.on('end', () => {
    ended = true
    if (size > LARGEST_BODY) return reject(new BodyTooLarge())
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)
    if (body === undefined || !isUtf8(body)) return reject(new BodyNotUtf8())
    resolve(body.toString('utf8'))
  })
  message.on('error', (error) => reject(new BodyCutOff('', { cause: error })))
  message.on('close', () => {
    if (!ended) reject(new BodyCutOff())
  })
  return promise
}
