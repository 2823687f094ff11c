import { exportPrivateJwk, importPrivateJwk, type Seconds, type SigningKey } from '@signet/protocol'
import type { Core } from '../core.ts'
import { idOf } from '../sessions/sessions.ts'

/** A login under way, in one browser. @see FAPI 2.0 Security Profile §5.3.3.2-4 */
export interface Transaction {
  readonly frontend: string
  readonly returnUrl: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly proofKey: SigningKey
  readonly acrValues: readonly string[]
  readonly maxAge: Seconds | undefined
  /** The session the browser had when it began: it ends when the new one begins. */
  readonly previous: string | undefined
}

/** How long a person may take to log in. */
export const LOGIN_LIFE: Seconds = 900

/** The name of a transaction is the first part of its `state`: it says which cookie to look at. */
export function transactionOf(state: string): string | undefined {
  return /^([\w-]{22})\.[\w-]{43}$/.exec(state)?.[1]
}

/** @param secret what the cookie of the browser holds: without it the transaction cannot be found */
export async function keepTransaction(
  { store, seal, clock }: Core,
  secret: string,
  { proofKey, ...transaction }: Transaction,
): Promise<void> {
  const id = parcelOf(secret, transaction.state)
  const text = JSON.stringify({ ...transaction, proofKey: exportPrivateJwk(proofKey) })
  await store.put(id, seal.close(text, id), clock.now() + LOGIN_LIFE)
}

/** @returns it to one caller only */
export async function takeTransaction(
  { store, seal, clock }: Core,
  secret: string,
  state: string,
): Promise<Transaction | undefined> {
  const id = parcelOf(secret, state)
  const sealed = await store.take(id, clock.now())
  if (sealed === undefined) return undefined
  const { proofKey, ...transaction }: Transaction & { readonly proofKey: unknown } = JSON.parse(
    seal.open(sealed, id),
  )
  return { ...transaction, proofKey: importPrivateJwk(proofKey) }
}

/** Both the browser's secret and the whole `state`: neither alone finds anything. */
function parcelOf(secret: string, state: string): string {
  return idOf(JSON.stringify(['login', secret, state]))
}
