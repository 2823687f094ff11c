/** A payment that is being written. It survives a login in between; nothing in it opens anything. */
export interface Draft {
  readonly recipient: string
  readonly iban: string
  readonly amount: string
  readonly purpose: string
  /** The payment's own, however often it is sent. */
  readonly key: string
}

const NAME = 'payment'

export function newDraft(): Draft {
  return { recipient: '', iban: '', amount: '', purpose: '', key: crypto.randomUUID() }
}

/** Keeps a payment while the browser is away. */
export function keepDraft(draft: Draft): void {
  sessionStorage.setItem(NAME, JSON.stringify(draft))
}

/** The payment that was kept, once. */
export function takeDraft(): Draft | undefined {
  const kept = sessionStorage.getItem(NAME)
  sessionStorage.removeItem(NAME)
  if (kept === null) return undefined
  const draft: Draft = JSON.parse(kept)
  return draft
}
