import { hash } from 'node:crypto'
import type { Ports } from './ports.ts'
import type { Digest } from './store/values.ts'

/** 256 bits in base64url. */
const SECRET = 43
/** A second as seven digits to the base of 36, which sort as they follow each other, until the year 4453. */
const MOMENT = 7

/** A name that nobody can guess or had before, after the second in which it was given. */
export function datedName(ports: Pick<Ports, 'clock' | 'random'>): string {
  return momentOf(ports) + ports.random.token(128)
}

/**
 * A secret for a row that is written once and read soon: the second in which it was made, a point, and 256 random bits.
 * Stores keep the second in front of the digest, so that rows made together lie together. See docs/adr/0008.
 */
export function datedSecret(ports: Pick<Ports, 'clock' | 'random'>): string {
  return `${momentOf(ports)}.${ports.random.token(256)}`
}

/** What is kept of a secret, and what it is looked up by: the digest of all of it, after its date if it has one. */
export function digestOf(secret: string): Digest {
  const digest = hash('sha256', secret, 'base64url')
  const point = secret.length - SECRET - 1
  return secret[point] === '.' && point >= MOMENT
    ? secret.slice(point - MOMENT, point) + digest
    : digest
}

function momentOf({ clock }: Pick<Ports, 'clock'>): string {
  return clock.now().toString(36).padStart(MOMENT, '0')
}
