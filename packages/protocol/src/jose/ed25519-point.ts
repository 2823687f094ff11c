import { Buffer } from 'node:buffer'

/** 2^255 - 19, the field of the curve, little-endian. */
const FIELD = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex')

/**
 * The y coordinates of the eight points of small order. Under such a "key" one signature fits many
 * messages, so it proves nothing about who signed.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** Whether 32 bytes name a point as a key should: canonically, and not one of small order. */
export function isSoundPoint(encoded: Buffer): boolean {
  const y = Buffer.from(encoded)
  y[31] = (y[31] ?? 0) & 0x7f
  return isBelowField(y) && !SMALL_ORDER.has(y.toString('hex'))
}

function isBelowField(y: Buffer): boolean {
  for (let at = 31; at >= 0; at--) {
    const difference = (y[at] ?? 0) - (FIELD[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
