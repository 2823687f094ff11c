import { Buffer } from 'node:buffer'

/** The server goes away. @see RFC 6455 §5.5.1, §7.4.1 */
export const GOING_AWAY: Buffer = Buffer.from([0x88, 2, 0x03, 0xe9])

/** Follows what passes on a WebSocket, to tell where a frame of ours would not stand within another. @see RFC 6455 §5.2 */
export class Frames {
  /** What has come of the header of a frame. */
  #header: number[] = []
  /** Bytes of the payload that are still to come. */
  #left = 0

  get areWhole(): boolean {
    return this.#left === 0 && this.#header.length === 0
  }

  pass(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      const step = Math.min(this.#left, chunk.length - at)
      this.#left -= step
      at += step
      if (at < chunk.length) this.#head(chunk[at++] ?? 0)
    }
  }

  #head(byte: number): void {
    this.#header.push(byte)
    const [, second] = this.#header
    if (second === undefined) return
    const short = second & 0x7f
    const extended = short === 127 ? 8 : short === 126 ? 2 : 0
    const mask = second < 0x80 ? 0 : 4
    if (this.#header.length < 2 + extended + mask) return
    const size = this.#header.slice(2, 2 + extended)
    this.#left = extended === 0 ? short : size.reduce((sum, each) => sum * 256 + each, 0)
    this.#header = []
  }
}
