import type { Config } from '../config/config.ts'
import { startServer, type RunningServer, type StartOptions } from '../compose.ts'

/** Starts a server that ends when it is told to. */
export async function run(
  config: Config,
  options?: Pick<StartOptions, 'development'>,
): Promise<void> {
  endOnSignals(await startServer(config, options))
}

/** Lets a server drain and end on SIGTERM and SIGINT; a second signal ends it at once. */
export function endOnSignals(server: Pick<RunningServer, 'close'>): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
