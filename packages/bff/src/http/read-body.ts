import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** Reads a short text; `undefined` if it is longer than so many bytes. */
export async function readText(
  incoming: IncomingMessage,
  longest: number,
): Promise<string | undefined> {
  return (await readBytes(incoming, longest))?.toString('utf8')
}

/** Reads a body whole; `undefined` if it is longer than so many bytes. */
export async function readBytes(
  incoming: IncomingMessage,
  longest: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
