import type { Readable } from 'node:stream'
import { invalidRequest, Refused } from '@signet/protocol'

/** A body that comes in pieces: of a message of Node, or of a stream of the Web. */
export type Pieces = AsyncIterable<Uint8Array | string>

/**
 * The body of a request that should be signed. What is left of it when it is refused is read and forgotten, so that the
 * connection can go on.
 *
 * @param largest in bytes.
 * @throws Refused when it is larger, or does not arrive whole.
 * @throws TypeError when somebody has read of it before: what is left would look like all of it.
 */
export async function readMessage(message: Readable, largest: number): Promise<Buffer> {
  if (message.readableDidRead)
    throw new TypeError('the body of a signed request was read before the guard')
  try {
    return await readBody(message.iterator({ destroyOnReturn: false }), largest)
  } finally {
    message.resume()
  }
}

/** The same for any stream. @throws Refused */
export async function readBody(pieces: Pieces, largest: number): Promise<Buffer> {
  let body: Buffer | undefined
  try {
    body = await join(pieces, largest)
  } catch (error) {
    throw incomplete(error)
  }
  if (body === undefined) throw tooLarge(largest)
  return body
}

/** All pieces as one; undefined when they are more than that, in bytes. */
export async function join(pieces: Pieces, largest: number): Promise<Buffer | undefined> {
  const read: Buffer[] = []
  let length = 0
  for await (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece)
    length += bytes.length
    if (length > largest) return undefined
    read.push(bytes)
  }
  return Buffer.concat(read, length)
}

function tooLarge(largest: number): Refused {
  return new Refused(invalidRequest('the body of the signed request is too large'), {
    id: 'HS-RS-06',
    reason: 'signed_body_too_large',
    expected: `a body of at most ${largest} bytes`,
    received: 'more',
    remedy: 'Send less, or raise largestBody of this API.',
  })
}

function incomplete(cause: unknown): Refused {
  return new Refused(
    invalidRequest('the body of the signed request did not arrive whole'),
    {
      id: 'HS-RS-06',
      reason: 'signed_body_incomplete',
      expected: 'a whole body, of which a digest can be made',
      received: cause instanceof Error ? cause.name : 'less',
      remedy: 'Send the body to its end; look for a proxy that cuts connections.',
    },
    cause,
  )
}
