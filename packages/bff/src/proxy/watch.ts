import type { Core } from '../core.ts'
import type { Session } from '../sessions/sessions.ts'

/** How often a connection that stays open asks whether its session does, in milliseconds. */
const INTERVAL = 15_000

/**
 * Ends a long-lived connection when its session ends: whoever logged out elsewhere hears no more.
 *
 * @returns to be called when the connection has ended
 */
export function watchSession(
  core: Core,
  session: Session | undefined,
  end: () => void,
): () => void {
  if (session === undefined) return () => undefined
  const timer = setInterval(() => {
    core.sessions.reread(session.stored.id).then(
      (alive) => {
        if (alive === undefined) end()
      },
      // A store that cannot be asked ends nothing.
      () => undefined,
    )
  }, INTERVAL)
  timer.unref()
  return () => clearInterval(timer)
}
