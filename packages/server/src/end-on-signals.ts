import type { RunningServer } from './started-server.ts'

/**
 * Lets a server drain and end on SIGTERM and SIGINT; a second signal ends it at once.
 *
 * @returns what does the same as the first signal, however often it is called
 */
export function endOnSignals(server: Pick<RunningServer, 'close'>): () => void {
  let ending: Promise<void> | undefined
  const end = (): void => {
    ending ??= server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  let signals = 0
  const onSignal = (): void => {
    signals += 1
    if (signals > 1) process.exit(1)
    end()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return end
}
