import type { Seconds } from './values.ts'

/** The place of a token or grant in all status lists of the service together: number of the list × its size + index. */
export type StatusPosition = number

export interface StatusLists {
  /** Takes so many positions that nobody was given before or will be again, and answers the first. */
  take(count: number): Promise<StatusPosition>
  /** Publishes a list until then at least: nothing that names it lives longer. */
  keep(list: number, until: Seconds): Promise<void>
  /** Marks an index of a list until all that was issued under it has expired. Said twice, the later `until` counts. */
  revoke(list: number, index: number, until: Seconds): Promise<void>
  /** The marked indices of a list; undefined when it is not published, or no more. */
  revoked(list: number): Promise<readonly number[] | undefined>
  /** Everything there is of them, but what was swept. */
  state(): Promise<StatusState>
}

/** Lists and indices in their order. */
export interface StatusState {
  /** The first position that was not taken yet. */
  readonly taken: StatusPosition
  readonly published: readonly { readonly list: number; readonly until: Seconds }[]
  readonly revoked: readonly StatusMark[]
}

export interface StatusMark {
  readonly list: number
  readonly index: number
  readonly until: Seconds
}
