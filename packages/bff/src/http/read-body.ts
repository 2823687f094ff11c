import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** Reads a short text; `undefined` if it is longer than so many bytes. */
export async function readText(
  incoming: IncomingMessage,
  longest: number,
): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
