import { useCallback, useEffect, useState } from 'react'
import { CallFailed } from './bank.ts'

/** Something that is being fetched, was fetched, or could not be. */
export interface Loaded<Value> {
  readonly value: Value | undefined
  /** The code of a problem. */
  readonly problem: string | undefined
  readonly again: () => void
}

/** Fetches when the page is shown, and again on demand; what comes too late is dropped. */
export function useLoaded<Value>(load: () => Promise<Value>): Loaded<Value> {
  const [round, setRound] = useState(0)
  const [state, setState] = useState<Omit<Loaded<Value>, 'again'>>({
    value: undefined,
    problem: undefined,
  })
  useEffect(() => {
    let current = true
    load().then(
      (value) => {
        if (current) setState({ value, problem: undefined })
      },
      (error: unknown) => {
        if (current) setState(({ value }) => ({ value, problem: codeOf(error) }))
      },
    )
    return () => {
      current = false
    }
  }, [load, round])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return { ...state, again }
}

export function codeOf(error: unknown): string {
  return error instanceof CallFailed ? error.code : 'unexpected'
}
