import { StoreUnavailable } from '@signet/engine'
import { DatabaseError } from 'pg'

/**
 * What every failure becomes: refused and cut connections, timeouts, `57P01` (shut down), `25006` (read only), `53100` (disk
 * full), `53300` (too many connections), `40001` and `40P01` (serialization, deadlock), and whatever else the server refuses.
 *
 * When a connection is cut, nobody knows whether the statement under way was committed. So no statement is sent twice: the
 * second would find the work of the first, and a winner would be told that somebody else had won. The caller is told that
 * the store is unavailable, and comes again. What it finds then, if the statement was committed after all:
 *
 * - `pushedRequests.claim`: the request is gone. The user begins again; no code was issued for it.
 * - `codes.redeem`: the code was used. Its client is refused, and gets nothing that was not given: the answer that would have
 *   brought it never left. The user logs in again.
 * - `replay.first`: the statements were used. A client makes new ones for each request.
 * - `attempts.take`: one attempt is gone, and comes back with time.
 * - `sessions.delete`: the session has ended, and nobody gets what it was: the clients that wanted to be told are not.
 * - `grants.replaceStatus`: asked again with the same `from`, it answers the status the grant has by then.
 * - `statusLists.take`: the positions are given to nobody.
 * - Every other changing verb does the same when it is done twice: `put`, `join`, `delete`, `add`, `keep`, `revoke`, `record`.
 */
export function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  const cause = withoutRows(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  return new StoreUnavailable(`the database failed: ${message}`, cause)
}

/** The server says of some errors which row they are about, and rows hold what no log may. */
function withoutRows(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  return Object.assign(new Error(error.message), { code: error.code })
}

/** The SQLSTATE of what a server refused; undefined when it was not the server that failed. */
export function stateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}
