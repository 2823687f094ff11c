import { Buffer } from 'node:buffer'

// JWS writes an ES256 signature as r || s, OpenSSL as a DER sequence. Naming the encoding to
// node:crypto costs several microseconds per call on some of its versions; this costs a tenth of one.

const HALF = 32
const SEQUENCE = 0x30
const INTEGER = 0x02

/** r || s of 64 bytes as DER. */
export function derOf(raw: Buffer): Buffer {
  const der = Buffer.allocUnsafe(2 + 2 * (HALF + 3))
  const end = writeInteger(der, raw.subarray(HALF), writeInteger(der, raw.subarray(0, HALF), 2))
  der[0] = SEQUENCE
  der[1] = end - 2
  return der.subarray(0, end)
}

/** What OpenSSL made, as r || s of 64 bytes. */
export function rawOf(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * HALF)
  const next = readInteger(der, 2, raw.subarray(0, HALF))
  readInteger(der, next, raw.subarray(HALF))
  return raw
}

function writeInteger(der: Buffer, value: Buffer, at: number): number {
  let start = 0
  while (start < HALF - 1 && value[start] === 0) start++
  const sign = (value[start] ?? 0) > 0x7f ? 1 : 0
  der[at] = INTEGER
  der[at + 1] = HALF - start + sign
  if (sign === 1) der[at + 2] = 0
  return at + 2 + sign + value.copy(der, at + 2 + sign, start)
}

function readInteger(der: Buffer, at: number, into: Buffer): number {
  const length = der[at + 1] ?? 0
  const end = at + 2 + length
  const start = Math.max(at + 2, end - HALF)
  der.copy(into, HALF - (end - start), start, end)
  return end
}
