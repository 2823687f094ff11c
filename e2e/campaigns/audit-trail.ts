import { signet, type Ran } from '../testing/cli.ts'
import type { Site } from '../testing/site.ts'
import type { Ledger } from './ledger.ts'

/** Asks the audit, by the commands an operator has, whether it tells everything that was acknowledged. */
export class AuditTrail {
  readonly #site: Site
  readonly #ledger: Ledger
  #heads: readonly string[] = []

  constructor(site: Site, ledger: Ledger) {
    this.#site = site
    this.#ledger = ledger
  }

  /** The chain is whole, and what was its end the last time is still in it. */
  async verify(): Promise<void> {
    const noted = this.#heads.flatMap((head) => ['--head', head])
    const { stdout, stderr, code } = await this.#run('verify', ...noted)
    if (code !== 0) this.#ledger.violations.push(`the audit is not intact: ${stdout}${stderr}`)
    this.#heads = stdout.match(/(?:trusted|strangers):[1-9]\d*:[\w-]{43}/g) ?? []
  }

  /** Every revocation that was acknowledged is in it, and every refusal that named its event. */
  async checkAll(): Promise<void> {
    const { violations, revocations, events } = this.#ledger
    const { stdout } = await this.#run('export')
    const lines = stdout.split('\n').filter(Boolean)
    const recorded = lines.map((line) => eventIn(JSON.parse(line)))
    const ids = new Set(recorded.map(({ id }) => id))
    const untold = events.filter((id) => !ids.has(id))
    if (untold.length > 0) violations.push(`${untold.length} refusals are not in the audit`)
    const { acknowledged, unknown } = revocations
    const found = recorded.filter(({ kind }) => kind === 'revoked').length
    if (found < acknowledged || found > acknowledged + unknown) {
      violations.push(
        `of ${acknowledged} to ${acknowledged + unknown} revocations ${found} are in the audit`,
      )
    }
  }

  #run(command: string, ...options: readonly string[]): Promise<Ran> {
    return signet(['audit', command, '--config', this.#site.configFile, ...options])
  }
}

interface Recorded {
  readonly id: string
  readonly kind: string
}

function eventIn({ event }: { readonly event: Recorded }): Recorded {
  return event
}
