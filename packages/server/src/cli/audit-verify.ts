import {
  AUDIT_STREAMS,
  checkChain,
  type AuditRecord,
  type AuditStream,
  type ChainReport,
} from '@signet/engine'
import { headText, parseHead, type AuditHead } from '../adapters/audit-head.ts'
import { checkFile } from './audit-file.ts'
import { eventOf } from './audit-records.ts'
import { onService, print, table, timeOf, UsageError, type ServiceOptions } from './context.ts'

export interface VerifyOptions extends ServiceOptions {
  readonly stream?: AuditStream
  readonly head?: readonly AuditHead[]
  readonly file?: string
}

/** Checks the chains, tells what was found, and leaves an exit code: 1 when one does not hold. */
export async function verify(given: VerifyOptions): Promise<void> {
  const { head = [], stream, file, ...options } = given
  const streams = AUDIT_STREAMS.filter((one) => stream === undefined || one === stream)
  const stranger = head.find((noted) => !streams.includes(noted.stream))
  if (stranger !== undefined) throw new UsageError(`${headText(stranger)} is not of ${stream}.`)
  const wanted = streams.map((one) => ({
    stream: one,
    noted: head.filter((noted) => noted.stream === one),
  }))
  const reports =
    file === undefined
      ? await onService(options, async ({ store }) =>
          Promise.all(wanted.map((each) => checkChain(store.audit, each.stream, each.noted))),
        )
      : await checkFile(file, wanted)
  print(reportTable(reports))
  const breaks = reports.flatMap(breakLines)
  print(`\n${breaks.length === 0 ? holds(head) : breaks.join('\n')}`)
  if (breaks.length > 0) process.exitCode = 1
}

function holds(heads: readonly AuditHead[]): string {
  const said = 'Nothing was changed, put in or removed'
  if (heads.length > 0) return `${said}, and every given head is in its place.`
  return `${said} in between. That the chains end here, and were not made anew, only a head can tell that was noted elsewhere (--head).`
}

/** For commander: `--head`, as often as somebody likes. */
export function collectHead(text: string, before: readonly AuditHead[] = []): readonly AuditHead[] {
  const head = parseHead(text)
  if (head !== undefined) return [...before, head]
  throw new UsageError(
    `${text} is not the head of an audit: give it as the log has it, stream:sequence:hash.`,
  )
}

function reportTable(reports: readonly ChainReport[]): string {
  const rows = reports.map(({ stream, anchor, head, count, first, last }) => [
    stream,
    String(count),
    placeOf(first),
    placeOf(last),
    String(anchor.sequence),
    head.sequence === 0 ? '' : headText({ stream, ...head }),
  ])
  return table([['STREAM', 'RECORDS', 'FIRST', 'LAST', 'REMOVED', 'HEAD'], ...rows])
}

function placeOf(record: AuditRecord | undefined): string {
  if (record === undefined) return ''
  const event = eventOf(record)
  return `${record.sequence} ${event === undefined ? '' : timeOf(event.at)}`
}

/** More say nothing more. */
const MOST_LINES = 20

function breakLines({ stream, breaks }: ChainReport): readonly string[] {
  const lines = breaks.slice(0, MOST_LINES).map(({ what }) => `${stream}: ${what}.`)
  const more = breaks.length - lines.length
  return more === 0 ? lines : [...lines, `${stream}: ${more} more breaks.`]
}
