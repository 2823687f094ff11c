import type { Frontend } from '../config/settings.ts'

const LONGEST = 2_000

/**
 * The place in the app to come back to: a path of this frontend and nothing else, as a browser would understand it.
 *
 * @returns undefined for everything that could lead, or be taken to lead, elsewhere
 * @see FAPI 2.0 Security Profile §5.3.3.1-4
 */
export function safeReturnUrl(
  value: string,
  { origin, folder, base }: Frontend,
): string | undefined {
  if (value.length > LONGEST || !isPlainPath(value)) return undefined
  const url = URL.parse(value, origin)
  if (url === null || url.origin !== origin || url.username !== '') return undefined
  const normal = url.pathname + url.search + url.hash
  // Dot segments can leave `//` behind when they go: `/.//host` is `//host`.
  if (!isPlainPath(normal) || !url.pathname.startsWith(folder)) return undefined
  // The endpoints of the BFF would send the browser round and round.
  return `${url.pathname}/`.startsWith(`${base}/`) ? undefined : normal
}

/** Also after somebody decoded it, as often as anybody might. */
function isPlainPath(value: string): boolean {
  let decoded = value
  for (let round = 0; round < 4; round++) {
    if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(round === 0 ? decoded : start(decoded))) {
      return false
    }
    const next = decode(decoded)
    if (next === undefined) return false
    if (next === decoded) return true
    decoded = next
  }
  return false
}

/** What decides where a URL leads; what follows may hold any text once decoded. */
function start(value: string): string {
  return value.slice(0, 2)
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
