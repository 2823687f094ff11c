import { hashPassword, verifyPassword } from './password.ts'

/** `busy`: not checked, because too many others wait already. */
export type PasswordVerdict = 'right' | 'wrong' | 'busy'

/** Checks passwords, few at once: each takes 64 MiB and a core. */
export interface PasswordChecks {
  /** `phc` is undefined for a user who does not exist, and takes as long. */
  check(password: string, phc: string | undefined): Promise<PasswordVerdict>
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

  return {
    check: async (password, phc) => {
      if (waiting.length >= longestQueue) return 'busy'
      await begin()
      try {
        const matches = await verifyPassword(password, phc ?? (await nobody))
        return matches && phc !== undefined ? 'right' : 'wrong'
      } finally {
        end()
      }
    },
  }
}
