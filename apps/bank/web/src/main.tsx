import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { language } from './language.ts'

document.documentElement.lang = language
const root = document.querySelector('#root')
if (root === null) throw new Error('there is no place for the app')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
