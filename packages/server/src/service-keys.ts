import type { Service, Store } from '@signet/engine'
import type { Logger } from 'pino'
import { recordAdministered } from './adapters/administered.ts'
import { triedSigners } from './adapters/external-signers.ts'
import { openKeyRing, type KeyRing } from './adapters/keys.ts'
import { requireMasterKey, sealedKeys, type Sealing } from './adapters/sealed-keys.ts'
import type { Config } from './config/config.ts'
import type { Shared } from './shared.ts'

/** @throws MasterKeyRefused when the keys of a service would lie open in the store. */
export function requireMasterKeys(config: Config): void {
  if (!keepsKeys(config)) return
  for (const { service } of config.services) requireMasterKey(sealingOf(service, config))
}

/** What the keys of one service need besides what all services share. */
export interface ServiceKeysPorts {
  readonly service: Service
  readonly store: Store
  readonly log: Logger
}

/** The keys of one service, from its store and from outside; they rotate as long as they are open. */
export async function openServiceKeys(
  { service, store, log }: ServiceKeysPorts,
  { config, clock, random, signers }: Shared,
): Promise<KeyRing> {
  return openKeyRing({
    service,
    store: keepsKeys(config)
      ? { ...store, keys: sealedKeys(store.keys, sealingOf(service, config)) }
      : store,
    clock,
    signers: triedSigners(() => signers(service.issuer)),
    failed: (error) => log.error({ err: error }, 'the keys could not be read'),
    schedule: {
      policy: config.keys,
      rotated: async (made) => {
        const detail = `new keys: ${made.map(({ algorithm, kid }) => `${algorithm} ${kid}`).join(', ')}`
        log.info({ detail }, 'keys were rotated')
        const change = { step: 'keys-rotate', by: 'the schedule', detail }
        await recordAdministered(change, { store, random, clock })
      },
    },
  })
}

/** Whether the keys outlive the process. */
function keepsKeys({ store }: Config): boolean {
  return !('memory' in store)
}

function sealingOf({ issuer }: Service, { masterKeys }: Config): Sealing {
  return { issuer, masterKeys }
}
