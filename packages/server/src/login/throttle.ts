import { digestOf, type AttemptPolicy, type Clock, type Seconds, type Store } from '@signet/engine'
import { isIPv6 } from 'node:net'
import { knownDevice } from './known-device.ts'

/** An attempt to log in, before the password is looked at. */
export interface LoginAttempt {
  readonly username: string
  /** Of the browser; behind trusted proxies they tell it. */
  readonly address: string
  /** The cookie of a browser somebody has logged in with before. */
  readonly device: string | undefined
}

export interface Throttle {
  /** Takes an attempt; zero: go on, otherwise the seconds to wait. */
  take(attempt: LoginAttempt): Promise<Seconds>
  /** Gives back what failed attempts took, after a success. */
  succeeded(attempt: LoginAttempt): Promise<void>
}

/** One address may be a whole company, so it gets far more than one person needs. */
const BY_ADDRESS: AttemptPolicy = { burst: 100, refill: 2 }
/** Guessing from browsers the user never used: some 1,400 passwords a day, whoever and how many guess. */
const BY_ACCOUNT: AttemptPolicy = { burst: 5, refill: 60 }
/** A browser the user has logged in with before. Nobody else's attempts count here, so nobody can lock the user out. */
const BY_DEVICE: AttemptPolicy = { burst: 10, refill: 30 }

export interface ThrottlePorts {
  readonly store: Pick<Store, 'attempts'>
  readonly clock: Clock
  readonly secrets: () => readonly Buffer[]
}

/**
 * Slows down guessing without locking accounts: by address, and by account with a bucket of its own for each browser that
 * has proved itself.
 *
 * @see OWASP Authentication Cheat Sheet, "Device cookies"
 */
export function createThrottle({ store, clock, secrets }: ThrottlePorts): Throttle {
  const accountBucket = (attempt: LoginAttempt): Bucket => {
    const { username, device } = attempt
    const id = knownDevice(device, username, secrets())
    return id === undefined
      ? { key: digestOf(`login by account\n${username}`), policy: BY_ACCOUNT, byAddress: true }
      : {
          key: digestOf(`login by device\n${id}\n${username}`),
          policy: BY_DEVICE,
          byAddress: false,
        }
  }
  return {
    take: async (attempt) => {
      const now = clock.now()
      const { key, policy, byAddress } = accountBucket(attempt)
      // The address comes first: one that has no attempts left takes none from the accounts of others either.
      if (byAddress) {
        const network = digestOf(`login by address\n${networkOf(attempt.address)}`)
        const wait = await store.attempts.take(network, BY_ADDRESS, now)
        if (wait > 0) return wait
      }
      return store.attempts.take(key, policy, now)
    },
    succeeded: async (attempt) => store.attempts.clear(accountBucket(attempt).key),
  }
}

interface Bucket {
  readonly key: string
  readonly policy: AttemptPolicy
  /** Whether the address counts too: not for a browser that has proved itself, which may share it with anybody. */
  readonly byAddress: boolean
}

/** Whoever has one IPv6 address has 2^64 of them: the first four groups are the network. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail = ''] = address.split('::')
  const before = groupsOf(head)
  const after = address.includes('::') ? groupsOf(tail) : []
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}

function groupsOf(part: string): readonly string[] {
  return part === '' ? [] : part.split(':').map((group) => group.toLowerCase())
}
