import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** The path of the page that is shown. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** Shows another page of the app. */
export function goTo(path: string): void {
  history.pushState(undefined, '', path)
  scrollTo(0, 0)
  for (const listener of listeners) listener()
}
