import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { signet, type Ran } from './testing/cli.ts'
import { Peer } from './testing/peer.ts'
import { ENVIRONMENT, MAIN, serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'

const declared = new Peer({ clientId: 'declared', scope: 'openid accounts' })
const stranger = new Peer({ clientId: 'stranger' })

describe('the audit, beside a running server', () => {
  let server: ServerProcess
  before(async () => {
    server = await serve(serviceFor([declared.metadata()]))
    await declared.at(server.site.origin).logIn()
    for (let count = 0; count < 3; count += 1) await stranger.at(server.site.origin).push()
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  const audit = (...args: readonly string[]): Promise<Ran> =>
    signet(['audit', ...args, '--config', server.site.configFile])
  const exportTo = async (name: string, ...args: readonly string[]): Promise<string> => {
    const file = join(server.site.folder, name)
    writeFileSync(file, assertWell(await audit('export', ...args)).stdout)
    return file
  }
  /** Does what the server would not do. */
  const tamper = (sql: string): void => {
    const database = new DatabaseSync(server.site.database)
    database.exec(sql)
    database.close()
  }

  test('holds while nobody touches it, and tells its heads', async () => {
    const { stdout } = assertWell(await audit('verify'))
    assert.match(stdout, /^STREAM +RECORDS +FIRST +LAST +REMOVED +HEAD$/m)
    assert.match(stdout, /^trusted +\d+ +1 2\S+Z +\d+ 2\S+Z +0 +trusted:\d+:[\w-]{43}$/m)
    assert.match(stdout, /^strangers +3 +1 2\S+Z +3 2\S+Z +0 +strangers:3:[\w-]{43}$/m)
    assert.match(stdout, /^Nothing was changed, put in or removed in between\. .*--head/m)
    assert.doesNotMatch(
      assertWell(await audit('verify', '--stream', 'trusted')).stdout,
      /strangers/,
    )
  })

  test('is shown, the newest last, and follows', async () => {
    const all = assertWell(await audit('tail', '-n', '1000'))
      .stdout.trimEnd()
      .split('\n')
    assert.ok(all.some((line) => / trusted \d+ login authenticated client="declared" /.test(line)))
    assert.ok(all.some((line) => / client-add .*by="the configuration file"/.test(line)))
    assert.match(all.at(-1) ?? '', / strangers 3 refused push client="stranger" /)
    const two = assertWell(await audit('tail', '--lines', '2')).stdout
    assert.equal(two, `${all.slice(-2).join('\n')}\n`)
    assert.equal(assertWell(await audit('tail', '-n', '0')).stdout, '')

    const follow = ['audit', 'tail', '-f', '-n', '0', '--config', server.site.configFile]
    const child = spawn(process.execPath, [...MAIN, ...follow], { env: ENVIRONMENT })
    const heard = once(child.stdout, 'data')
    const pushing = setInterval(() => void stranger.at(server.site.origin).push(), 250)
    const [chunk] = await heard.finally(() => clearInterval(pushing))
    child.kill()
    await once(child, 'exit')
    assert.match(String(chunk), /^2\S+Z strangers \d+ refused push client="stranger" /)
  })

  test('records what is administered, and by whom, without what is secret', async () => {
    const config = ['--config', server.site.configFile]
    const file = join(server.site.folder, 'added.json')
    writeFileSync(file, JSON.stringify(new Peer({ clientId: 'added' }).metadata()))
    assertWell(await signet(['client', 'add', file, ...config]))
    assertWell(await signet(['client', 'disable', 'added', ...config]))
    assertWell(await signet(['client', 'enable', 'added', ...config]))
    const stdin = 'a wonderful secret\n'
    const add = ['user', 'add', 'carol', '--password-stdin', ...config]
    assertWell(await signet(add, { stdin, environment: { SUDO_USER: 'mallory' } }))
    assertWell(await signet(add, { stdin }))
    assertWell(await signet(['user', 'disable', 'carol', ...config]))
    assertWell(await signet(['user', 'enable', 'carol', ...config]))
    assertWell(await signet(['keys', 'rotate', '--algorithm', 'ES256', ...config]))
    const lines = assertWell(await audit('tail', '-n', '8', '--stream', 'trusted')).stdout
    const steps = [...lines.matchAll(/ administered (\S+) /g)].map(([, step]) => step)
    assert.deepEqual(steps, [
      'client-add',
      'client-disable',
      'client-enable',
      'user-add',
      'user-add',
      'user-disable',
      'user-enable',
      'keys-rotate',
    ])
    assert.match(lines, / client-add client="added" by=".+" detail="registered; SHA-256 of /)
    assert.match(lines, / user-add user="\S+" by=".+, by sudo of mallory" detail="added"/)
    assert.match(lines, /detail="given a new password, which ends sessions and grants"/)
    assert.match(lines, / keys-rotate by=".+" detail="new keys: ES256 \S+"/)
    assert.doesNotMatch(lines, /wonderful|argon2|"d"/)
  })

  test('is exported, and an export is checked without the database', async () => {
    const file = await exportTo('export.jsonl')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '')), [
      'event',
      'hash',
      'previous',
      'sequence',
      'stream',
    ])
    const checked = assertWell(await signet(['audit', 'verify', '--file', file]))
    const [heads, others] = [checked, await audit('verify')].map(({ stdout }) => headsOf(stdout))
    assert.deepEqual(heads, others)
    const given = (heads ?? []).flatMap((head) => ['--head', head])
    assertWell(await signet(['audit', 'verify', '--file', file, ...given]))

    const changed = join(server.site.folder, 'changed.jsonl')
    writeFileSync(changed, lines.join('\n').replace('"step":"authenticated"', '"step":"forged"'))
    const found = await signet(['audit', 'verify', '--file', changed])
    assert.equal(found.code, 1)
    assert.match(found.stdout, /^trusted: record \d+ was changed, exchanged or put in/m)
    writeFileSync(changed, lines.toSpliced(1, 1).join('\n'))
    const without = await signet(['audit', 'verify', '--file', changed])
    assert.equal(without.code, 1)
    assert.match(without.stdout, /^trusted: record 2 is missing\.$/m)
    writeFileSync(changed, `${lines[0]}\nhello\n`)
    const broken = await signet(['audit', 'verify', '--file', changed])
    assert.equal(broken.code, 2)
    assert.match(broken.stderr, /line 2 is no record/)
  })

  test('is exported in part, by time and by stream, and the part holds', async () => {
    const lines = readFileSync(await exportTo('all.jsonl', '--stream', 'trusted'), 'utf8')
    const all = JSON.parse(`[${lines.trimEnd().replaceAll('\n', ',')}]`)
    assert.ok(all.every(({ stream }: { stream: string }) => stream === 'trusted'))
    const since = new Date(all[2].event.at).toISOString()
    const until = new Date(all.at(-1).event.at).toISOString()
    const file = await exportTo('part.jsonl', '--since', since, '--until', until)
    const { stdout } = assertWell(await signet(['audit', 'verify', '--file', file]))
    assert.match(stdout, /^trusted +\d+ +[123] 2/m)
    assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(`"at":${all.at(-1).event.at},`))
    assert.match((await audit('export', '--since', 'yesterday')).stderr, /a time is expected/)
  })

  test('is checked against a head that was noted, and nothing is taken for one that is none', async () => {
    const [head = ''] = headsOf(server.output())
    assert.match(head, /^trusted:\d+:/)
    const { stdout } = assertWell(await audit('verify', '--head', head))
    assert.match(stdout, /^Nothing was changed.*, and every given head is in its place\.$/m)
    const forged = await audit('verify', '--head', `trusted:1:${'A'.repeat(43)}`)
    assert.equal(forged.code, 1)
    assert.match(forged.stdout, /^trusted: record 1 is not the one that was noted\.$/m)
    const beyond = await audit('verify', '--head', `trusted:999999:${'A'.repeat(43)}`)
    assert.equal(beyond.code, 1)
    assert.match(beyond.stdout, /the chain ends at record \d+; record 999999 was noted/)
    for (const [args, complaint] of [
      [['--head', 'trusted:1'], /trusted:1 is not the head/],
      [['--head', head, '--stream', 'strangers'], /is not of strangers/],
      [['--stream', 'others'], /trusted, strangers/],
    ] as const) {
      const ran = await audit('verify', ...args)
      assert.notEqual(ran.code, 0)
      assert.match(ran.stderr, complaint)
    }
  })

  test('tells where it was changed by somebody who has the database', async () => {
    const [head = ''] = headsOf(assertWell(await audit('verify', '--stream', 'strangers')).stdout)
    tamper(
      "UPDATE audit_records SET data = replace(data, 'stranger', 'declared') WHERE stream = 'strangers' AND sequence = 2",
    )
    const ran = await audit('verify')
    assert.equal(ran.code, 1)
    assert.match(
      ran.stdout,
      /^strangers: record 2 was changed, exchanged or put in, or record 1 was\.$/m,
    )
    assert.doesNotMatch(ran.stdout, /^trusted: /m)
    tamper(
      "DELETE FROM audit_records WHERE stream = 'strangers'; DELETE FROM audit_chains WHERE stream = 'strangers'",
    )
    assert.equal((await audit('verify')).code, 0)
    const noted = await audit('verify', '--head', head)
    assert.equal(noted.code, 1)
    assert.match(noted.stdout, /^strangers: the chain ends at record 0; record \d+ was noted\.$/m)
  })
})

function headsOf(text: string): readonly string[] {
  return text.match(/(?:trusted|strangers):[1-9]\d*:[\w-]{43}/g) ?? []
}

function assertWell(ran: Ran): Ran {
  assert.equal(ran.code, 0, ran.stderr || ran.stdout)
  return ran
}
