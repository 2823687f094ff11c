import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import {
  formatPasswordHash,
  parsePasswordHash,
  type Argon2Cost,
  type PasswordHash,
} from './password-hash.ts'

const compute = promisify(argon2)

/** 64 MiB and three passes: the second choice of RFC 9106 §4, with one lane because a login has one core. ~150 ms. */
const COST: Argon2Cost = { memory: 65_536, passes: 3, parallelism: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** A PHC string of Argon2id, to be kept instead of the password. */
export async function hashPassword(password: string, cost: Argon2Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, { ...cost, salt, hash: Buffer.alloc(HASH_BYTES) })
  return formatPasswordHash({ ...cost, salt, hash })
}

/** Whether the password is the one that was hashed; computed on the threadpool and compared in constant time. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const kept = parsePasswordHash(phc)
  return timingSafeEqual(await derive(password, kept), kept.hash)
}

/** Whether a hash is cheaper to attack than one made today. */
export function isOutdated(phc: string): boolean {
  const { memory, passes } = parsePasswordHash(phc)
  return memory < COST.memory || passes < COST.passes
}

function derive(
  password: string,
  { memory, passes, parallelism, salt, hash }: PasswordHash,
): Promise<Buffer> {
  return compute('argon2id', {
    // One password, however the keyboard composed its accents. @see RFC 8265 §4.2
    message: password.normalize('NFC'),
    nonce: salt,
    parallelism,
    tagLength: hash.length,
    memory,
    passes,
  })
}
