/** The DPoP nonces that servers gave us, the last of each: never mixed between servers. @see RFC 9449 §8 */
export interface Nonces {
  get(url: string | URL): string | undefined
  /** Keeps what an answer brought. @returns whether it was news */
  learn(url: string | URL, nonce: string | null | undefined): boolean
  /** Whether this server has answered us before, with a nonce or without. */
  knows(url: string | URL): boolean
}

/** The least recently used are forgotten. */
const MOST_SERVERS = 500
const LONGEST = 1_024

export function createNonces(): Nonces {
  const nonces = new Map<string, string | undefined>()
  const keep = (origin: string, nonce: string | undefined): void => {
    nonces.delete(origin)
    nonces.set(origin, nonce)
    const [oldest] = nonces.keys()
    if (nonces.size > MOST_SERVERS && oldest !== undefined) nonces.delete(oldest)
  }
  return {
    get: (url) => nonces.get(originOf(url)),
    knows: (url) => nonces.has(originOf(url)),
    learn(url, nonce) {
      const origin = originOf(url)
      const known = nonces.get(origin)
      if (typeof nonce !== 'string' || !isNonce(nonce)) {
        keep(origin, known)
        return false
      }
      keep(origin, nonce)
      return nonce !== known
    },
  }
}

/** NQCHAR. @see RFC 9449 §8.1 */
function isNonce(text: string): boolean {
  return text.length <= LONGEST && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
}

function originOf(url: string | URL): string {
  return typeof url === 'string' ? new URL(url).origin : url.origin
}
