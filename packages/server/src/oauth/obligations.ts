import { obligationOf } from '@signet/engine'
import type { Evidence } from '@signet/protocol'

/** What the server owes, to be read after "The server …". */
export function obligation({ reason }: Evidence): string {
  return obligationOf(reason) ?? 'refuses such a request'
}
