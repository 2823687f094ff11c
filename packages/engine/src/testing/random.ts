import { createHash } from 'node:crypto'
import type { Random } from '../ports.ts'

/**
 * A source of chance that always deals the same cards: the nth token is the same in every run, and no two are alike.
 * `seed` tells two sources apart.
 */
export function countedRandom(seed = ''): Random {
  let dealt = 0
  return {
    token(bits) {
      dealt += 1
      return expand(`${seed}#${dealt}`, Math.ceil(bits / 8)).toString('base64url')
    },
  }
}

function expand(seed: string, length: number): Buffer {
  const blocks: Buffer[] = []
  for (let index = 0; index * 32 < length; index += 1) {
    blocks.push(createHash('sha256').update(`${seed}.${index}`).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}
