import { AUDIT_STREAMS, type AuditLink, type AuditStream } from '@signet/engine'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { LastingStore } from '../adapters/stores.ts'
import {
  eventOf,
  jsonLine,
  linkAt,
  plainLine,
  recordsAfter,
  type ChainedRecord,
} from './audit-records.ts'
import { collectHead, verify, type VerifyOptions } from './audit-verify.ts'
import { onService, print, withService, type ServiceOptions } from './context.ts'

interface StreamOptions extends ServiceOptions {
  readonly stream?: AuditStream
}

interface TailOptions extends StreamOptions {
  readonly lines: number
  readonly follow?: boolean
  readonly json?: boolean
}

interface ExportOptions extends StreamOptions {
  readonly since?: number
  readonly until?: number
}

export function addAudit(program: Command): void {
  const audit = program.command('audit').description('read and check the record of what happened')
  withStream(audit.command('verify'))
    .description(
      'check that no record was changed, put in or removed; the exit code is 1 otherwise',
    )
    .option(
      '--head <stream:sequence:hash>',
      'a head that was noted before, from the log or from here; may be given several times',
      collectHead,
    )
    .option('--file <file>', 'check an export instead, without configuration or database')
    .action((options: VerifyOptions) => verify(options))
  withStream(audit.command('tail'))
    .description('show what happened last')
    .option('-n, --lines <count>', 'how many records', count, 10)
    .option('-f, --follow', 'go on with what happens, until Ctrl+C')
    .option('--json', 'as JSON, in the lines of an export')
    .action((options: TailOptions) => onService(options, ({ store }) => tail(store, options)))
  withStream(audit.command('export'))
    .description('write the records as lines of JSON, which signet audit verify --file can check')
    .option('--since <time>', 'from that time on, such as 2027-01-31T12:00Z', time)
    .option('--until <time>', 'to the last one before that time', time)
    .action((options: ExportOptions) =>
      onService(options, ({ store }) =>
        pipeline(Readable.from(exported(store, options)), process.stdout, { end: false }),
      ),
    )
}

function withStream(command: Command): Command {
  return withService(command).addOption(
    new Option('--stream <name>', 'only one of the streams').choices(AUDIT_STREAMS),
  )
}

function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a number is expected.')
}

function time(text: string): number {
  const parsed = Date.parse(text)
  if (Number.isFinite(parsed)) return parsed
  throw new InvalidArgumentError('a time is expected, such as 2027-01-31 or 2027-01-31T12:00Z.')
}

function streamsOf({ stream }: StreamOptions): readonly AuditStream[] {
  return stream === undefined ? AUDIT_STREAMS : [stream]
}

/** Milliseconds between two looks at what came. */
const LOOK_AGAIN = 1_000

async function tail({ audit }: LastingStore, options: TailOptions): Promise<void> {
  const { lines, follow = false, json = false } = options
  const write = (record: ChainedRecord): void => print((json ? jsonLine : plainLine)(record))
  const places = new Map<AuditStream, AuditLink>()
  /** What came since, of all streams in the order of time. */
  const news = async (): Promise<readonly ChainedRecord[]> => {
    const found: ChainedRecord[] = []
    for (const [stream, place] of places) {
      for await (const record of recordsAfter(audit, stream, place)) {
        places.set(stream, record)
        found.push(record)
      }
    }
    return found.toSorted((one, other) => timeIn(one) - timeIn(other))
  }
  for (const stream of streamsOf(options)) {
    const { head } = await audit.chain(stream)
    places.set(stream, await linkAt(audit, stream, Math.max(0, head.sequence - lines)))
  }
  const first = await news()
  for (const record of lines === 0 ? [] : first.slice(-lines)) write(record)
  if (!follow) return
  for (;;) {
    await pause(LOOK_AGAIN)
    for (const record of await news()) write(record)
  }
}

function timeIn(record: ChainedRecord): number {
  return eventOf(record)?.at ?? 0
}

/** Each stream on its own, without a gap between its first record and its last. */
async function* exported({ audit }: LastingStore, options: ExportOptions): AsyncGenerator<string> {
  const { since = -Infinity, until = Infinity } = options
  for (const stream of streamsOf(options)) {
    let begun = false
    for await (const record of recordsAfter(audit, stream, await linkAt(audit, stream, 0))) {
      const at = eventOf(record)?.at ?? since
      if (at >= until) break
      begun ||= at >= since
      if (begun) yield `${jsonLine(record)}\n`
    }
  }
}
