import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'node:crypto'
import { digestOf } from '../digest.ts'
import type { Random } from '../ports.ts'
import type { Grant } from '../store/durable.ts'

/** 256 bits in base64url. */
const SECRET = 43

/** What a grant id and a secret of ours are written with. */
const FORM = /^[A-Za-z0-9_-]{44,128}$/

/** A refresh token: the id of the grant, then a secret of 256 bits. Only its digest is kept. */
export function createRefreshToken(grantId: string, random: Random): string {
  return grantId + random.token(256).slice(0, SECRET)
}

/** The grant a refresh token says it belongs to; undefined when it is no refresh token of ours by its form. */
export function grantIdOf(refreshToken: string): string | undefined {
  return FORM.test(refreshToken) ? refreshToken.slice(0, -SECRET) : undefined
}

/** Whether this is the refresh token of the grant. Takes the same time wherever the two differ. */
export function belongsTo(refreshToken: string, { refreshToken: kept }: Grant): boolean {
  if (kept === undefined) return false
  const expected = Buffer.from(kept)
  const presented = Buffer.from(digestOf(refreshToken))
  return expected.length === presented.length && timingSafeEqual(expected, presented)
}
