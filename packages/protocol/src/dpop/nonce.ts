import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Seconds } from '../time.ts'

export interface NonceOptions {
  /** 32 random bytes, the same on every machine of a deployment. */
  readonly key: Buffer
  /** Keys used before a rotation, whose nonces clients still hold. */
  readonly earlierKeys?: readonly Buffer[]
  /** How long a nonce is the one handed out. */
  readonly stepSeconds?: Seconds
  /** So many earlier steps are still accepted. */
  readonly keep?: number
}

/** Nonces that any machine with the key can make and check, and nobody has to remember. */
export interface Nonces {
  current(now: Seconds): string
  accepts(nonce: string, now: Seconds): boolean
  /** No nonce is accepted for longer than this after it was handed out first. */
  readonly lifetime: Seconds
}

const STEP: Seconds = 30
const KEEP = 4
const SHORTEST_KEY = 32

/**
 * Makes the nonces of a server: an HMAC over the number of the time step, so that they cannot be foreseen
 * and change in time. Each step costs one HMAC per accepted step and key.
 *
 * @throws RangeError if a key is too short, or the times make no sense.
 * @see RFC 9449 §8
 */
export function createNonces(options: NonceOptions): Nonces {
  const { key, earlierKeys = [], stepSeconds = STEP, keep = KEEP } = options
  const keys = [key, ...earlierKeys]
  if (keys.some(({ length }) => length < SHORTEST_KEY)) throw new RangeError('a key is too short')
  if (!(stepSeconds > 0 && Number.isInteger(keep) && keep >= 0)) {
    throw new RangeError('stepSeconds must be positive, and keep a count')
  }
  let window = makeWindow(keys, { step: 0, keep })

  const windowAt = (now: Seconds): Window => {
    const step = Math.floor(now / stepSeconds)
    if (window.step !== step) window = makeWindow(keys, { step, keep })
    return window
  }
  return {
    current: (now) => windowAt(now).current,
    accepts: (nonce, now) => isAmong(Buffer.from(nonce), windowAt(now).accepted),
    lifetime: (keep + 2) * stepSeconds,
  }
}

interface Window {
  readonly step: number
  readonly current: string
  readonly accepted: readonly Buffer[]
}

function makeWindow(
  keys: readonly Buffer[],
  { step, keep }: { readonly step: number; readonly keep: number },
): Window {
  // The step after this one is there because another machine may have reached it.
  const steps = Array.from({ length: keep + 2 }, (_, index) => step + 1 - index)
  const nonces = keys.map((key) => steps.map((each) => nonceOf(key, each)))
  return {
    step,
    current: nonces[0]?.[1] ?? '',
    accepted: nonces.flat().map((nonce) => Buffer.from(nonce)),
  }
}

/** base64url, whose characters are all NQCHAR. @see RFC 9449 §8.1 */
function nonceOf(key: Buffer, step: number): string {
  return createHmac('sha256', key).update(`DPoP-Nonce ${step}`).digest('base64url')
}

function isAmong(nonce: Buffer, accepted: readonly Buffer[]): boolean {
  let found = false
  for (const candidate of accepted) {
    if (candidate.length === nonce.length && timingSafeEqual(candidate, nonce)) found = true
  }
  return found
}
