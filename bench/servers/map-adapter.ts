/** What oidc-provider keeps; the members below are those an adapter looks at. */
interface Payload {
  readonly uid?: string
  readonly grantId?: string
  consumed?: number
}

/**
 * The cheapest store oidc-provider can have: one Map per model, every verb O(1).
 *
 * Its own in-memory adapter is for development: it holds 1,000 entries and walks through all
 * tokens of a grant for each new one, which a remembered consent would turn into the whole bill.
 */
export class MapAdapter {
  readonly #rows = new Map<string, Payload>()
  readonly #byUid = new Map<string, string>()
  readonly #byGrant = new Map<string, Set<string>>()

  async upsert(id: string, payload: Payload): Promise<void> {
    this.#rows.set(id, payload)
    if (payload.uid !== undefined) this.#byUid.set(payload.uid, id)
    if (payload.grantId !== undefined) this.#ofGrant(payload.grantId).add(id)
  }

  async find(id: string): Promise<Payload | undefined> {
    return this.#rows.get(id)
  }

  async findByUid(uid: string): Promise<Payload | undefined> {
    return this.#rows.get(this.#byUid.get(uid) ?? '')
  }

  async consume(id: string): Promise<void> {
    const row = this.#rows.get(id)
    if (row !== undefined) row.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    this.#rows.delete(id)
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const id of this.#ofGrant(grantId)) this.#rows.delete(id)
    this.#byGrant.delete(grantId)
  }

  #ofGrant(grantId: string): Set<string> {
    const members = this.#byGrant.get(grantId) ?? new Set()
    this.#byGrant.set(grantId, members)
    return members
  }
}
