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
  return new StoreUnavailable(`the database failed: ${messageOf(error)}`, withoutRows(error))
}

/** What failed, and what to do about it when that is known. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Where a name has several addresses, and none answers, only the code tells.
  const said = error.message || String(Object(error).code ?? error.name)
  return POOLED.test(said) ? `${said}: ${WITHOUT_NAMES}` : said
}

/** What to do about a PgBouncer, or another one that lends the connections of a server to whoever asks. */
export const WITHOUT_NAMES = 'behind a pooler of connections, set prepared_statements to false'

/** What PgBouncer says of a limit that only a server itself can keep, and a server of a statement that another one knows. */
const POOLED =
  /^unsupported startup parameter|^prepared statement ".*" (?:does not exist|already exists)/

/** The server says of some errors which row they are about, and rows hold what no log may. */
function withoutRows(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error
  return Object.assign(new Error(error.message), { code: error.code })
}

/** The SQLSTATE of what a server refused; undefined when it was not the server that failed. */
export function stateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}
