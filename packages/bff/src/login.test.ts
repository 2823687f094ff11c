import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonOf, openStage } from './testing/stage.ts'
import { goesOnTo, TestBrowser } from './testing/test-browser.ts'

test('BFF-01 logs a browser in and says who it is', async () => {
  await using stage = await openStage()
  const browser = new TestBrowser()
  const answer = await stage.logIn(browser, '/accounts?tab=2#top')
  assert.equal(goesOnTo(answer), '/accounts?tab=2#top')
  const user = jsonOf(await browser.call(`${stage.origin}/bff/user`))
  assert.equal(user['authenticated'], true)
  const api = await browser.call(`${stage.origin}/api/accounts`)
  assert.equal(api.status, 200, api.body)
  assert.deepEqual(stage.authority.problems, [])
  assert.deepEqual(stage.api.problems, [])
  console.log(stage.events, user, api.headers)
})
