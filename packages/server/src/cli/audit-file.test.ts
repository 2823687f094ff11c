import { CHAIN_BEGINS } from '@signet/engine'
import { createMemoryStore, fixedClock, sampleAuditEvent } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkFile } from './audit-file.ts'
import { jsonLine, recordsAfter } from './audit-records.ts'

const folder = mkdtempSync(join(tmpdir(), 'signet-audit-'))
after(() => rmSync(folder, { recursive: true }))

const WANTED = [{ stream: 'trusted', noted: [] }] as const

function fileWith(text: string): string {
  const file = join(folder, 'export.jsonl')
  writeFileSync(file, text)
  return file
}

/** The lines of an export. */
async function exported(...details: readonly string[]): Promise<readonly string[]> {
  const { audit } = createMemoryStore(fixedClock())
  for (const [index, detail] of details.entries())
    await audit.record(sampleAuditEvent({ id: `ev ${index}`, detail }))
  const lines: string[] = []
  for await (const record of recordsAfter(audit, 'trusted', CHAIN_BEGINS))
    lines.push(jsonLine(record))
  return lines
}

test('an export holds whatever its events hold, with either end of its lines', async () => {
  const lines = await exported('a', 'b\u2028c\u2029d\u0085e\rf\ng', 'ü'.repeat(100_000))
  for (const text of [`${lines.join('\n')}\n`, lines.join('\n'), lines.join('\r\n')]) {
    const [report] = await checkFile(fileWith(text), WANTED)
    assert.deepEqual([report?.count, report?.breaks], [3, []])
  }
})

test('a file without any record proves nothing', async () => {
  await assert.rejects(checkFile(fileWith(''), WANTED), /has no record/)
  const ofAnother = [{ stream: 'strangers', noted: [] }] as const
  const lines = await exported('a')
  await assert.rejects(checkFile(fileWith(lines.join('\n')), ofAnother), /has no record/)
})

test('a line without an end is given up, and nobody reads all of it', async () => {
  const [line = ''] = await exported('a')
  const file = fileWith(`${line}\n${' '.repeat(3_000_000)}${line}`)
  await assert.rejects(checkFile(file, WANTED), /line 2 is no record/)
})
