import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** The body of a call: whole if it is short, and then it can be sent again; else as it comes. */
export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer | undefined }
  | {
      readonly kind: 'stream'
      readonly chunks: AsyncIterable<Buffer>
      /** As the browser stated it; chunked if it did not. */
      readonly length: string | undefined
    }

/** What is kept in memory to be sent again, in bytes. */
const MOST_KEPT = 65_536

export async function readBody(incoming: IncomingMessage): Promise<Body> {
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers
  if (coding === undefined && (length === undefined || length === '0')) {
    return { kind: 'whole', bytes: length === undefined ? undefined : Buffer.alloc(0) }
  }
  if (Number(length) > MOST_KEPT) return { kind: 'stream', chunks: incoming, length }
  return readStart(incoming)
}

/** Reads on until it is known whether the body is short. */
async function readStart(incoming: IncomingMessage): Promise<Body> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const start: Buffer[] = []
  let size = 0
  while (size <= MOST_KEPT) {
    const next = await chunks.next()
    if (next.done === true) return { kind: 'whole', bytes: Buffer.concat(start) }
    start.push(next.value)
    size += next.value.length
  }
  return { kind: 'stream', chunks: both(start, chunks), length: incoming.headers['content-length'] }
}

async function* both(
  start: readonly Buffer[],
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void> {
  yield* start
  yield* { [Symbol.asyncIterator]: () => rest }
}
