import { Registry } from '@prometheus-io/client'
import { runWorker } from '../worker.ts'

// A worker that serves nothing, and does everything else that a worker does.
await runWorker(async () => ({
  url: '',
  health: { registry: new Registry(), checks: async () => [{ name: 'store', ok: true }] },
  close: async () => undefined,
}))
