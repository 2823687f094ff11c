import {
  AUDIT_STREAMS,
  canonicalJson,
  ChainCheck,
  type AuditLink,
  type AuditStream,
  type ChainReport,
} from '@signet/engine'
import { createReadStream } from 'node:fs'
import type { ChainedRecord } from './audit-records.ts'
import { UsageError } from './context.ts'

/** A stream to be checked, and what was noted of it. */
export interface Wanted {
  readonly stream: AuditStream
  readonly noted: readonly AuditLink[]
}

/** Checks the chains of an export, each from its first line to its last. */
export async function checkFile(
  file: string,
  wanted: readonly Wanted[],
): Promise<readonly ChainReport[]> {
  const checks = new Map<AuditStream, ChainCheck>()
  for await (const record of recordsOf(file)) {
    const { stream, sequence, previous } = record
    const asked = wanted.find((each) => each.stream === stream)
    if (asked === undefined) continue
    const before = { sequence: sequence - 1, hash: previous }
    const check = checks.get(stream) ?? new ChainCheck(stream, before, asked.noted)
    checks.set(stream, check)
    check.add(record)
  }
  if (checks.size === 0) throw new UsageError(`${file} has no record of what is to be checked.`)
  const missing = wanted.find(({ stream, noted }) => noted.length > 0 && !checks.has(stream))
  if (missing !== undefined) throw new UsageError(`${file} has no record of ${missing.stream}.`)
  return [...checks.values()].map((check) => check.end())
}

async function* recordsOf(file: string): AsyncGenerator<ChainedRecord> {
  let number = 0
  for await (const line of linesOf(file)) {
    number += 1
    const record = recordOf(line)
    if (record === undefined) throw new UsageError(`${file}: line ${number} is no record.`)
    yield record
  }
}

/** In characters. No event is nearly as long. */
const LONGEST_LINE = 1_048_576

/** What is between line feeds, and nothing else: JSON may hold other characters that end a line for people. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  const chunks: AsyncIterable<string> = createReadStream(file, 'utf8')
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length > LONGEST_LINE) break
  }
  if (rest !== '') yield rest
}

/** A line of an export; undefined when it is something else. */
function recordOf(line: string): ChainedRecord | undefined {
  const { event, hash, previous, sequence, stream: name } = membersOf(line)
  const stream = AUDIT_STREAMS.find((one) => one === name)
  if (stream === undefined || typeof sequence !== 'number') return undefined
  if (typeof hash !== 'string' || typeof previous !== 'string') return undefined
  return { stream, sequence, hash, previous, text: canonicalJson(event) }
}

function membersOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
