import type { Store } from '@signet/engine'

/** What is done with the stores of some services together. */
export type Whole<Result> = (stores: readonly Store[]) => Promise<Result>

/** Stores that can be asked for everything at once, by whoever carries it elsewhere. No store is to be `settled` meanwhile. */
export interface WholeStores {
  /**
   * Lets `read` see the stores of these services as they are at one moment, while others write.
   *
   * @throws StoreUnavailable, and what `read` throws.
   */
  snapshot<Result>(issuers: readonly string[], read: Whole<Result>): Promise<Result>
  /**
   * Keeps everything that `work` writes to the stores of these services, or nothing when it rejects. Others who write wait.
   *
   * @throws StoreUnavailable, and what `work` throws: nothing was kept.
   */
  transaction<Result>(issuers: readonly string[], work: Whole<Result>): Promise<Result>
}
