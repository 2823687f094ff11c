import { hashPassword, verifyPassword } from './password.ts'

/** `busy`: not checked, because too many others wait already. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy'

/** Checks passwords, few at once: each takes 64 MiB and a core. */
export interface PasswordChecks {
  /** `phc` is undefined for a user who does not exist, and takes as long. */
  check(password: string, phc: string | undefined): Promise<PasswordVerdict>
  /** A new hash; undefined when too many others wait already. */
  hash(password: string): Promise<string | undefined>
}

const AT_ONCE = 2
/** With 150 ms each, whoever comes last in this queue waits two seconds. */
const LONGEST_QUEUE = 24

export interface CheckLimits {
  readonly atOnce?: number
  readonly longestQueue?: number
}

/** @see OWASP ASVS V2.4 */
export function createPasswordChecks({
  atOnce = AT_ONCE,
  longestQueue = LONGEST_QUEUE,
}: CheckLimits = {}): PasswordChecks {
  const nobody = hashPassword('')
  const waiting: (() => void)[] = []
  let running = 0

  const begin = async (): Promise<void> => {
    if (running < atOnce) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const end = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }

  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    if (waiting.length >= longestQueue) return undefined
    await begin()
    try {
      return await work()
    } finally {
      end()
    }
  }

  return {
    check: async (password, phc) => {
      const matches = await inTurn(async () => verifyPassword(password, phc ?? (await nobody)))
      if (matches === undefined) return 'busy'
      return matches && phc !== undefined ? 'right' : 'wrong'
    },
    hash: (password) => inTurn(() => hashPassword(password)),
  }
}
