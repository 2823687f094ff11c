import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formsOf } from './forms.ts'

const PAGE = new URL('https://as.example/interaction/abc?x=1')

test('a form is read with its fields, its ids and what its buttons send', () => {
  const [form, ...others] = formsOf(
    `<h1>Log in</h1>
     <form id="form" method="post" action="/interaction/abc/login">
       <input type='hidden' name=csrf value='a&amp;b&#39;c&#x41;'>
       <input id="username" name="username" type="text" value="alice" required>
       <input id="password" name="password" type="password">
       <button id="login" type="submit">Log in</button>
       <button id="other" name="decision" value="cancel">Cancel</button>
     </form>`,
    PAGE,
  )
  assert.deepEqual(others, [])
  assert.equal(form?.action.href, 'https://as.example/interaction/abc/login')
  assert.equal(form.method, 'POST')
  assert.deepEqual(
    [...form.fields],
    [
      ['csrf', `a&b'cA`],
      ['username', 'alice'],
      ['password', ''],
    ],
  )
  assert.deepEqual([...form.ids], ['username', 'password', 'login', 'other'])
  assert.deepEqual([...form.buttons], [['other', ['decision', 'cancel']]])
})

test('a form without action goes back to its page', () => {
  assert.equal(formsOf('<form></form>', PAGE)[0]?.action.href, PAGE.href)
})

test('a page without forms has none', () => {
  assert.deepEqual(formsOf('<p>no form</p>', PAGE), [])
})
