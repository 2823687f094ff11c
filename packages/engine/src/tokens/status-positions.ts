import { Buffer } from 'node:buffer'
import type { Ports, Random } from '../ports.ts'
import type { StatusLists, StatusPosition } from '../store/status-lists.ts'
import type { Seconds } from '../store/values.ts'

/**
 * So many tokens share a list: enough that nobody can tell from who fetches a list which token is meant, few enough that
 * a list stays small (16 kB unpacked, and a few hundred bytes packed while little is revoked).
 */
export const STATUS_LIST_SIZE = 131_072

/** So many positions a process takes at once; a list is a whole number of blocks. */
const BLOCK = 1_024
/** Then the rest of a block is thrown away, so that it is known when the last token of its list expires. */
const BLOCK_USED_FOR: Seconds = 86_400
/** The ceilings of an access token and of a code (SP-SEC-01, SP-AS-11), and a minute for requests under way. */
const MARGIN: Seconds = 3_600 + 60 + 60

/** The positions a process has taken and not given yet. */
interface Stock {
  positions: StatusPosition[]
  usedUntil: Seconds
  refill: Promise<void> | undefined
}

const stocks = new WeakMap<StatusLists, Stock>()

/**
 * A position in the status lists that nobody else was or will be given. At once, but for one call in a thousand.
 *
 * @throws StoreUnavailable
 */
export function takePosition(ports: Ports): StatusPosition | Promise<StatusPosition> {
  const stock = stockOf(ports)
  const position = ports.clock.now() < stock.usedUntil ? stock.positions.pop() : undefined
  return position ?? takeLater(stock, ports)
}

function stockOf({ store: { statusLists } }: Ports): Stock {
  const known = stocks.get(statusLists)
  if (known !== undefined) return known
  const stock: Stock = { positions: [], usedUntil: 0, refill: undefined }
  stocks.set(statusLists, stock)
  return stock
}

async function takeLater(stock: Stock, ports: Ports): Promise<StatusPosition> {
  stock.refill ??= refill(stock, ports).finally(() => {
    stock.refill = undefined
  })
  await stock.refill
  return takePosition(ports)
}

async function refill(stock: Stock, { store, service, clock, random }: Ports): Promise<void> {
  const { statusLists } = store
  const now = clock.now()
  const first = await statusLists.take(BLOCK)
  const lastExpiry = now + BLOCK_USED_FOR + service.lifetimes.refreshToken + MARGIN
  await statusLists.keep(Math.floor(first / STATUS_LIST_SIZE), lastExpiry)
  // Positions of a block that is lost would be given to somebody else again.
  await store.settled()
  stock.positions = shuffled(first, random)
  stock.usedUntil = now + BLOCK_USED_FOR
}

/** The positions of a block in an order that tells nothing of when each was given. */
function shuffled(first: StatusPosition, random: Random): StatusPosition[] {
  const dice = Buffer.from(random.token(BLOCK * 32), 'base64url')
  const positions: StatusPosition[] = []
  // Fisher and Yates, from the inside out; of 32 bits, what the remainder prefers is a matter of millionths.
  for (let count = 0; count < BLOCK; count += 1) {
    const place = dice.readUInt32LE(count * 4) % (count + 1)
    positions.push(positions[place] ?? first + count)
    positions[place] = first + count
  }
  return positions
}
