/** What was found out about texts, by the text; what was not asked for lately is forgotten first. */
export interface Recent<Value extends object> {
  find(text: string): Value | undefined
  remember(text: string, value: Value): void
  readonly size: number
}

/**
 * Remembers so many values at most, in two generations: when the young one is full, the old one goes. Finding costs one
 * look, where a map in the order of use would be changed each time, and would step over all it lost before.
 */
export function createRecent<Value extends object>(most: number): Recent<Value> {
  const half = Math.max(1, Math.floor(most / 2))
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()

  const remember = (text: string, value: Value): void => {
    if (young.size >= half) {
      old = young
      young = new Map()
    }
    young.set(text, value)
  }
  return {
    find(text) {
      const found = young.get(text)
      if (found !== undefined) return found
      const former = old.get(text)
      if (former !== undefined) remember(text, former)
      return former
    },
    remember,
    get size() {
      return young.size + old.size
    },
  }
}
