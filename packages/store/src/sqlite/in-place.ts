import { statSync } from 'node:fs'

/**
 * Throws when a file is no longer what was opened at its path. SQLite goes on reading and writing one that was removed or
 * replaced, and whatever it acknowledged would be gone with the process.
 */
export function watchPlace(path: string): () => void {
  const opened = statSync(path)
  return () => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.ino === opened.ino && found.dev === opened.dev) return
    throw new Error('the database file was removed, or another one is in its place')
  }
}
